// A store that may be opened anew while its users hold it: credentials and addresses change.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace holdfast::storage {

// Each call goes to the store of the last Swap(); calls under way end on the one before.
class SwapStore : public Store {
 public:
  explicit SwapStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  void Swap(std::shared_ptr<Store> store) {
    std::lock_guard lock(mutex_);
    store_ = std::move(store);
  }

  Result<stream::Spool> NewSpool() override { return Now()->NewSpool(); }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    return Now()->Put(spool, name, waits);
  }
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override {
    return Now()->Open(name, offset, waits);
  }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override {
    return Now()->List(prefix, waits);
  }
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override {
    return Now()->Stat(name, waits);
  }
  Status Delete(const std::string& name, const Waits& waits) override {
    return Now()->Delete(name, waits);
  }
  std::string Describe() const override { return Now()->Describe(); }

 private:
  std::shared_ptr<Store> Now() const {
    std::lock_guard lock(mutex_);
    return store_;
  }
  mutable std::mutex mutex_;
  std::shared_ptr<Store> store_;
};

}  // namespace holdfast::storage
