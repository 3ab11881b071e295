#include <unistd.h>

#include "backup/backup.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/store_option.h"
#include "kube/cluster_guard.h"

namespace holdfast::cli {
namespace {

struct BackupArgs {
  std::string resource_set;
  StoreArgs store;
  std::string name;
  std::string encryption_config;
  bool exact_lists = false;
  std::string restore_namespace{kube::kRestoreNamespace};
  bool during_restore = false;
  Format format = Format::kText;
};

std::string ToJson(const backup::BackupResult& result) {
  std::vector<std::string> kinds;
  for (const auto& kind : result.manifest.info.kinds) {
    JsonObject entry;
    entry.Text("kind", kind.kind).Number("objects", kind.objects).Number("bytes", kind.bytes);
    entry.Text("way", kind.way).Bool("pinned", kind.pinned);
    if (!kind.note.empty()) entry.Text("note", kind.note);
    kinds.push_back(entry.Done());
  }
  JsonObject json;
  json.Text("archive", result.filename).Text("revision", result.revision);
  json.Number("objects", result.objects).Number("bytes", result.bytes);
  json.Number("archiveBytes", result.archive_bytes);
  json.Number("restarts", static_cast<uint64_t>(result.restarts));
  json.Number("milliseconds", static_cast<uint64_t>(result.durations.total.count()));
  json.Raw("kinds", JsonArray(kinds)).Texts("warnings", result.warnings);
  return json.Done();
}

Status RunBackup(Session& session, const BackupArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  // Everything that can be wrong with the input is found before the cluster is asked anything.
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  if (LooksLikeFile(args.resource_set)) HF_TRY(resourceset::ReadResourceSetFile(args.resource_set));
  HF_ASSIGN(auto client, session.Connect(log));
  HF_ASSIGN(auto set, LoadResourceSet(args.resource_set, *client, session.Call()));

  backup::Options options;
  options.name = args.name.empty() ? set.name : args.name;
  options.force_exact = args.exact_lists;
  kube::ClusterGuard guard(*client, args.restore_namespace, Clock::Real());
  options.guard = &guard;
  options.during_restore = args.during_restore;
  HF_TRY(store.AbortLeftOvers(options.name, session.StoreWaits()));
  Result<backup::BackupResult> result = [&] {
    BackupProgress progress(log, isatty(STDERR_FILENO) != 0, Clock::Real());
    return backup::Run(*client, set, keys, !args.encryption_config.empty(), *store, options,
                       progress, log, Clock::Real(), session.stop);
  }();
  if (!result) return Fail(std::move(result).error().With("backup failed, nothing was stored"));
  for (const std::string& warning : result->warnings) log.Warn(warning);
  log.Info("backup done", {{"objects", std::to_string(result->objects)},
                           {"kinds", std::to_string(result->kinds)},
                           {"revision", result->revision},
                           {"size", HumanBytes(result->archive_bytes)},
                           {"ms", std::to_string(result->durations.total.count())}});
  if (args.format == Format::kText)
    session.out << result->filename << "\n";
  else
    PrintDocument(session.out, args.format, ToJson(*result));
  return {};
}

}  // namespace

void AddBackupCommand(Command app, Session& session) {
  auto args = std::make_shared<BackupArgs>();
  Command command =
      app.AddCommand("backup", "Back up what a ResourceSet selects, as it was at one instant");
  command.Footer(
      "The archive is built, read back and compared before it gets its name; a backup that fails\n"
      "leaves nothing. Its name is printed on standard output.\n\n"
      "Examples:\n"
      "  holdfast backup --resource-set resourceset.yaml\n"
      "  holdfast backup --resource-set rancher-resource-set-full --store /srv/backups \\\n"
      "      --encryption-config encryption-provider-config.yaml");
  command
      .AddOption("--resource-set", args->resource_set,
                 "file of a ResourceSet, or else the name of one in the cluster")
      .Required()
      .Text("FILE|NAME");
  AddStoreOption(command, args->store);
  command.AddOption("--name", args->name, "first part of the archive's name (default: the set's)")
      .Text("NAME");
  AddEncryptionOption(command, args->encryption_config);
  command.AddFlag("--exact-lists", args->exact_lists,
                  "read every list from etcd at the one revision (slower; the result is the same)");
  command.AddFlag("--during-restore", args->during_restore,
                  "back up a cluster whose restore has not ended, or where that cannot be found "
                  "out; retention never counts such an archive");
  command
      .AddOption("--namespace", args->restore_namespace,
                 "where restores keep their Lease and state (default: cattle-resources-system)")
      .Text("NS");
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunBackup(s, *args); }; });
}

}  // namespace holdfast::cli
