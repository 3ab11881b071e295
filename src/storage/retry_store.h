// Trying again what passing trouble has broken.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/retry.h"
#include "storage/store.h"

namespace holdfast::storage {

// Repeats calls that failed with kUnavailable, as `policy` says, where that is safe:
//   - Open(), List(), Stat(): always. A source that breaks off in the middle is opened again where
//     it stopped, as often anew as it had got on.
//   - Put(): by the contract nothing is there after an error. Should the repeat find the name
//   taken,
//     an answer may have been lost on its way: it is a success when exactly these bytes lie there,
//     else kConflict.
//   - Delete(): a repeat that finds nothing has reached what was wanted.
class RetryStore : public Store {
 public:
  RetryStore(std::unique_ptr<Store> store, RetryPolicy policy)
      : store_(std::move(store)), policy_(policy) {}

  Result<stream::Spool> NewSpool() override { return store_->NewSpool(); }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override;
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override;
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override;
  Status Delete(const std::string& name, const Waits& waits) override;
  std::string Describe() const override { return store_->Describe(); }

 private:
  std::shared_ptr<Store> store_;  // sources hold it, too
  RetryPolicy policy_;
};

}  // namespace holdfast::storage
