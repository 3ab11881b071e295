// How a command is told its store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "cli/command.h"
#include "cli/common.h"
#include "storage/store_config.h"

namespace holdfast::cli {

struct StoreArgs {
  std::string store = "./backups";  // a folder or s3://...
  std::string config_file;          // instead of it
};

// `--store` and `--store-config`.
void AddStoreOption(Command command, StoreArgs& args);
// `--NAME` and `--NAME-config`, one of them required; for commands with more than one store.
void AddNamedStoreOption(Command command, StoreArgs& args, const std::string& name,
                         const std::string& what);

// An open store with what it needs around it.
class StoreHandle {
 public:
  StoreHandle(std::unique_ptr<Logger> log, storage::OpenedStore opened,
              std::chrono::minutes left_over_age)
      : log_(std::move(log)), opened_(std::move(opened)), left_over_age_(left_over_age) {}

  storage::Store* operator->() const { return opened_.store.get(); }
  storage::Store& operator*() const { return *opened_.store; }
  storage::S3Store* s3() const { return opened_.s3; }

  // Aborts what crashed runs of the backup `name` have left unfinished in a bucket, and logs it; a
  // missing right is a warning. Nothing to do for a folder. Blocks.
  Status AbortLeftOvers(const std::string& name, const Waits& waits) const;

 private:
  std::unique_ptr<Logger> log_;
  storage::OpenedStore opened_;
  std::chrono::minutes left_over_age_;
};

// Reads the file or the URL, and the Secret that it names. Blocks where there is one.
// `change` may alter what they say.
Result<StoreHandle> OpenStore(const Session& session, const StoreArgs& args,
                              const std::function<void(storage::StoreConfig&)>& change = nullptr);
Result<storage::StoreConfig> LoadStoreConfig(const StoreArgs& args);

// Whether a file argument is the path of a file: it holds a `/`, which no name in a store does.
bool IsPath(std::string_view file);
// kNotFound or kInvalid, saying what a path and what a name is, unless the path is that of a
// regular file (or a link to one).
Status CheckPath(const std::string& path);

// A file that an argument means, and where it lies.
struct StoredFile {
  StoreHandle store;
  std::string name;  // there
};
// The file at `file` when that is a path; else the file of that name in the store of `args`, of
// which nothing is asked yet. Blocks where OpenStore() does.
Result<StoredFile> LocateFile(const Session& session, const std::string& file,
                              const StoreArgs& args);

}  // namespace holdfast::cli
