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

// The snapshots of the one series and cluster that is meant, or an error that tells which there
// are.
Result<std::vector<etcd::Snapshot>> Select(std::vector<etcd::Snapshot> all, const PruneArgs& args) {
  std::set<std::string> series, clusters;
  std::vector<etcd::Snapshot> chosen;
  for (etcd::Snapshot& snapshot : all) {
    std::string own = etcd::SeriesOf(snapshot.file.name);
    if (own.empty()) continue;
    series.insert(own);
    if (own != args.series) continue;
    if (!snapshot.meta.cluster.empty()) clusters.insert(snapshot.meta.cluster);
    if (args.cluster.empty() || snapshot.meta.cluster == args.cluster ||
        snapshot.meta.cluster.empty())
      chosen.push_back(std::move(snapshot));
  }
  if (args.cluster.empty() && clusters.size() > 1) {
    return Fail(
        Error(ErrorKind::kInvalid,
              fmt::format("snapshots of several clusters are called \"{}\" there", args.series))
            .Hint(fmt::format("name one by --cluster: {}", fmt::join(clusters, ", "))));
  }
  if (chosen.empty()) {
    return Fail(Error(ErrorKind::kNotFound, fmt::format("no snapshots called \"{}\"", args.series))
                    .Hint(series.empty()
                              ? "there are none named SERIES-TIME.db"
                              : fmt::format("there are those of {}", fmt::join(series, ", "))));
  }
  return chosen;
}

std::string ToJson(const PruneArgs& args, const std::vector<schedule::RetentionVerdict>& verdicts,
                   const etcd::PruneReport& report) {
  JsonObject json;
  json.Text("series", args.series).Bool("plan", args.plan).Raw("snapshots", VerdictsJson(verdicts));
  json.Texts("deleted", report.deleted).Texts("failed", report.failed);
  return json.Done();
}

Status RunPrune(Session& session, const PruneArgs& args) {
  HF_ASSIGN(auto rules, args.rules.Rules());
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN(auto catalog, etcd::ReadCatalog(*store, session.StoreWaits()));
  HF_ASSIGN(auto chosen, Select(std::move(catalog.snapshots), args));
  HF_ASSIGN(auto verdicts, etcd::DecideSnapshots(chosen, rules, Clock::Real().Now()));
  etcd::PruneReport report;
  if (!args.plan)
    report = etcd::PruneSnapshots(*store, verdicts, catalog.orphans, session.StoreWaits());
  if (args.format == Format::kText)
    PrintPruned(session, "SNAPSHOT", verdicts, {args.plan, report.deleted, report.failed});
  else
    PrintDocument(session.out, args.format, ToJson(args, verdicts, report));
  if (!report.failed.empty()) return Fail(ErrorKind::kUnavailable, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddEtcdPruneCommand(Command etcd, Session& session) {
  auto args = std::make_shared<PruneArgs>();
  Command command = etcd.AddCommand("prune", "Delete the snapshots that need not be kept");
  command.Footer(
      "A snapshot is kept when any of the rules keeps it; the newest good one always is. Only "
      "files\n"
      "named NAME-TIME.db[.gz|.zst|.zip][.enc] that have a description beside them are looked at; "
      "what\n"
      "is damaged or half there takes nobody's place, and is not deleted either.\n\n"
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
