// Archives in a local folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace holdfast::storage {

// Files lie directly in the folder, sub-folders and names with a leading `.` are not looked at.
// A spool of NewSpool() becomes the archive by a link: there is one copy in all. The folder is
// created with mode 0700 by NewSpool() and Put() when it is missing; reading from a missing folder
// is kNotFound. Not interruptible: `waits` is looked at before the work only.
class LocalStore : public Store {
 public:
  explicit LocalStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<stream::Spool> NewSpool() override;
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override;
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override;
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override;
  Status Delete(const std::string& name, const Waits& waits) override;
  std::string Describe() const override;

 private:
  std::filesystem::path folder_;
};

}  // namespace holdfast::storage
