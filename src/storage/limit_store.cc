#include "storage/limit_store.h"

#include <algorithm>

namespace holdfast::storage {
namespace {

class PacedSource : public stream::Source {
 public:
  PacedSource(std::unique_ptr<stream::Source> source, std::shared_ptr<Pacer> bytes, Waits waits)
      : source_(std::move(source)), bytes_(std::move(bytes)), waits_(std::move(waits)) {}

  Result<size_t> Read(char* out, size_t size) override {
    // Small pieces, so that the flow is even and a stop is seen soon.
    HF_ASSIGN(size_t count, source_->Read(out, std::min(size, size_t{64} << 10)));
    if (count > 0) HF_TRY(bytes_->Take(count, waits_));
    return count;
  }

 private:
  std::unique_ptr<stream::Source> source_;
  std::shared_ptr<Pacer> bytes_;
  Waits waits_;
};

}  // namespace

Status RateLimitStore::Put(stream::Spool& spool, const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(requests_->Take(1, waits));
  return store_->Put(spool, name, waits);
}

Result<std::unique_ptr<stream::Source>> RateLimitStore::Open(const std::string& name,
                                                             uint64_t offset, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(requests_->Take(1, waits));
  return store_->Open(name, offset, waits);
}

Result<std::vector<ObjectInfo>> RateLimitStore::List(std::string_view prefix, const Waits& waits) {
  HF_TRY(requests_->Take(1, waits));
  return store_->List(prefix, waits);
}

Result<ObjectInfo> RateLimitStore::Stat(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(requests_->Take(1, waits));
  return store_->Stat(name, waits);
}

Status RateLimitStore::Delete(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(requests_->Take(1, waits));
  return store_->Delete(name, waits);
}

Result<std::unique_ptr<stream::Source>> BandwidthStore::Open(const std::string& name,
                                                             uint64_t offset, const Waits& waits) {
  HF_ASSIGN(auto source, store_->Open(name, offset, waits));
  return std::make_unique<PacedSource>(std::move(source), bytes_, waits);
}

}  // namespace holdfast::storage
