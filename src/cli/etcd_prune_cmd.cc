#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/etcd_common.h"
#include "cli/etcd_rules_option.h"
#include "cli/output.h"
#include "cli/retention_option.h"
#include "etcd/catalog.h"

namespace holdfast::cli {
namespace {

struct PruneArgs {
  StoreArgs store;
  std::string series = "etcd";
  std::string cluster;
  EtcdRulesArgs rules;
  bool plan = false;
  Format format = Format::kText;
};

// The one series and cluster that are meant, or an error that names those that are there.
Result<etcd::SnapshotScope> FindScope(const etcd::Catalog& catalog, const PruneArgs& args) {
  std::set<std::string> series, clusters;
  bool any = false;
  auto add = [&](const std::string& name, const std::string& cluster, bool good) {
    std::string own = etcd::SeriesOf(name);
    if (own.empty()) return;
    series.insert(own);
    if (own != args.series) return;
    any = true;
    if (!cluster.empty() || good) clusters.insert(cluster);
  };
  for (const etcd::Snapshot& snapshot : catalog.snapshots)
    add(snapshot.file.name, snapshot.meta.cluster, !snapshot.not_good);
  for (const etcd::Orphan& orphan : catalog.orphans)
    add(orphan.meta.name, orphan.meta.cluster, true);
  if (!any) {
    return Fail(Error(ErrorKind::kNotFound, fmt::format("no snapshots called \"{}\"", args.series))
                    .Hint(series.empty()
                              ? "there are none named SERIES-TIME.db"
                              : fmt::format("there are those of {}", fmt::join(series, ", "))));
  }
  if (clusters.size() > 1) clusters.erase("");  // what names no cluster is left alone
  std::string known = fmt::format("{}", fmt::join(clusters, ", "));
  if (!args.cluster.empty()) {
    if (clusters.contains(args.cluster)) return etcd::SnapshotScope{args.series, args.cluster};
    return Fail(Error(ErrorKind::kNotFound,
                      fmt::format("no snapshots \"{}\" of cluster {}", args.series, args.cluster))
                    .Hint("there are those of " + known));
  }
  if (clusters.size() > 1) {
    return Fail(
        Error(ErrorKind::kInvalid,
              fmt::format("snapshots of several clusters are called \"{}\" there", args.series))
            .Hint("name one by --cluster: " + known));
  }
  return etcd::SnapshotScope{args.series, clusters.empty() ? "" : *clusters.begin()};
}

Status RunPrune(Session& session, const PruneArgs& args) {
  HF_ASSIGN(auto rules, args.rules.Rules());
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN(auto catalog, etcd::ReadCatalog(*store, session.StoreWaits()));
  HF_ASSIGN(auto scope, FindScope(catalog, args));
  HF_ASSIGN(auto plan, etcd::PlanSnapshots(catalog, scope, rules, Clock::Real().Now()));
  Pruned pruned{.plan = args.plan, .report = {}};
  if (!args.plan) pruned.report = storage::Prune(*store, plan, session.StoreWaits());
  if (args.format == Format::kText) {
    PrintPruned(session, "SNAPSHOT", plan, pruned);
  } else {
    JsonObject json;
    json.Text("series", scope.series).Text("cluster", scope.cluster);
    AddPrunedJson(json, "snapshots", plan, pruned);
    PrintDocument(session.out, args.format, json.Done());
  }
  if (!pruned.report.failed.empty())
    return Fail(ErrorKind::kUnavailable, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddEtcdPruneCommand(Command etcd, Session& session) {
  auto args = std::make_shared<PruneArgs>();
  Command command = etcd.AddCommand("prune", "Delete the snapshots that need not be kept");
  command.Footer(
      "A snapshot is kept when any of the rules keeps it; the newest good one always is. Only "
      "files\n"
      "named exactly NAME-TIME.db[.gz|.zst|.zip][.enc] whose description (NAME-TIME.db.meta) names "
      "the\n"
      "cluster are deleted, and descriptions of that series and cluster whose snapshot is gone. "
      "What is\n"
      "damaged, incomplete or dated in the future holds no place and is not deleted.\n\n"
      "Examples:\n"
      "  holdfast etcd prune --store /srv/etcd --keep 12 --plan\n"
      "  holdfast etcd prune --store s3://backups/etcd?region=eu-central-1 --retention 24h "
      "--keep-daily 14");
  command.AddOption("--name", args->series, "the snapshots called NAME-TIME.db")
      .Text("NAME [etcd]");
  command.AddOption("--cluster", args->cluster, "id of the cluster, where several share the store")
      .Text("ID");
  AddEtcdRulesOptions(command, args->rules);
  command.AddFlag("--plan", args->plan, "print what would be deleted and why, and delete nothing");
  AddStoreOption(command, args->store);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    if (auto rules = args->rules.Rules(); !rules) WrongUsage(rules.error().ToString());
    session.action = [args](Session& s) { return RunPrune(s, *args); };
  });
}

}  // namespace holdfast::cli
