#include <unistd.h>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/plan_printer.h"
#include "cli/progress.h"
#include "cli/store_option.h"
#include "restore/engine.h"
#include "restore/report.h"

namespace holdfast::cli {
namespace {

struct RestoreArgs {
  std::string archive;
  StoreArgs store;
  std::string encryption_config;
  std::string ns = "cattle-resources-system";
  bool plan = false;
  bool prune = false;
  bool abort = false;
  bool ignore_errors = false;
  bool allow_missing_types = false;
  bool prune_volumes = false;
  bool recreate_immutable = false;
  int64_t delete_timeout = 0;
  int64_t terminating_timeout = 120;
  std::string max_deletes;
  Format format = Format::kText;
};

Status RunAbort(Session& session, const RestoreArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto client, session.Connect(log));
  HF_ASSIGN(auto lines, restore::Abort(*client, args.ns, log, Clock::Real(), session.stop));
  if (lines.empty())
    lines.push_back("no crashed restore in namespace " + args.ns + ": nothing to do");
  if (args.format == Format::kText) {
    for (const std::string& line : lines) session.out << line << "\n";
  } else {
    PrintDocument(session.out, args.format, JsonObject().Texts("done", lines).Done());
  }
  return {};
}

Status RunRestore(Session& session, const RestoreArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto file, LocateFile(session, args.archive, args.store));
  HF_ASSIGN(auto client, session.Connect(log));
  restore::Options options;
  options.prune = args.prune;
  options.prune_volumes = args.prune_volumes;
  options.delete_timeout = std::chrono::seconds(args.delete_timeout);
  options.ignore_errors = args.ignore_errors;
  options.plan_only = args.plan;
  options.allow_missing_types = args.allow_missing_types;
  options.recreate_immutable = args.recreate_immutable;
  options.lease_namespace = args.ns;
  options.going_timeout = std::chrono::seconds(args.terminating_timeout);
  if (!args.max_deletes.empty()) {
    HF_ASSIGN_CONTEXT(options.max_deletes, restore::ParseDeleteLimit(args.max_deletes),
                      "--max-deletes");
  }
  PlanPrinter plan(session.out, args.format);
  options.plan_line = [&plan](const restore::PlanLine& line) { plan.Line(line); };
  Result<restore::Report> report = [&] {
    RestoreProgress progress(log, isatty(STDERR_FILENO) != 0, Clock::Real());
    return restore::Run(*client, *file.store, file.name, keys, options, progress, log,
                        Clock::Real(), session.stop);
  }();
  if (!report) {
    Error error = std::move(report).error().With("restoring " + args.archive);
    if (error.kind() == ErrorKind::kCorrupt)
      error = std::move(error).Hint(std::string(kDamagedHint));
    return Fail(std::move(error));
  }
  if (args.plan)
    plan.Finish(*report);
  else if (args.format == Format::kText)
    session.out << restore::ToText(*report);
  else
    PrintDocument(session.out, args.format, restore::ToJson(*report));
  if (report->failed() && !args.ignore_errors)
    return Fail(ErrorKind::kInternal, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddRestoreCommand(Command app, Session& session) {
  auto args = std::make_shared<RestoreArgs>();
  Command command = app.AddCommand("restore", "Bring a cluster back to what an archive holds");
  command.Footer(
      "The whole archive is verified, decrypted and compared with the cluster first; what already "
      "is\n"
      "as the archive has it is not written. A restore that was interrupted is continued by "
      "running it\n"
      "again; --abort instead scales up what it had scaled down and leaves the objects as they "
      "are.\n"
      "Exit code 0 means that every object is as the archive has it, or that --ignore-errors was "
      "given.\n\n"
      "Examples:\n"
      "  holdfast restore ARCHIVE --plan              what would be done, and why; changes "
      "nothing\n"
      "  holdfast restore ARCHIVE --encryption-config keys.yaml\n"
      "  holdfast restore ARCHIVE --prune --plan      also what would be deleted\n"
      "  holdfast restore --abort                     after a crash, to give up");
  command.AddOption("archive", args->archive, "name of the archive in the store, or path of a file")
      .Text("ARCHIVE");
  AddStoreOption(command, args->store);
  command.AddFlag("--plan", args->plan, "print what would be done and why, and change nothing");
  command.AddFlag("--prune", args->prune,
                  "delete what the archive's ResourceSet selects and the archive does not have");
  command
      .AddOption("--delete-timeout", args->delete_timeout,
                 "seconds that deleted objects may take to go before their finalizers are removed")
      .Text("SECONDS [0]")
      .Between(int64_t{0}, int64_t{86'400});
  command
      .AddOption(
          "--max-deletes", args->max_deletes,
          "stop before anything is changed when --prune would delete more: a number of "
          "objects, or a percentage of those in the cluster that the archive has or selects; "
          "without it up to 10 objects may always be deleted")
      .Text("N|P% [20%]");
  command
      .AddOption("--terminating-timeout", args->terminating_timeout,
                 "seconds to wait for namespaces and CustomResourceDefinitions that are being "
                 "deleted, before what is in them is restored")
      .Text("SECONDS [120]")
      .Between(int64_t{0}, int64_t{86'400});
  AddEncryptionOption(command, args->encryption_config);
  command.AddFlag("--ignore-errors", args->ignore_errors,
                  "objects that fail are reported and do not make the restore fail");
  command.AddFlag("--recreate-immutable", args->recreate_immutable,
                  "delete objects that cannot be updated, because an immutable field differs, and "
                  "create them again; never namespaces, CustomResourceDefinitions, nodes, volumes, "
                  "claims and objects with finalizers");
  command.AddFlag("--prune-missing-types", args->allow_missing_types,
                  "let --prune delete even where the archive lacks a whole type");
  command.AddFlag(
      "--prune-volumes", args->prune_volumes,
      "let --prune delete PersistentVolumes, PersistentVolumeClaims, and namespaces that "
      "hold claims");
  command.AddOption("--namespace", args->ns, "namespace of the restore's Lease and state")
      .Text("NS [cattle-resources-system]");
  command.AddFlag("--abort", args->abort, "undo what a crashed restore left scaled down");
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    if (args->abort == !args->archive.empty()) {
      WrongUsage(args->abort ? "--abort takes no ARCHIVE"
                             : "ARCHIVE is required (see `holdfast list`)");
    }
    session.action = [args](Session& s) {
      return args->abort ? RunAbort(s, *args) : RunRestore(s, *args);
    };
  });
}

}  // namespace holdfast::cli
