#include "backup/prune.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/retention_option.h"
#include "cli/store_option.h"

namespace holdfast::cli {
namespace {

struct PruneArgs {
  StoreArgs store;
  std::string name;
  std::string cluster;
  schedule::RetentionRules rules;
  bool plan = false;
  Format format = Format::kText;
};

// The one backup that is meant, or an error that tells the ones there are.
Result<backup::PruneScope> FindScope(const std::vector<storage::ObjectInfo>& files,
                                     const PruneArgs& args) {
  std::vector<backup::PruneScope> fitting;
  std::string names, clusters;
  for (auto& scope : backup::FindScopes(files)) {
    names += (names.empty() ? "" : ", ") + scope.name;
    if (scope.name != args.name) continue;
    clusters += (clusters.empty() ? "" : ", ") + scope.uid;
    if (args.cluster.empty() || scope.uid == args.cluster) fitting.push_back(std::move(scope));
  }
  if (fitting.size() == 1) return std::move(fitting[0]);
  if (fitting.size() > 1) {
    return Fail(Error(ErrorKind::kInvalid,
                      "several clusters have archives of a backup \"" + args.name + "\" there")
                    .Hint("name one by --cluster: " + clusters));
  }
  if (!clusters.empty()) {
    return Fail(Error(ErrorKind::kNotFound,
                      "no archive of backup \"" + args.name + "\" of cluster " + args.cluster)
                    .Hint("there are those of " + clusters));
  }
  return Fail(
      Error(ErrorKind::kNotFound, "no archive of backup \"" + args.name + "\"")
          .Hint(names.empty() ? "there is none of any backup" : "there are those of " + names));
}

Status RunPrune(Session& session, const PruneArgs& args) {
  HF_TRY(args.rules.Check());
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN_CONTEXT(auto files, store->List("", session.StoreWaits()), "listing archives");
  HF_ASSIGN(auto scope, FindScope(files, args));
  HF_ASSIGN(auto plan, backup::PlanPrune(files, scope, args.rules, Clock::Real().Now()));
  Pruned pruned{.plan = args.plan, .report = {}};
  if (!args.plan) pruned.report = storage::Prune(*store, plan, session.StoreWaits());
  if (args.format == Format::kText) {
    PrintPruned(session, "ARCHIVE", plan, pruned);
  } else {
    JsonObject json;
    json.Text("backup", scope.name).Text("cluster", scope.uid);
    AddPrunedJson(json, "archives", plan, pruned);
    PrintDocument(session.out, args.format, json.Done());
  }
  if (!pruned.report.failed.empty())
    return Fail(ErrorKind::kUnavailable, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddPruneCommand(Command app, Session& session) {
  auto args = std::make_shared<PruneArgs>();
  Command command =
      app.AddCommand("prune", "Delete the archives of one backup that need not be kept");
  command.Footer(
      "An archive is kept when any of the rules keeps it; the newest one always is. Days, weeks "
      "and\n"
      "months are those of UTC, and those without an archive do not count. Only files named "
      "exactly\n"
      "NAME-CLUSTER-TIME.tar.gz[.enc] are looked at. An archive dated in the future holds no place "
      "and\n"
      "is not deleted.\n\n"
      "Examples:\n"
      "  holdfast prune --name nightly --keep 10 --plan\n"
      "  holdfast prune --name nightly --keep 3 --keep-daily 7 --keep-weekly 4 --keep-monthly 12 "
      "\\\n"
      "      --store s3://backups/prod?region=eu-central-1");
  command.AddOption("--name", args->name, "the backup: first part of its archives' names")
      .Required()
      .Text("NAME");
  command.AddOption("--cluster", args->cluster, "uid of the cluster, where several share the store")
      .Text("UID");
  AddKeepOptions(command, args->rules, "archives");
  command.AddFlag("--plan", args->plan, "print what would be deleted and why, and delete nothing");
  AddStoreOption(command, args->store);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    if (!args->rules.Check()) {
      WrongUsage("--keep, --keep-daily, ...: at least one must be above 0");
    }
    session.action = [args](Session& s) { return RunPrune(s, *args); };
  });
}

}  // namespace holdfast::cli
