#include <filesystem>

#include <CLI/CLI.hpp>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/catalog.h"
#include "etcd/sealed.h"
#include "etcd/spool_image.h"
#include "etcd/verify.h"
#include "stream/sha256.h"

namespace holdfast::cli {
namespace {

struct CopyArgs {
  std::string name;
  StoreArgs from, to;
  std::string encryption_config;
  Format format = Format::kText;
};

struct Copied {
  uint64_t bytes = 0;
  std::string sha256;  // of the file as it is stored
  bool proved = false;
  bool was_there = false;
};

// Reads to the end, into `spool` where one is given.
Result<std::string> Read(storage::Store& store, const std::string& name, stream::Spool* spool,
                         uint64_t& bytes, const Waits& waits) {
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  stream::Sha256 digest;
  std::string buffer(256 << 10, '\0');
  bytes = 0;
  while (true) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) break;
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    std::string_view piece = std::string_view(buffer).substr(0, count);
    digest.Update(piece);
    if (spool != nullptr) HF_TRY(spool->Append(piece));
    bytes += count;
  }
  if (spool != nullptr) HF_TRY(spool->Flush());
  return stream::Hex(digest.Current());
}

// Whether the snapshot could be read and is whole; false where its key is not given.
Result<bool> Prove(const stream::Spool& spool, const CopyArgs& args, std::stop_token stop) {
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

Status Put(storage::Store& to, const std::string& name, stream::Spool& spool, Copied& copied,
           const Waits& waits) {
  Status put = to.Put(spool, name, waits);
  copied.was_there = !put && put.error().kind() == ErrorKind::kConflict;
  if (!put && !copied.was_there) return put;
  uint64_t bytes = 0;
  HF_ASSIGN_CONTEXT(std::string digest, Read(to, name, nullptr, bytes, waits),
                    "reading the copy back from " + to.Describe());
  if (digest == copied.sha256) return {};
  if (copied.was_there) {
    return Fail(Error(ErrorKind::kConflict,
                      "another file named \"" + name + "\" lies in " + to.Describe() + " already")
                    .Hint("one of the two is not what its name says; `holdfast etcd verify` both"));
  }
  return Fail(Error(ErrorKind::kCorrupt, "the copy in " + to.Describe() + " has SHA-256 " + digest +
                                             ", the original " + copied.sha256)
                  .Hint("delete the copy and try again"));
}

// What describes the snapshot goes last: with it the copy counts.
Status CopyMeta(storage::Store& from, storage::Store& to, const std::string& name,
                const Waits& waits) {
  std::string beside = name + std::string(etcd::kMetaSuffix);
  HF_ASSIGN(auto spool, to.NewSpool());
  Copied copied;
  auto digest = Read(from, beside, &spool, copied.bytes, waits);
  if (!digest && digest.error().kind() == ErrorKind::kNotFound) return {};
  if (!digest) return Fail(std::move(digest).error());
  copied.sha256 = std::move(*digest);
  return Put(to, beside, spool, copied, waits);
}

Status RunCopy(Session& session, const CopyArgs& args) {
  HF_ASSIGN(auto from, OpenStore(session, args.from));
  HF_ASSIGN(auto to, OpenStore(session, args.to));
  Waits waits = session.StoreWaits();
  Copied copied;
  HF_ASSIGN(auto spool, to->NewSpool());
  std::string what = "reading " + args.name + " from " + from->Describe();
  HF_ASSIGN_CONTEXT(auto info, from->Stat(args.name, waits), what);
  HF_ASSIGN_CONTEXT(copied.sha256, Read(*from, args.name, &spool, copied.bytes, waits), what);
  if (copied.bytes != info.size)
    return Fail(Error(ErrorKind::kUnavailable, "fewer bytes came than the store says").With(what));
  HF_ASSIGN_CONTEXT(copied.proved, Prove(spool, args, session.stop), what);
  HF_TRY(Put(*to, args.name, spool, copied, waits));
  HF_TRY(CopyMeta(*from, *to, args.name, waits));
  if (!copied.proved)
    session.err
        << "warning: it is encrypted and no key was given: bytes were compared, not pages\n";
  if (args.format == Format::kText) {
    session.out << args.name << (copied.was_there ? ": was there already, " : ": copied, ")
                << HumanBytes(copied.bytes) << "\n  sha256 " << copied.sha256
                << " in both stores\n";
    return {};
  }
  JsonObject json;
  json.Text("snapshot", args.name).Text("from", from->Describe()).Text("to", to->Describe());
  json.Number("bytes", copied.bytes).Text("sha256", copied.sha256);
  json.Bool("proved", copied.proved).Bool("wasThere", copied.was_there);
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

}  // namespace

void AddEtcdCopyCommand(CLI::App& etcd, Session& session) {
  auto args = std::make_shared<CopyArgs>();
  CLI::App* command = etcd.add_subcommand("copy", "Copy a snapshot from one store to another");
  command->footer(
      "The snapshot is verified before it is put, and what was put is read back and compared. A "
      "damaged\n"
      "one is not copied; one that is there already is compared.\n\n"
      "Example:\n"
      "  holdfast etcd copy etcd-2026-01-27T02-00-00Z.db --from /srv/etcd \\\n"
      "    --to s3://backups/etcd?region=eu-central-1");
  command->add_option("name", args->name, "name of the snapshot")->required()->option_text("NAME");
  AddNamedStoreOption(*command, args->from, "from", "the store it lies in");
  AddNamedStoreOption(*command, args->to, "to", "the store it is to lie in, too");
  command
      ->add_option("--encryption-config", args->encryption_config,
                   "EncryptionConfiguration that it was saved with, to verify an encrypted one")
      ->option_text("FILE");
  AddOutputOption(*command, args->format);
  AddClusterOptions(*command, session.common);
  command->callback([args, &session] {
    for (auto [store, name] : {std::pair(&args->from, "--from"), std::pair(&args->to, "--to")}) {
      if (store->store.empty() && store->config_file.empty()) {
        throw CLI::ValidationError(std::string(name) + " is required (or " + name + "-config)");
      }
    }
    session.action = [args](Session& s) { return RunCopy(s, *args); };
  });
}

}  // namespace holdfast::cli
