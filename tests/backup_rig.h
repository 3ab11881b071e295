// A control plane with counters in it, a writer that counts, and backups of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backup/backup.h"
#include "kube/client.h"
#include "storage/local_store.h"
#include "testbed/control_plane.h"
#include "tests/plane_client.h"

namespace holdfast::tests {

// The entries of an archive: JSON by path.
using Entries = std::map<std::string, std::string>;

class BackupRig {
 public:
  explicit BackupRig(testbed::ControlPlaneOptions options = {});
  ~BackupRig();

  testbed::ControlPlane& plane() { return *plane_; }
  kube::Client& client() { return *client_; }

  // POST as the administrator; throws unless it was done, or is there already.
  void Create(const std::string& path, const std::string& body);
  void Delete(const std::string& path);
  void MergePatch(const std::string& path, const std::string& patch);

  // The ResourceSet is YAML. The store is new and empty for every call.
  Result<backup::BackupResult> Backup(std::string_view resource_set,
                                      const backup::Options& options = {},
                                      std::stop_token stop = {});
  Result<backup::BackupResult> BackupAs(kube::Client& client, std::string_view resource_set,
                                        const backup::Options& options = {},
                                        std::stop_token stop = {});
  // Of the last Backup().
  Entries ReadEntries(const std::string& filename);
  // Names of all files in the store's folder, hidden ones too.
  std::vector<std::string> StoreFiles() const;
  const std::filesystem::path& store_folder() const { return store_; }
  // Do not make the store anew for the next call.
  void KeepStore(bool keep) { keep_store_ = keep; }

 private:
  std::unique_ptr<testbed::ControlPlane> plane_;
  std::unique_ptr<kube::Client> client_;
  std::filesystem::path store_;
  bool keep_store_ = false;
};

// Does the same step again and again on a thread of its own, with a client of its own.
class Writer {
 public:
  // `step` gets 1, 2, 3...
  Writer(BackupRig& rig, std::function<void(kube::Client&, int64_t)> step);
  ~Writer();
  // Blocks until that many more steps have been done.
  void Await(int64_t steps);
  // The text of what went wrong, if anything.
  std::string error();

 private:
  std::unique_ptr<kube::Client> client_;
  std::mutex mutex_;
  std::condition_variable stepped_;
  int64_t done_ = 0;
  std::string error_;
  std::jthread thread_;
};

}  // namespace holdfast::tests
