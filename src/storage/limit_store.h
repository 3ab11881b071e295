// Stores that go easy on what lies behind them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/pacer.h"
#include "storage/store.h"

namespace holdfast::storage {

// Lets a call through only when `requests` has room for one more. A call may cost the store behind
// it several requests (the parts of an upload): those are not seen from here.
class RateLimitStore : public Store {
 public:
  RateLimitStore(std::unique_ptr<Store> store, std::shared_ptr<Pacer> requests)
      : store_(std::move(store)), requests_(std::move(requests)) {}

  Result<stream::Spool> NewSpool() override { return store_->NewSpool(); }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override;
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override;
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override;
  Status Delete(const std::string& name, const Waits& waits) override;
  std::string Describe() const override { return store_->Describe(); }

 private:
  std::unique_ptr<Store> store_;
  std::shared_ptr<Pacer> requests_;
};

// Slows reading down to what `bytes` lets through. Uploads are not its business: how the bytes of a
// spool leave is known to the store behind it alone, which is given the same pacer where it can
// take one (S3Config::pace_upload).
class BandwidthStore : public Store {
 public:
  BandwidthStore(std::unique_ptr<Store> store, std::shared_ptr<Pacer> bytes)
      : store_(std::move(store)), bytes_(std::move(bytes)) {}

  Result<stream::Spool> NewSpool() override { return store_->NewSpool(); }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    return store_->Put(spool, name, waits);
  }
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override {
    return store_->List(prefix, waits);
  }
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override {
    return store_->Stat(name, waits);
  }
  Status Delete(const std::string& name, const Waits& waits) override {
    return store_->Delete(name, waits);
  }
  std::string Describe() const override { return store_->Describe(); }

 private:
  std::unique_ptr<Store> store_;
  std::shared_ptr<Pacer> bytes_;
};

}  // namespace holdfast::storage
