// One file anywhere on disk, read as if it lay in a store.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace holdfast::storage {

// Holds the file at `path` under its file name, whatever characters that has, and nothing else.
// Reading only: what would write is kInvalid. Not interruptible.
class SingleFileStore : public Store {
 public:
  explicit SingleFileStore(std::filesystem::path path) : path_(std::move(path)) {}

  Result<stream::Spool> NewSpool() override;
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override;
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override;
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override;
  Status Delete(const std::string& name, const Waits& waits) override;
  std::string Describe() const override { return "file " + path_.string(); }

 private:
  Status CheckIsIt(const std::string& name) const;
  tl::unexpected<Error> ReadOnly() const;

  std::filesystem::path path_;
};

}  // namespace holdfast::storage
