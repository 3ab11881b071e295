// SHA-256 of the entries of an archive, computed many at once.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sha256.h"
#include "stream/sha256_many.h"

namespace holdfast::archive {

// SHA-256 of the digests, one after the other.
inline stream::Digest DigestOf(const std::deque<stream::Digest>& digests) {
  stream::Sha256 sha;
  for (const stream::Digest& digest : digests)
    sha.Update({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return sha.Current();
}

// Entries whose digests are still to be computed: a copy of their bytes, until there are enough to
// fill the lanes.
class DigestBatch {
 public:
  explicit DigestBatch(std::deque<stream::Digest>& digests) : digests_(digests) {}

  void Add(std::string_view bytes) {
    if (bytes.size() >= kBytes / 4) {
      digests_.push_back(stream::Sha256::Of(bytes));
      return;
    }
    if (bytes_.size() + bytes.size() > kBytes) Compute();
    if (bytes_.capacity() < kBytes) bytes_.reserve(kBytes);
    waiting_.push_back({digests_.size(), bytes_.size(), bytes.size()});
    digests_.emplace_back();
    bytes_ += bytes;
  }
  void Compute() {
    std::vector<std::string_view> messages;
    for (const Waiting& one : waiting_) {
      messages.push_back(std::string_view(bytes_).substr(one.begin, one.size));
    }
    std::vector<stream::Digest> computed(messages.size());
    stream::Sha256Many(messages, computed);
    for (size_t i = 0; i < waiting_.size(); ++i) digests_[waiting_[i].index] = computed[i];
    waiting_.clear();
    bytes_.clear();
  }

 private:
  static constexpr size_t kBytes = 1 << 20;
  struct Waiting {
    size_t index;  // in digests_
    size_t begin;
    size_t size;
  };
  std::deque<stream::Digest>& digests_;
  std::string bytes_;
  std::vector<Waiting> waiting_;
};

}  // namespace holdfast::archive
