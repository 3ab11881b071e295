#include "archive/name.h"
#include "archive/verify.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/store_copy.h"

namespace holdfast::cli {
namespace {

struct CopyArgs {
  std::string archive;
  CopyStores stores;
  Format format = Format::kText;
};

// Reads the archive into the spool and proves it: digest and length of what came, then structure,
// checksums and manifest. `objects`: how many it has.
Result<StoredBytes> Fetch(storage::Store& from, const std::string& name, stream::Spool& spool,
                          uint64_t& objects, const Waits& waits) {
  HF_ASSIGN(StoredBytes read, ReadStored(from, name, &spool, waits));
  stream::SpoolSource gz(spool);
  auto report = archive::Verify(gz, nullptr, {.stop = waits.stop});
  if (!report) return Fail(std::move(report).error().Hint(std::string(kDamagedHint)));
  if (!report->ok()) {
    return Fail(
        Error(ErrorKind::kCorrupt, report->problems.front()).Hint(std::string(kDamagedHint)));
  }
  objects = report->entries;
  return read;
}

Status RunCopy(Session& session, const CopyArgs& args) {
  HF_ASSIGN(auto file, LocateFile(session, args.archive, args.stores.from));
  const StoreHandle& from = file.store;
  HF_TRY(CheckCopiedName(file.name));
  HF_ASSIGN(auto to, OpenStore(session, args.stores.to));
  Waits waits = session.StoreWaits();
  if (auto name = archive::ParseName(file.name)) {
    HF_TRY(to.AbortLeftOvers(name->backup, waits));
  }
  uint64_t objects = 0;
  HF_ASSIGN(auto spool, to->NewSpool());
  HF_ASSIGN_CONTEXT(StoredBytes original, Fetch(*from, file.name, spool, objects, waits),
                    "reading " + file.name + " from " + from->Describe());
  HF_ASSIGN(bool was_there,
            PutAndCompare(*to, file.name, spool, original, "holdfast verify", waits));
  if (args.format == Format::kText) {
    session.out << file.name << (was_there ? ": was there already, " : ": copied, ")
                << HumanBytes(original.bytes) << ", " << objects << " objects\n"
                << "  sha256 " << original.sha256 << " in both stores\n";
    return {};
  }
  JsonObject json;
  json.Text("archive", file.name).Text("from", from->Describe()).Text("to", to->Describe());
  json.Number("bytes", original.bytes).Text("sha256", original.sha256);
  json.Number("objects", objects).Bool("wasThere", was_there);
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

}  // namespace

void AddCopyCommand(Command app, Session& session) {
  auto args = std::make_shared<CopyArgs>();
  Command command = app.AddCommand("copy", "Copy an archive from one store to another");
  command.Footer(
      "The archive is verified before it is put, and what was put is read back and compared: a "
      "copy "
      "that\n"
      "was reported can be restored from. A damaged archive is not copied; one that is there "
      "already is\n"
      "compared. Keys are not needed: what is encrypted stays encrypted.\n\n"
      "Example, three copies in two places:\n"
      "  holdfast copy ARCHIVE --from /srv/backups --to s3://backups/prod?region=eu-central-1");
  command
      .AddOption("archive", args->archive,
                 "name of the archive, or path of a file (then without --from)")
      .Required()
      .Text("ARCHIVE");
  AddCopyStoresOptions(command, args->stores);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    RequireCopyStores(args->stores, args->archive);
    session.action = [args](Session& s) { return RunCopy(s, *args); };
  });
}

}  // namespace holdfast::cli
