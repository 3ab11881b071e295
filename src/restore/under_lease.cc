#include "restore/under_lease.h"

#include <algorithm>
#include <utility>

#include "kube/lease.h"
#include "restore/apply_stage.h"
#include "restore/examine.h"
#include "restore/plan_report.h"
#include "restore/prune.h"
#include "restore/run_lock.h"

namespace holdfast::restore {
namespace {

// For scaling up after a failure or a stop, when the run itself may not send anything any more.
constexpr std::chrono::seconds kEndGrace{30};
// How long the API server may be away before controllers stay at zero.
constexpr std::chrono::minutes kRetakeLimit{10};
constexpr std::chrono::seconds kHeldPoll{1};

// The cluster as it is once controllers are at zero and what was being deleted has gone.
struct Planned {
  ClusterView cluster;
  Plan plan;
  bool going_is_final = false;
};

Result<Planned> ReadAndPlan(const Session& session, const OpenedArchive& archive,
                            const Quiesce& quiesce) {
  session.progress.Phase("reading the cluster");
  HF_ASSIGN_CONTEXT(ClusterView cluster, ReadCluster(session, archive, quiesce),
                    "comparing archive " + archive.name + " with the cluster");
  PlanInput how;
  if (Concerns(archive.index, cluster.going)) {
    HF_ASSIGN(Going left, WaitUntilGone(session, std::move(cluster.going)));
    session.progress.Phase("reading the cluster");
    HF_ASSIGN_CONTEXT(cluster, ReadCluster(session, archive, quiesce),
                      "comparing archive " + archive.name + " with the cluster");
    how.going_is_final = true;
  }
  HF_ASSIGN(Plan plan,
            PlanExamined(session, archive, cluster, quiesce, how, Examine::kWhetherEmpty));
  return Planned{std::move(cluster), std::move(plan), how.going_is_final};
}

Status PruneStage(const Session& session, const Applied& state, uint64_t failures) {
  if (state.plan.deletes().empty()) return {};
  if (failures != 0 && !session.options.ignore_errors) {
    session.report.Note("nothing was pruned, because not everything was restored: " +
                        std::to_string(state.plan.deletes().size()) +
                        " objects that the archive does not have stay; mend what failed and run "
                        "the restore again");
    return {};
  }
  session.progress.Phase("pruning");
  std::vector<const ExtraObject*> doomed;
  for (const PruneDelete& one : state.plan.deletes())
    doomed.push_back(&state.cluster.live->extras()[one.extra]);
  PruneSettings settings;
  settings.delete_timeout = session.options.delete_timeout;
  return Prune(session.api, state.cluster.live->uids(), doomed, settings, session.report,
               session.clock, session.stop);
}

// From quiesce to prune. Controllers may be at zero when it returns.
Status Work(const Session& session, const OpenedArchive& archive, bool planned_empty,
            Quiesce& quiesce, Outcomes& outcomes, std::set<ObjectId>& reconnecting) {
  if (planned_empty) {
    HF_ASSIGN(Planned again, ReadAndPlan(session, archive, quiesce));
    if (again.plan.empty()) return {};
  }
  session.progress.Phase("scaling controllers down");
  static const std::vector<resourceset::ControllerReference> kNone;
  HF_ASSIGN(std::vector<ScaledController> to_come, archive.Controllers());
  HF_ASSIGN(kube::Discovery discovery, kube::Discovery::Fetch(session.client, session.Call()));
  HF_TRY(quiesce.Down(session.api, TypeOfDiscovery(discovery),
                      archive.set ? archive.set->controllers : kNone, to_come, session.stop));
  HF_ASSIGN(Planned planned, ReadAndPlan(session, archive, quiesce));
  if (!planned.plan.too_many_deletes().empty()) {
    return Fail(Error(ErrorKind::kInvalid, planned.plan.too_many_deletes())
                    .Hint(std::string(kTooManyDeletesHint)));
  }
  ApplyInput input{session, archive, quiesce, outcomes, planned.going_is_final};
  Applied state{std::move(planned.cluster), std::move(planned.plan)};
  reconnecting.insert(state.plan.reconnecting().begin(), state.plan.reconnecting().end());
  HF_ASSIGN(state, Apply(input, std::move(state)));
  reconnecting.insert(state.reconnecting.begin(), state.reconnecting.end());
  ReportLeftOut(session, archive, state.cluster, state.plan, outcomes);
  HF_TRY(Recheck(input, state));
  uint64_t failures = 0;
  session.report.With([&](Report& report) { failures = report.failures.total; });
  return PruneStage(session, state, failures);
}

// Before anything is undone: the Lease is still held, or is taken again when the API server was
// away and nobody has held it meanwhile. A run that was stopped does not wait for that: whoever
// comes next finds the record.
Status MakeSureOfLease(const Session& outer, std::unique_ptr<kube::LeaseHold>& lease,
                       Status& result) {
  Deadline limit = Deadline::After(outer.clock, kRetakeLimit);
  Status held = lease->CheckStillHeld({Deadline::After(outer.clock, kEndGrace), {}});
  // No answer: the Lease is found held when the API server is back, or is lost by then.
  while (!held && !lease->lost() && held.error().kind() == ErrorKind::kUnavailable &&
         !limit.Passed(outer.clock) && outer.clock.Sleep(kHeldPoll, outer.stop))
    held = lease->CheckStillHeld({Deadline::After(outer.clock, kEndGrace), {}});
  if (held || !lease->lost()) return held;
  if (outer.stop.stop_requested()) return held;
  outer.progress.Phase("waiting to take the lost Lease again");
  const std::string why = lease->why_lost();
  HF_ASSIGN(auto again, lease->Retake(kRetakeLimit, {Deadline::Never(), outer.stop}));
  lease = std::move(again);
  const bool only_stopped = !result && (result.error().kind() == ErrorKind::kCancelled ||
                                        result.error().reason() == kube::kLeaseLost);
  if (only_stopped)
    result = Fail(Error(ErrorKind::kUnavailable, why)
                      .With("the Lease was lost in the middle of the restore, and taken again")
                      .Hint("run the restore again: what is restored is not written again"));
  return {};
}

// What remains when the Lease is not ours any more.
Error LeftBehind(const Quiesce& quiesce, Error lost) {
  bool another = lost.reason() == kube::kLeaseLost;
  Error error = std::move(lost).With("the Lease was lost in the middle of the restore");
  if (another)
    error = std::move(error).Hint(
        "another run that holds the Lease scales them up at its end; when there is none, run "
        "`holdfast restore --abort`, or the restore again");
  return quiesce.NotScaledUp(std::move(error));
}

// Scales up what is at zero because of this run, and removes the record that it has begun when it
// has come to its end, or has changed nothing.
Status ScaleUp(const Session& session, const OpenedArchive& archive, const Outcomes& outcomes,
               Quiesce& quiesce, const MayWrite& may_write, Status work) {
  quiesce.LeaveAlone([&](const ScaledController& c) {
    ObjectId id = archive.FindController(c.api_version, c.resource, c.ns, c.name);
    using What = Outcomes::What;
    What what = id == kNoId ? What::kUntouched : outcomes.Get(id);
    return what == What::kUntouched || what == What::kFailed || what == What::kSkipped;
  });
  if (quiesce.anything()) session.progress.Phase("scaling controllers up");
  Counts counts;
  outcomes.AddTo(counts);
  session.report.With([&](Report& report) { counts.deleted = report.counts.deleted; });
  bool wrote = counts.created + counts.updated + counts.status_updated + counts.deleted != 0;
  bool half_restored = !work && (wrote || !quiesce.adopted_run().empty());
  // Not `session.stop`: a run that was stopped scales up all the same.
  kube::Call call{Deadline::After(session.clock, kEndGrace), {}};
  ClientApi api(session.client, call, may_write);
  Result<kube::Discovery> discovery = kube::Discovery::Fetch(session.client, call);
  Status up = discovery
                  ? quiesce.Up(api, TypeOfDiscovery(*discovery),
                               half_restored ? Quiesce::Record::kKeep : Quiesce::Record::kRemove)
                  : Fail(quiesce.NotScaledUp(std::move(discovery).error()));
  if (up) return work;
  if (work) {
    session.report.Failed("controllers", up.error().ToString());
    return work;
  }
  Error both(work.error().kind(), work.error().message() + "; and then: " + up.error().ToString());
  return Fail(std::move(both));
}

}  // namespace

Result<Report> RestoreUnderLease(const Session& outer, const OpenedArchive& archive,
                                 bool planned_empty) {
  std::stop_source inner;  // also requested when the Lease is lost
  std::stop_callback forward(outer.stop, [&] { inner.request_stop(); });
  std::unique_ptr<kube::LeaseHold> lease;
  // A process that was paused, or cut off, finds its Lease lost here before it sends a write.
  const MayWrite may_write = [&lease]() -> Status {
    if (!lease || !lease->lost()) return {};
    return Fail(
        Error(ErrorKind::kCancelled, lease->why_lost()).Reason(std::string(kube::kLeaseLost)));
  };
  ClientApi api(outer.client, kube::Call{Deadline::Never(), inner.get_token()}, may_write);
  Session session{outer.client, api,         outer.options, outer.progress,
                  outer.log,    outer.clock, outer.report,  inner.get_token()};
  const Options& options = session.options;

  session.progress.Phase("taking the Lease");
  HF_ASSIGN(lease, kube::LeaseHold::Acquire(
                       session.client,
                       LeaseOf(options.lease_namespace, options.run_name + ":" + options.run_uid),
                       session.clock, session.log, session.Call()));
  std::stop_callback lost(lease->lost_token(), [&] { inner.request_stop(); });

  Quiesce::Settings settings;
  settings.ns = options.lease_namespace;
  settings.run = options.run_name;
  settings.archive = archive.name;
  settings.pods_timeout = options.pods_timeout;
  Quiesce quiesce(std::move(settings), session.report, session.log, session.clock);
  Outcomes outcomes(archive.index.size());
  std::set<ObjectId> reconnecting;
  Status result = quiesce.Adopt(session.api);
  if (result && !quiesce.adopted_run().empty())
    session.report.Note("an earlier restore (" + quiesce.adopted_run() +
                        ") has not ended; its controllers are scaled up with this one's");
  if (result) result = quiesce.Begin(session.api);
  if (result) result = Work(session, archive, planned_empty, quiesce, outcomes, reconnecting);
  if (Status held = MakeSureOfLease(outer, lease, result); !held) {
    result = Fail(LeftBehind(quiesce, std::move(held).error()));
  } else {
    result = ScaleUp(session, archive, outcomes, quiesce, may_write, std::move(result));
    Status released = lease->Release({Deadline::After(session.clock, kEndGrace), {}});
    if (!released)
      session.report.Note("the Lease could not be freed, it will expire: " +
                          released.error().ToString());
  }
  Report report = session.report.Take();
  ReportOutcomes(archive, outcomes, reconnecting, report);
  if (result) return report;
  const Counts& c = report.counts;
  uint64_t written = c.created + c.updated + c.status_updated + c.deleted;
  return Fail(std::move(result).error().With("restoring " + archive.name + ", ended early after " +
                                             std::to_string(written) + " writes"));
}

}  // namespace holdfast::restore
