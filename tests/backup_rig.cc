#include "tests/backup_rig.h"

#include <cstdlib>
#include <stdexcept>

#include "archive/scan.h"
#include "base/temp_folder_for_test.h"
#include "crypto/transformer.h"
#include "resourceset/resource_set.h"

namespace holdfast::tests {
namespace fs = std::filesystem;
namespace {

fs::path NewFolder() { return TempFolderForTest(); }

class EntryKeeper : public archive::ScanHandler {
 public:
  Status Filters(std::string_view) override { return {}; }
  Status Entry(const archive::ScanEntry& entry) override {
    if (!entries.emplace(entry.path, entry.stored).second)
      return Fail(ErrorKind::kInternal, "stored twice: " + std::string(entry.path));
    return {};
  }
  Entries entries;
};

}  // namespace

BackupRig::BackupRig(testbed::ControlPlaneOptions options)
    : plane_(Must(testbed::ControlPlane::Start(std::move(options)))),
      client_(ClientOf(plane_->kubeconfig())),
      store_(NewFolder()) {}

BackupRig::~BackupRig() {
  std::error_code ignored;
  fs::remove_all(store_, ignored);
}

void BackupRig::Create(const std::string& path, const std::string& body) {
  kube::RawRequest request{"POST", path, body, "", ""};
  auto done = client_->Raw(request);
  if (!done && done.error().reason() != "AlreadyExists")
    throw std::runtime_error(done.error().ToString());
}

void BackupRig::Delete(const std::string& path) {
  Must(client_->Raw({"DELETE", path, "", "", ""}));
}

void BackupRig::MergePatch(const std::string& path, const std::string& patch) {
  Must(client_->Raw({"PATCH", path, patch, "application/merge-patch+json", ""}));
}

Result<backup::BackupResult> BackupRig::Backup(std::string_view resource_set,
                                               const backup::Options& options,
                                               std::stop_token stop) {
  return BackupAs(*client_, resource_set, options, std::move(stop));
}

Result<backup::BackupResult> BackupRig::BackupAs(kube::Client& client,
                                                 std::string_view resource_set,
                                                 const backup::Options& given,
                                                 std::stop_token stop) {
  if (!keep_store_) {
    fs::remove_all(store_);
    fs::create_directory(store_);
  }
  storage::LocalStore store(store_);
  backup::Options options = given;
  if (options.name.empty()) options.name = "test";
  backup::NoProgress progress;
  auto set = Must(resourceset::ParseResourceSet(resource_set, "test.yaml"));
  return backup::Run(client, set, crypto::Transformers::None(), false, store, options, progress,
                     QuietLog(), Clock::Real(), std::move(stop));
}

Entries BackupRig::ReadEntries(const std::string& filename) {
  storage::LocalStore store(store_);
  auto source = Must(store.Open(filename, 0, Waits()));
  EntryKeeper keeper;
  Must(archive::Scan(*source, keeper));
  return std::move(keeper.entries);
}

std::vector<std::string> BackupRig::StoreFiles() const {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(store_)) names.push_back(file.path().filename());
  return names;
}

Writer::Writer(BackupRig& rig, std::function<void(kube::Client&, int64_t)> step)
    : client_(ClientOf(rig.plane().kubeconfig())),
      thread_([this, step = std::move(step)](std::stop_token stop) {
        try {
          for (int64_t i = 1; !stop.stop_requested(); ++i) {
            step(*client_, i);
            std::lock_guard lock(mutex_);
            done_ = i;
            stepped_.notify_all();
          }
        } catch (const std::exception& failure) {
          std::lock_guard lock(mutex_);
          error_ = failure.what();
          stepped_.notify_all();
        }
      }) {}

Writer::~Writer() {
  thread_.request_stop();
  thread_.join();
}

void Writer::Await(int64_t steps) {
  std::unique_lock lock(mutex_);
  int64_t wanted = done_ + steps;
  stepped_.wait(lock, [&] { return done_ >= wanted || !error_.empty(); });
}

std::string Writer::error() {
  std::lock_guard lock(mutex_);
  return error_;
}

}  // namespace holdfast::tests
