// What has become of the restored objects by the time that all of them were written.
#include <algorithm>
#include <mutex>

#include "base/workers.h"
#include "restore/apply_stage.h"
#include "restore/apply_stage_impl.h"
#include "restore/last_writer.h"

namespace holdfast::restore {
namespace {

constexpr int kWriteRounds = 2;

// Failures and rules are reported already.
bool IsRestored(const Outcomes& outcomes, ObjectId id) {
  Outcomes::What what = outcomes.Get(id);
  return what != Outcomes::What::kFailed && what != Outcomes::What::kSkipped;
}

// A Namespace or CRD that is being deleted takes what was restored with it, some seconds after it
// was told to. Reports what still stands after the wait.
Status AwaitGoing(const ApplyInput& input, ClientLister& lister) {
  HF_ASSIGN(CrdNames crds, ListCrdNames(lister));
  HF_ASSIGN(Going going, FindGoing(input.archive.index, lister, crds.going));
  if (!Concerns(input.archive.index, going) || input.going_is_final) return {};
  HF_ASSIGN(Going left, WaitUntilGone(input.session, std::move(going)));
  for (const auto& [names, type] :
       {std::pair{&left.namespaces, "namespaces "},
        std::pair{&left.crds, "customresourcedefinitions.apiextensions.k8s.io "}}) {
    for (const auto& [name, why] : *names)
      input.session.report.Failed(
          type + name, "it is being deleted, and what was restored into it goes with it" +
                           (why.empty() ? "" : ": " + why));
  }
  return {};
}

// Owners that were made anew have another uid, which their dependents do not name yet.
std::vector<ObjectId> WithStaleOwners(const ApplyInput& input, const Applied& state,
                                      std::vector<ObjectId> ids) {
  const Index& index = input.archive.index;
  for (ObjectId id = 0; id < index.size(); ++id) {
    if (index.Owners(id).empty() || !IsRestored(input.outcomes, id)) continue;
    if (Decider(state.plan).Decide(id).writes()) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Of an object that differs after the last round.
Status ReportChanged(const ApplyInput& input, const Applied& state, const Applier& applier,
                     ObjectId id) {
  const Index& index = input.archive.index;
  auto text = Reread(applier.context(), id);
  if (!text && text.error().kind() == ErrorKind::kCancelled) return Fail(std::move(text).error());
  if (!text) {
    input.session.report.Failed(index.Describe(id), text.error().ToString());
    return {};
  }
  Action action = Decider(state.plan).Decide(id);
  if (!action.writes()) return {};
  if (action.kind == ActionKind::kUpdateStatus) {
    input.session.report.With([&](Report& report) {
      report.rewritten.Add(index.Describe(id),
                           "its status was changed again by another client and was left so");
    });
    return {};
  }
  std::string what = "it was deleted";
  if (*text) {
    HF_ASSIGN(std::string paths, applier.Differing(id, **text));
    std::string component = LastControlPlaneWriter(**text);
    if (!component.empty()) {
      input.session.report.With([&](Report& report) {
        report.rewritten.Add(index.Describe(id), component + " changed it while the restore ran" +
                                                     paths + ", and it was left so");
      });
      return {};
    }
    what = "another client changed it" + paths;
  }
  input.outcomes.Set(id, Outcomes::What::kFailed, false);
  input.session.report.Failed(index.Describe(id),
                              what +
                                  " again and again while the restore ran; find out who does, stop "
                                  "it, and run the restore again");
  return {};
}

void ReportAppeared(const ApplyInput& input, const Live::Changes& changes) {
  input.session.report.With([&](Report& report) {
    for (const std::string& object : changes.appeared)
      report.leftovers.Add(object,
                           "it was created while the restore ran, after prune was planned; run "
                           "the restore again to delete it");
    report.leftovers.total += changes.appeared_total - changes.appeared.size();
  });
}

}  // namespace

Status Recheck(const ApplyInput& input, const Applied& state) {
  const Session& session = input.session;
  session.progress.Phase("checking what was restored");
  ClientLister lister = MakeLister(session, *state.cluster.discovery);
  auto applier = MakeApplier(input, state);
  bool recreated = input.outcomes.recreated();
  for (int round = 0;; ++round) {
    HF_TRY(AwaitGoing(input, lister));
    HF_ASSIGN(Live::Changes changes,
              state.cluster.live->FindChanges(lister, HowToRead(session, state.cluster)));
    std::vector<ObjectId> suspects;
    for (ObjectId id : changes.objects)
      if (IsRestored(input.outcomes, id)) suspects.push_back(id);
    if (recreated) suspects = WithStaleOwners(input, state, std::move(suspects));
    bool last = suspects.empty() || round == kWriteRounds;
    if (!last) {
      HF_ASSIGN(recreated, applier->Again(suspects));
      continue;
    }
    for (const auto& [type, why] : changes.unread)
      session.report.Failed(input.archive.index.types()[type].ResourceName(), why);
    ReportAppeared(input, changes);
    return ParallelFor(suspects.size(), session.options.workers, session.stop,
                       [&](size_t i, std::stop_token) {
                         return ReportChanged(input, state, *applier, suspects[i]);
                       });
  }
}

}  // namespace holdfast::restore
