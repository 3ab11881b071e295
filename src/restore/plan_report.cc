#include "restore/plan_report.h"

#include <string>
#include <utility>

namespace holdfast::restore {
namespace {

constexpr size_t kMostReconnecting = 20;

}  // namespace

void ReportLeftOut(const Session& session, const OpenedArchive& archive, const ClusterView& cluster,
                   const Plan& plan, Outcomes& outcomes) {
  const Index& index = archive.index;
  ReportBuilder& builder = session.report;
  for (ObjectId id = 0; id < index.size(); ++id) {
    Action action = plan[id];
    if (outcomes.WasWritten(id)) continue;
    if (action.kind == ActionKind::kSkip) {
      outcomes.Set(id, Outcomes::What::kSkipped, false);
      builder.With(
          [&](Report& report) { report.skipped.Add(index.Describe(id), plan.ReasonText(id)); });
    } else if (action.kind == ActionKind::kCannot) {
      outcomes.Set(id, Outcomes::What::kFailed, false);
      builder.Failed(index.Describe(id), plan.ReasonText(id));
    }
  }
  for (std::string& line : cluster.types->ChangedVersions(index)) builder.Note(std::move(line));
  plan.ForEachLeft([&](ObjectId id, const std::string& text) {
    builder.With([&](Report& report) { report.left.Add(index.Describe(id), text); });
  });
  for (const PruneKeep& kept : plan.kept()) {
    builder.With([&](Report& report) {
      NoteList& list = kept.going ? report.leftovers : report.kept;
      list.Add(cluster.live->extras()[kept.extra].Describe(), kept.reason);
    });
  }
  if (!cluster.prune_problem.empty()) builder.Failed("prune", cluster.prune_problem);
  for (const std::string& gap : cluster.live->prune_gaps()) builder.Failed("prune", gap);
  for (const std::string& refusal : plan.prune_refusals()) builder.Failed("prune", refusal);
}

void ReportPlan(const Session& session, const OpenedArchive& archive, const ClusterView& cluster,
                const Plan& plan, const Quiesce& quiesce, bool nothing_to_do) {
  Outcomes outcomes(archive.index.size());
  ReportLeftOut(session, archive, cluster, plan, outcomes);
  if (!plan.too_many_deletes().empty())
    session.report.Failed("prune", plan.too_many_deletes() + "; the restore would change nothing");
  const PlanCounts& counts = plan.counts();
  session.report.With([&](Report& report) {
    report.counts.objects = counts.objects;
    report.counts.created = counts.create;
    report.counts.updated = counts.update;
    report.counts.status_updated = counts.status;
    report.counts.unchanged = counts.nothing;
    report.counts.skipped = counts.skip;
    report.counts.deleted = counts.del;
    report.nothing_to_do = nothing_to_do;
    if (!session.options.plan_only) return;
    plan.ForEachNote([&](ObjectId id, const std::string& text) {
      report.dropped_owners.Add(archive.index.Describe(id), text);
    });
    for (const ScaledController& controller : quiesce.controllers()) {
      report.notes.push_back("controller " + controller.ToString() + " would be scaled up to " +
                             std::to_string(controller.replicas) + ": an earlier restore (" +
                             quiesce.adopted_run() + ") has not ended");
    }
  });
  if (!session.options.plan_only) return;
  if (cluster.verdicts) {
    cluster.verdicts->ForEach([&](ObjectId id, const UpdateVerdict& verdict) {
      if (verdict.kind == UpdateVerdict::Kind::kLossy)
        session.report.Failed(archive.index.Describe(id), verdict.text);
    });
  }
  plan.ForEachLine([&](PlanLine line) {
    if (session.options.plan_line) {
      session.options.plan_line(line);
    } else {
      session.report.With([&](Report& report) { report.plan.push_back(std::move(line)); });
    }
  });
}

void ReportOutcomes(const OpenedArchive& archive, const Outcomes& outcomes,
                    const std::set<ObjectId>& reconnecting, Report& report) {
  report.counts.objects = archive.index.size();
  outcomes.AddTo(report.counts);
  size_t clusters = 0;
  std::string names;
  for (ObjectId id : reconnecting) {
    if (!outcomes.WasWritten(id)) continue;
    if (++clusters <= kMostReconnecting)
      names += (names.empty() ? "" : ", ") + archive.index.Describe(id);
  }
  if (clusters == 0) return;
  if (clusters > kMostReconnecting) names += ", …";
  report.notes.push_back("the agents of " + std::to_string(clusters) +
                         " downstream clusters connect anew: " + names);
}

}  // namespace holdfast::restore
