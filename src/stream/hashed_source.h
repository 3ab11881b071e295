// A source that hashes what is read from it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

// Hash: Sha256 or FastHash. Does not own `in`, which outlives it.
template <typename Hash>
class HashedSource : public Source {
 public:
  explicit HashedSource(Source& in) : in_(in) {}

  Result<size_t> Read(char* out, size_t size) override {
    HF_ASSIGN(size_t got, in_.Read(out, size));
    hash_.Update(std::string_view(out, got));
    bytes_ += got;
    return got;
  }
  // Of what has been read so far.
  uint64_t bytes() const { return bytes_; }
  auto hash() const { return hash_.Current(); }

 private:
  Source& in_;
  Hash hash_;
  uint64_t bytes_ = 0;
};

}  // namespace holdfast::stream
