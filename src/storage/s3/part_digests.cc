#include "storage/s3/part_digests.h"

#include <algorithm>

#include "storage/s3/digest.h"
#include "stream/sha256_streams.h"

namespace holdfast::storage::s3 {
namespace {

constexpr size_t kStep = 64 * 1024;  // of each part at a time
// Fewer at once are not faster than one by one.
constexpr size_t kLeastAtOnce = 6;

}  // namespace

PartDigests::PartDigests(const stream::Spool& spool, const PartPlan& plan, bool sha256)
    : spool_(spool),
      plan_(plan),
      sha256_(sha256),
      lanes_(sha256 ? stream::Sha256Streams::AtOnce() : 1) {
  if (lanes_ == 1 || plan.part_size == 0) return;
  size_t whole = static_cast<size_t>(plan.size / plan.part_size);
  groups_.resize(whole / lanes_ + (whole % lanes_ >= kLeastAtOnce ? 1 : 0));
}

Result<std::string> PartDigests::Of(size_t part, std::stop_token stop) {
  size_t group = part / lanes_, index = part % lanes_;
  bool whole = plan_.Size(part) == plan_.part_size;
  if (group >= groups_.size() || !whole)
    return DigestOf(spool_, plan_.Begin(part), plan_.Size(part), sha256_);
  HF_TRY(Ensure(group, stop));
  // Meanwhile the others send what is left of this group.
  if (index == 1 && group + 1 < groups_.size()) HF_TRY(Ensure(group + 1, stop));
  std::lock_guard lock(mutex_);
  return groups_[group].digests[index];
}

Status PartDigests::Ensure(size_t group, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Group& it = groups_[group];
  if (it.state == Group::State::kIdle) {
    it.state = Group::State::kUnderWay;
    lock.unlock();
    size_t whole = static_cast<size_t>(plan_.size / plan_.part_size), first = group * lanes_;
    auto digests = Work(first, std::min(lanes_, whole - first), stop);
    lock.lock();
    it.state = Group::State::kDone;
    if (digests)
      it.digests = std::move(*digests);
    else
      it.status = Fail(std::move(digests).error());
    done_.notify_all();
  }
  if (!done_.wait(lock, stop, [&] { return it.state == Group::State::kDone; }))
    return Fail(ErrorKind::kCancelled, "stopped");
  return it.status;
}

Result<std::vector<std::string>> PartDigests::Work(size_t first, size_t count,
                                                   const std::stop_token& stop) const {
  stream::Sha256Streams lanes(count);
  std::vector<uint8_t> bytes(count * kStep);
  std::vector<const uint8_t*> data(count);
  for (size_t i = 0; i < count; ++i) data[i] = bytes.data() + i * kStep;
  for (uint64_t at = 0; at < plan_.part_size; at += kStep) {
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    size_t size = std::min<uint64_t>(kStep, plan_.part_size - at);
    for (size_t i = 0; i < count; ++i) {
      for (size_t have = 0; have < size;) {
        char* out = reinterpret_cast<char*>(bytes.data() + i * kStep + have);
        HF_ASSIGN(size_t got, spool_.Read(plan_.Begin(first + i) + at + have, out, size - have));
        if (got == 0) return Fail(ErrorKind::kInternal, "the spool ended early");
        have += got;
      }
    }
    lanes.Update(data.data(), size / 64);
    if (at + size < plan_.part_size) continue;
    for (const uint8_t*& tail : data) tail += size / 64 * 64;
    std::vector<std::string> digests;
    for (const stream::Digest& digest : lanes.Final(data.data(), size % 64))
      digests.emplace_back(reinterpret_cast<const char*>(digest.data()), digest.size());
    return digests;
  }
  return Fail(ErrorKind::kInternal, "parts of no bytes");
}

}  // namespace holdfast::storage::s3
