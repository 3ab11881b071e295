#include <filesystem>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "cli/store_copy.h"
#include "etcd/catalog.h"
#include "etcd/sealed.h"
#include "etcd/spool_image.h"
#include "etcd/verify.h"
#include "storage/single_file_store.h"

namespace holdfast::cli {
namespace {

struct EtcdCopyArgs {
  std::string name;
  CopyStores stores;
  std::string encryption_config;
  Format format = Format::kText;
};

// Whether the snapshot could be read and is whole; false where its key is not given.
Result<bool> Prove(const stream::Spool& spool, const EtcdCopyArgs& args, std::stop_token stop) {
  HF_ASSIGN(crypto::Transformers keys, LoadKeys(args.encryption_config));
  auto file = etcd::FileOfSpool(spool, args.name);
  HF_ASSIGN(bool sealed, etcd::IsSealed(*file));
  if (sealed && args.encryption_config.empty()) return false;
  HF_ASSIGN(auto plain,
            etcd::Unwrap(std::move(file),
                         {.scratch = std::filesystem::temp_directory_path(), .keys = &keys}));
  HF_ASSIGN(auto database, etcd::Database::Open(std::move(plain)));
  HF_ASSIGN(auto report, etcd::Verify(database, {.digest = std::nullopt, .stop = stop}));
  if (report.ok()) return true;
  return Fail(Error(ErrorKind::kCorrupt, report.problems.front())
                  .Hint("a damaged snapshot is not copied; `holdfast etcd verify` says more"));
}

constexpr char kVerify[] = "holdfast etcd verify";

// What describes the snapshot goes last: with it the copy counts.
Status CopyMeta(const EtcdCopyArgs& args, storage::Store& from, storage::Store& to,
                const std::string& name, const Waits& waits) {
  std::string beside = name + std::string(etcd::kMetaSuffix);
  HF_ASSIGN(auto spool, to.NewSpool());
  storage::SingleFileStore beside_path(args.name + std::string(etcd::kMetaSuffix));
  storage::Store& source = IsPath(args.name) ? beside_path : from;
  auto original = ReadStored(source, beside, &spool, waits);
  if (!original && original.error().kind() == ErrorKind::kNotFound) return {};
  if (!original) return Fail(std::move(original).error());
  auto was_there = PutAndCompare(to, beside, spool, *original, kVerify, waits);
  if (!was_there) return Fail(std::move(was_there).error());
  return {};
}

Status RunEtcdCopy(Session& session, const EtcdCopyArgs& args) {
  HF_ASSIGN(auto located, LocateFile(session, args.name, args.stores.from));
  const StoreHandle& from = located.store;
  const std::string& name = located.name;
  HF_TRY(CheckCopiedName(name));
  HF_ASSIGN(auto to, OpenStore(session, args.stores.to));
  Waits waits = session.StoreWaits();
  HF_ASSIGN(auto spool, to->NewSpool());
  std::string what = "reading " + name + " from " + from->Describe();
  HF_ASSIGN_CONTEXT(StoredBytes original, ReadStored(*from, name, &spool, waits), what);
  HF_ASSIGN_CONTEXT(bool proved, Prove(spool, args, session.stop), what);
  HF_ASSIGN(bool was_there, PutAndCompare(*to, name, spool, original, kVerify, waits));
  HF_TRY(CopyMeta(args, *from, *to, name, waits));
  if (!proved)
    session.err
        << "warning: it is encrypted and no key was given: bytes were compared, not pages\n";
  if (args.format == Format::kText) {
    session.out << name << (was_there ? ": was there already, " : ": copied, ")
                << HumanBytes(original.bytes) << "\n  sha256 " << original.sha256
                << " in both stores\n";
    return {};
  }
  JsonObject json;
  json.Text("snapshot", name).Text("from", from->Describe()).Text("to", to->Describe());
  json.Number("bytes", original.bytes).Text("sha256", original.sha256);
  json.Bool("proved", proved).Bool("wasThere", was_there);
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

}  // namespace

void AddEtcdCopyCommand(Command etcd, Session& session) {
  auto args = std::make_shared<EtcdCopyArgs>();
  Command command = etcd.AddCommand("copy", "Copy a snapshot from one store to another");
  command.Footer(
      "The snapshot is verified before it is put, and what was put is read back and compared. A "
      "damaged\n"
      "one is not copied; one that is there already is compared.\n\n"
      "Example:\n"
      "  holdfast etcd copy etcd-2026-01-27T02-00-00Z.db --from /srv/etcd \\\n"
      "    --to s3://backups/etcd?region=eu-central-1");
  command
      .AddOption("name", args->name,
                 "name of the snapshot, or path of a file (then without --from)")
      .Required()
      .Text("NAME");
  AddCopyStoresOptions(command, args->stores);
  command
      .AddOption("--encryption-config", args->encryption_config,
                 "EncryptionConfiguration that it was saved with, to verify an encrypted one")
      .Text("FILE");
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    RequireCopyStores(args->stores, args->name);
    session.action = [args](Session& s) { return RunEtcdCopy(s, *args); };
  });
}

}  // namespace holdfast::cli
