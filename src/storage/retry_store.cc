#include "storage/retry_store.h"

#include <algorithm>
#include <cstring>

namespace holdfast::storage {
namespace {

class ResumingSource : public stream::Source {
 public:
  ResumingSource(std::shared_ptr<Store> store, std::string name, uint64_t offset,
                 std::unique_ptr<stream::Source> source, RetryPolicy policy, Waits waits)
      : store_(std::move(store)),
        name_(std::move(name)),
        offset_(offset),
        source_(std::move(source)),
        policy_(policy),
        waits_(std::move(waits)) {}

  Result<size_t> Read(char* out, size_t size) override {
    if (broken_) return Fail(*broken_);
    while (true) {
      auto count = ReadOnce(out, size);
      if (count) {
        offset_ += *count;
        attempt_ = 1;
        return *count;
      }
      source_.reset();  // what is broken stays broken
      if (!WaitBeforeRetry(policy_, attempt_, count.error(), waits_)) {
        broken_ = count.error();
        return Fail(std::move(count).error());
      }
      ++attempt_;
    }
  }

 private:
  Result<size_t> ReadOnce(char* out, size_t size) {
    if (!source_) {
      HF_ASSIGN(source_, store_->Open(name_, offset_, waits_));
    }
    return source_->Read(out, size);
  }

  std::shared_ptr<Store> store_;
  std::string name_;
  uint64_t offset_;  // of the next byte
  std::unique_ptr<stream::Source> source_;
  RetryPolicy policy_;
  Waits waits_;
  int attempt_ = 1;
  std::optional<Error> broken_;
};

// Whether exactly the spool's bytes lie under the name.
Result<bool> IsThere(Store& store, stream::Spool& spool, const std::string& name,
                     const Waits& waits) {
  HF_ASSIGN(ObjectInfo info, store.Stat(name, waits));
  if (info.size != spool.Size()) return false;
  if (spool.FlushedSize() < spool.Size()) HF_TRY(spool.Flush());
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  std::string theirs(256 << 10, '\0'), ours(theirs.size(), '\0');
  uint64_t at = 0;
  while (true) {
    HF_ASSIGN(size_t count, source->Read(theirs.data(), theirs.size()));
    if (count == 0) return at == info.size;
    for (size_t have = 0; have < count;) {
      HF_ASSIGN(size_t read, spool.Read(at + have, ours.data() + have, count - have));
      if (read == 0) return false;
      have += read;
    }
    if (std::memcmp(theirs.data(), ours.data(), count) != 0) return false;
    at += count;
  }
}

}  // namespace

Status RetryStore::Put(stream::Spool& spool, const std::string& name, const Waits& waits) {
  int attempts = 0;
  auto status = Retry(policy_, waits, [&] {
    ++attempts;
    return store_->Put(spool, name, waits);
  });
  if (status || attempts == 1 || status.error().kind() != ErrorKind::kConflict) return status;
  auto same = IsThere(*this, spool, name, waits);
  if (same && *same) return {};
  return status;
}

Result<std::unique_ptr<stream::Source>> RetryStore::Open(const std::string& name, uint64_t offset,
                                                         const Waits& waits) {
  HF_ASSIGN(auto source, Retry(policy_, waits, [&] { return store_->Open(name, offset, waits); }));
  return std::make_unique<ResumingSource>(store_, name, offset, std::move(source), policy_, waits);
}

Result<std::vector<ObjectInfo>> RetryStore::List(std::string_view prefix, const Waits& waits) {
  return Retry(policy_, waits, [&] { return store_->List(prefix, waits); });
}

Result<ObjectInfo> RetryStore::Stat(const std::string& name, const Waits& waits) {
  return Retry(policy_, waits, [&] { return store_->Stat(name, waits); });
}

Status RetryStore::Delete(const std::string& name, const Waits& waits) {
  int attempts = 0;
  auto status = Retry(policy_, waits, [&] {
    ++attempts;
    return store_->Delete(name, waits);
  });
  if (!status && attempts > 1 && status.error().kind() == ErrorKind::kNotFound) return {};
  return status;
}

}  // namespace holdfast::storage
