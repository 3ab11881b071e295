#include <CLI/CLI.hpp>

#include "archive/name.h"
#include "archive/verify.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/store_option.h"
#include "stream/sha256.h"

namespace holdfast::cli {
namespace {

struct CopyArgs {
  std::string archive;
  StoreArgs from, to;
  Format format = Format::kText;
};

struct Copied {
  uint64_t bytes = 0;
  std::string sha256;
  uint64_t objects = 0;
  bool was_there = false;
};

Result<std::string> DigestOf(storage::Store& store, const std::string& name, uint64_t& bytes,
                             const Waits& waits) {
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  stream::Sha256 digest;
  std::string buffer(256 << 10, '\0');
  bytes = 0;
  while (true) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) return stream::Hex(digest.Current());
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    digest.Update(std::string_view(buffer).substr(0, count));
    bytes += count;
  }
}

// Reads the archive into the spool and proves it: digest and length of what came, then structure,
// checksums and manifest.
Status Fetch(storage::Store& from, const std::string& name, stream::Spool& spool, Copied& copied,
             const Waits& waits) {
  HF_ASSIGN(auto info, from.Stat(name, waits));
  HF_ASSIGN(auto source, from.Open(name, 0, waits));
  stream::Sha256 digest;
  std::string buffer(256 << 10, '\0');
  while (true) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) break;
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    std::string_view piece = std::string_view(buffer).substr(0, count);
    digest.Update(piece);
    HF_TRY(spool.Append(piece));
  }
  HF_TRY(spool.Flush());
  copied.bytes = spool.Size();
  copied.sha256 = stream::Hex(digest.Current());
  if (copied.bytes != info.size) {
    return Fail(ErrorKind::kUnavailable, "it has " + std::to_string(info.size) + " bytes, but " +
                                             std::to_string(copied.bytes) + " came");
  }
  stream::SpoolSource gz(spool);
  auto report = archive::Verify(gz, nullptr, {.stop = waits.stop});
  if (!report) return Fail(std::move(report).error().Hint(std::string(kDamagedHint)));
  if (!report->ok()) {
    return Fail(
        Error(ErrorKind::kCorrupt, report->problems.front()).Hint(std::string(kDamagedHint)));
  }
  copied.objects = report->entries;
  return {};
}

Status RunCopy(Session& session, const CopyArgs& args) {
  HF_ASSIGN(auto from, OpenStore(session, args.from));
  HF_ASSIGN(auto to, OpenStore(session, args.to));
  Waits waits = session.StoreWaits();
  if (auto name = archive::ParseName(args.archive)) {
    HF_TRY(to.AbortLeftOvers(name->backup, waits));
  }
  Copied copied;
  HF_ASSIGN(auto spool, to->NewSpool());
  HF_TRY_CONTEXT(Fetch(*from, args.archive, spool, copied, waits),
                 "reading " + args.archive + " from " + from->Describe());
  Status put = to->Put(spool, args.archive, waits);
  copied.was_there = !put && put.error().kind() == ErrorKind::kConflict;
  if (!put && !copied.was_there) return put;
  uint64_t bytes = 0;
  HF_ASSIGN_CONTEXT(std::string digest, DigestOf(*to, args.archive, bytes, waits),
                    "reading the copy back from " + to->Describe());
  if (digest != copied.sha256) {
    if (copied.was_there) {
      return Fail(Error(ErrorKind::kConflict, "another file named \"" + args.archive +
                                                  "\" lies in " + to->Describe() + " already")
                      .Hint("one of the two is not what its name says; `holdfast verify` both"));
    }
    return Fail(Error(ErrorKind::kCorrupt, "the copy in " + to->Describe() + " has SHA-256 " +
                                               digest + ", the original " + copied.sha256)
                    .Hint("delete the copy and try again"));
  }
  if (args.format == Format::kText) {
    session.out << args.archive << (copied.was_there ? ": was there already, " : ": copied, ")
                << HumanBytes(copied.bytes) << ", " << copied.objects << " objects\n"
                << "  sha256 " << copied.sha256 << " in both stores\n";
    return {};
  }
  JsonObject json;
  json.Text("archive", args.archive).Text("from", from->Describe()).Text("to", to->Describe());
  json.Number("bytes", copied.bytes).Text("sha256", copied.sha256);
  json.Number("objects", copied.objects).Bool("wasThere", copied.was_there);
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

}  // namespace

void AddCopyCommand(CLI::App& app, Session& session) {
  auto args = std::make_shared<CopyArgs>();
  CLI::App* command = app.add_subcommand("copy", "Copy an archive from one store to another");
  command->footer(
      "The archive is verified before it is put, and what was put is read back and compared: a "
      "copy "
      "that\n"
      "was reported can be restored from. A damaged archive is not copied; one that is there "
      "already is\n"
      "compared. Keys are not needed: what is encrypted stays encrypted.\n\n"
      "Example, three copies in two places:\n"
      "  holdfast copy ARCHIVE --from /srv/backups --to s3://backups/prod?region=eu-central-1");
  command->add_option("archive", args->archive, "name of the archive")
      ->required()
      ->option_text("ARCHIVE");
  AddNamedStoreOption(*command, args->from, "from", "the store it lies in");
  AddNamedStoreOption(*command, args->to, "to", "the store it is to lie in, too");
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
