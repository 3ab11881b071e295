#include "cli/etcd_common.h"

#include <filesystem>

namespace holdfast::cli {

namespace {

void AddFile(Command command, SnapshotArgs& args) {
  command.AddOption("file", args.file, "snapshot of etcd, or member/snap/db of a stopped member")
      .Required()
      .Text("FILE");
}

void AddStore(Command command, SnapshotArgs& args) {
  Option store =
      command
          .AddOption("--store", args.store.store,
                     "where the snapshot lies: a folder, or s3://BUCKET/FOLDER?...; FILE "
                     "is its name there")
          .Text("DIR|URL");
  command
      .AddOption("--store-config", args.store.config_file,
                 "file that describes an S3 store, instead of --store")
      .Text("FILE")
      .Excludes(store);
}

}  // namespace

void AddSnapshotSource(Command command, SnapshotArgs& args) {
  AddStore(command, args);
  command
      .AddOption("--encryption-config", args.encryption_config,
                 "EncryptionConfiguration that an encrypted snapshot was saved with")
      .Text("FILE");
}

void AddSnapshotArgument(Command command, SnapshotArgs& args) {
  AddFile(command, args);
  AddSnapshotSource(command, args);
}

void AddStoredSnapshotArgument(Command command, SnapshotArgs& args) {
  AddFile(command, args);
  AddStore(command, args);
}

void AddTolerateOption(Command command, bool& tolerate) {
  command.AddFlag(
      "--tolerate-corruption", tolerate,
      "read a damaged file as far as it goes; exit code 1 when something was passed over");
}

etcd::LookOptions DamageNotes::options() {
  return {.tolerate_corruption = tolerate_,
          .damaged =
              [this](const Error& error) {
                if (++count_ <= 10) session_.err << "damaged: " << error.ToString() << "\n";
              },
          .stop = session_.stop};
}

Status DamageNotes::Finish() const {
  if (count_ == 0) return {};
  session_.err << "error: " << count_ << " damaged places were passed over; the answer has gaps\n";
  return Fail(ErrorKind::kCorrupt, std::string(kAlreadyReported));
}

Result<std::unique_ptr<etcd::File>> OpenSnapshotBytes(const Session& session,
                                                      const SnapshotArgs& args,
                                                      const etcd::OpenOptions& options) {
  if (!args.stored() || IsPath(args.file)) return etcd::OpenFile(args.file);
  HF_TRY(storage::CheckName(args.file));
  HF_ASSIGN(auto config, LoadStoreConfig(args.store));
  if (config.kind == storage::StoreConfig::Kind::kFolder)
    return etcd::OpenFile(std::filesystem::path(config.folder) / args.file);
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  return etcd::FetchStored(*store, args.file, options, session.StoreWaits());
}

Result<etcd::Database> OpenSnapshot(const Session& session, const SnapshotArgs& args) {
  HF_ASSIGN(crypto::Transformers keys, LoadKeys(args.encryption_config));
  etcd::OpenOptions options{.scratch = std::filesystem::temp_directory_path(), .keys = &keys};
  HF_ASSIGN(auto stored, OpenSnapshotBytes(session, args, options));
  HF_ASSIGN(auto bytes, etcd::Unwrap(std::move(stored), options));
  auto database = etcd::Database::Open(std::move(bytes));
  if (!database) return Fail(std::move(database).error().With(args.file));
  return database;
}

}  // namespace holdfast::cli
