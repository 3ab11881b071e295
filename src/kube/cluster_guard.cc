#include "kube/cluster_guard.h"

#include <algorithm>

#include "base/json_scan.h"
#include "kube/lease_holder.h"
#include "kube/lease_record.h"

namespace holdfast::kube {
namespace {

constexpr std::chrono::seconds kSureWithin{60};
constexpr std::chrono::seconds kBetweenLooks{1};

const ResourceType& ConfigMaps() {
  static const ResourceType type{{"", "v1"}, "configmaps", "ConfigMap", true, 0, false};
  return type;
}

// The object's text; empty when it is absent.
Result<std::string> ReadIfThere(Client& client, const ResourceType& type, const std::string& ns,
                                std::string_view name, const Call& call) {
  auto text = client.Get(type, ns, name, call);
  if (!text && text.error().kind() == ErrorKind::kNotFound) return std::string();
  if (!text)
    return Fail(std::move(text).error().With("finding out whether a restore is unfinished (" +
                                             type.plural + " " + ns + "/" + std::string(name) +
                                             ")"));
  return text;
}

}  // namespace

std::string UnfinishedRestore::ToString() const {
  if (!recorded) return holder;
  std::string text = run.empty() ? holder : run;
  if (!archive.empty()) text += (text.empty() ? "of " : " of ") + archive;
  return text.empty() ? "(its record cannot be read)" : text;
}

Error RefusedBecauseOf(const UnfinishedRestore& restore, const std::string& ns) {
  return Error(ErrorKind::kConflict, "the restore " + restore.ToString() + " has not ended")
      .Reason(std::string(kUnfinishedRestore))
      .Hint(
          "wait for it, or, when it has died, run it again or give it up with `holdfast restore "
          "--abort --namespace " +
          ns + "`; --during-restore takes the backup all the same");
}

Result<ClusterGuard::View> ClusterGuard::Look(const Call& call) {
  // The Lease first: a restore takes it before it writes the record, and frees it last.
  View view;
  auto read = ReadIfThere(client_, LeaseType(), ns_, kRestoreLease, call);
  if (!read && read.error().kind() != ErrorKind::kUnauthorized)
    return Fail(std::move(read).error());
  HF_ASSIGN(std::string record, ReadIfThere(client_, ConfigMaps(), ns_, kRestoreRecord, call));
  if (!read)
    view.warning = "a restore by Rancher's operator would not have been noticed: " +
                   read.error().MessageWithoutHint();
  const std::string lease = read ? *read : "";
  UnfinishedRestore restore;
  std::string holder;
  if (!lease.empty()) {
    view.lease_version = json::FindString(lease, {"metadata", "resourceVersion"}).value_or("");
    holder = LeaseRecord::Of(lease).holder;
  }
  restore.holder = std::string(PurposeOfHolder(holder));
  restore.recorded = !record.empty();
  if (restore.recorded) {
    std::string state = json::FindString(record, {"data", "state"}).value_or("");
    if (json::Validate(state)) {
      restore.run = json::FindString(state, {"run"}).value_or("");
      restore.archive = json::FindString(state, {"archive"}).value_or("");
    }
  }
  bool held = false;
  if (!holder.empty()) {
    std::lock_guard lock(mutex_);
    held = observed_.Note(lease, clock_) > clock_.SteadyNow() && !HolderHasEnded(holder);
  }
  if (held || restore.recorded) view.restore = std::move(restore);
  return view;
}

Result<ClusterGuard::View> ClusterGuard::LookUntilSure(const Call& call) {
  LeaseObservation lives;
  const Deadline end = Deadline::After(clock_, kSureWithin);
  for (;;) {
    HF_ASSIGN(View view, Look(call));
    if (!view.restore || view.restore->recorded || end.Passed(clock_)) return view;
    HF_ASSIGN(std::string lease, ReadIfThere(client_, LeaseType(), ns_, kRestoreLease, call));
    if (lease.empty()) continue;
    bool expires = lives.Note(lease, clock_) != Clock::Steady::max();
    if (!expires || lives.changed()) return view;
    if (!clock_.Sleep(kBetweenLooks, call.stop)) return Fail(ErrorKind::kCancelled, "stopped");
  }
}

}  // namespace holdfast::kube
