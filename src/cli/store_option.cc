#include "cli/store_option.h"

#include <filesystem>

#include "archive/name.h"
#include "backup/s3_secret.h"
#include "storage/single_file_store.h"

namespace holdfast::cli {

void AddStoreOption(Command command, StoreArgs& args) {
  Option store = command
                     .AddOption("--store", args.store,
                                "where the archives lie: a folder, or s3://BUCKET/FOLDER"
                                "?endpoint=...&region=...")
                     .Text("DIR|URL [./backups]");
  command
      .AddOption("--store-config", args.config_file,
                 "file that describes an S3 store (the fields of storageLocation.s3), instead of "
                 "--store")
      .Text("FILE")
      .Excludes(store);
}

void AddNamedStoreOption(Command command, StoreArgs& args, const std::string& name,
                         const std::string& what) {
  args.store.clear();
  Option store = command.AddOption("--" + name, args.store, what).Text("DIR|URL");
  command
      .AddOption("--" + name + "-config", args.config_file,
                 "file that describes an S3 store, instead of --" + name)
      .Text("FILE")
      .Excludes(store);
}

Result<storage::StoreConfig> LoadStoreConfig(const StoreArgs& args) {
  if (!args.config_file.empty()) return storage::ReadStoreFile(args.config_file);
  return storage::ParseStore(args.store);
}

Result<StoreHandle> OpenStore(const Session& session, const StoreArgs& args,
                              const std::function<void(storage::StoreConfig&)>& change) {
  HF_ASSIGN(auto config, LoadStoreConfig(args));
  if (change) change(config);
  HF_ASSIGN(Logger logger, session.MakeLogger());
  auto log = std::make_unique<Logger>(std::move(logger));
  auto age = config.left_over_age;
  auto secrets = [&](const std::string& ns, const std::string& name) -> Result<storage::StoreKeys> {
    HF_ASSIGN(auto client, session.Connect(*log));
    return backup::ReadS3Secret(*client, ns, name, session.Call());
  };
  HF_ASSIGN(auto opened, storage::OpenStore(std::move(config), secrets, Clock::Real(), log.get()));
  return StoreHandle(std::move(log), std::move(opened), age);
}

bool IsPath(std::string_view file) { return file.find('/') != std::string_view::npos; }

Status CheckPath(const std::string& path) {
  std::error_code error;
  std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_regular_file(status)) return {};
  if (error && status.type() != std::filesystem::file_type::not_found)
    return Fail(ErrnoError("open " + path, error.value()));
  bool exists = std::filesystem::exists(status);
  return Fail(Error(exists ? ErrorKind::kInvalid : ErrorKind::kNotFound,
                    exists ? path + " is not a regular file" : "there is no file " + path)
                  .Hint("what holds a `/` is the path of a file; the names of a store's files, "
                        "which its list shows, hold none"));
}

Result<StoredFile> LocateFile(const Session& session, const std::string& file,
                              const StoreArgs& args) {
  if (!IsPath(file)) {
    HF_ASSIGN(StoreHandle store, OpenStore(session, args));
    return StoredFile{std::move(store), file};
  }
  HF_TRY(CheckPath(file));
  HF_ASSIGN(Logger logger, session.MakeLogger());
  storage::OpenedStore opened;
  opened.store = std::make_unique<storage::SingleFileStore>(file);
  StoreHandle store(std::make_unique<Logger>(std::move(logger)), std::move(opened), {});
  return StoredFile{std::move(store), std::filesystem::path(file).filename().string()};
}

Status StoreHandle::AbortLeftOvers(const std::string& name, const Waits& waits) const {
  if (s3() == nullptr) return {};
  storage::LeftOverRule rule;
  rule.prefix = name + "-";
  rule.is_ours = [&](const std::string& file) {
    auto parsed = archive::ParseName(file);
    return parsed && parsed->backup == name;
  };
  rule.min_age = left_over_age_;
  HF_ASSIGN_CONTEXT(auto found, s3()->AbortLeftOvers(rule, waits),
                    "looking for unfinished uploads");
  for (const std::string& file : found.aborted)
    log_->Info("aborted the unfinished upload of a run that crashed", {{"archive", file}});
  if (!found.warning.empty()) log_->Warn(found.warning);
  return {};
}

}  // namespace holdfast::cli
