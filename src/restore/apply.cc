#include "restore/apply.h"

#include <algorithm>

#include "base/workers.h"
#include "restore/answer_check.h"
#include "restore/last_writer.h"

namespace holdfast::restore {
namespace {

std::string OwnKey(const Index& index, ObjectId id) {
  return index.Type(id).ResourceName() + "/" + std::string(index.Namespace(id)) + "/" +
         std::string(index.Name(id));
}

// Refused by something that Phase::kLast may change, not for lack of rights.
bool RefusedByPolicy(const Error& error) {
  const std::string& text = error.message();
  auto names = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  if (error.code() == 403)
    return !names(" cannot create resource") && !names(" cannot update resource");
  return error.code() == 422 && names("AdmissionPolicy");
}

}  // namespace

void Outcomes::Set(ObjectId id, What what, bool status) {
  // What was created and then written again was created.
  if (Get(id) == What::kCreated && (what == What::kUpdated || what == What::kUnchanged)) {
    what = What::kCreated;
  }
  bytes_[id] = static_cast<uint8_t>((bytes_[id] & kStatus) | static_cast<uint8_t>(what) |
                                    (status ? kStatus : 0));
}

void Outcomes::AddTo(Counts& counts) const {
  for (ObjectId id = 0; id < bytes_.size(); ++id) {
    switch (Get(id)) {
      case What::kUntouched:
      case What::kUnchanged: ++counts.unchanged; break;
      case What::kCreated: ++counts.created; break;
      case What::kUpdated: ++counts.updated; break;
      case What::kSkipped: ++counts.skipped; break;
      case What::kStatusOnly:
      case What::kFailed: break;
    }
    if (StatusWritten(id)) ++counts.status_updated;
  }
}

Applier::Applier(WriteContext context, ApplySettings settings, Outcomes& outcomes,
                 ReportBuilder& report)
    : context_(std::move(context)),
      settings_(std::move(settings)),
      outcomes_(outcomes),
      report_(report),
      budget_(settings_.budget_bytes),
      webhooks_(context_.index, context_.types, context_.api) {}

Status Applier::Run(Phase phase) {
  context_.terminating = Deadline::After(context_.clock, settings_.terminating_timeout);
  for (const std::vector<ObjectId>& wave : context_.plan.Waves(phase)) {
    HF_TRY(RunAll(wave, false));
  }
  // What the CRDs define must be there before the next phases.
  return phase == Phase::kCrds ? RetryHeldBack() : Status();
}

void Applier::HoldBack(ObjectId id) {
  std::lock_guard lock(mutex_);
  held_back_.push_back(id);
  if (context_.index.Type(id).special == Special::kNamespace)
    namespaces_held_back_.emplace(context_.index.Name(id));
}

void Applier::HoldStatusBack(ObjectId id) {
  std::lock_guard lock(mutex_);
  held_back_.push_back(id);
  status_held_back_.insert(id);
}

// In the order of the phases, for a held back Namespace's contents need it.
Status Applier::RetryHeldBack() {
  std::vector<ObjectId> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(held_back_);
    namespaces_held_back_.clear();
  }
  std::sort(all.begin(), all.end());
  std::set<kube::WebhookFailure> probed;
  for (Phase phase : {Phase::kCrds, Phase::kClusterScoped, Phase::kNamespaced, Phase::kLast}) {
    std::vector<ObjectId> ids;
    for (ObjectId id : all)
      if (context_.index.PhaseOf(id) == phase) ids.push_back(id);
    HF_TRY(RetryHeldBack(std::move(ids), probed));
  }
  for (std::string& note : webhooks_.Notes()) report_.Note(std::move(note));
  return {};
}

// Each webhook that is down is tried once, with the first object that no other one holds.
Status Applier::RetryHeldBack(std::vector<ObjectId> ids, std::set<kube::WebhookFailure>& probed) {
  context_.terminating = Deadline::After(context_.clock, settings_.terminating_timeout);
  for (;;) {
    std::vector<ObjectId> probes, others;
    for (ObjectId id : ids) {
      auto webhook = webhooks_.Holding(id, ActionOf(id).kind);
      bool probe = webhook && probed.insert(*webhook).second;
      (probe ? probes : others).push_back(id);
      if (probe) webhooks_.Probe(*webhook);
    }
    if (probes.empty()) return RunAll(others, true);
    ids = std::move(others);
    HF_TRY(RunAll(probes, true));
  }
}

// Controllers and admission take up a new quota or policy some time after it was stored.
Status Applier::RetryRefused() {
  constexpr std::chrono::seconds kWaits[] = {std::chrono::seconds(0), std::chrono::seconds(1),
                                             std::chrono::seconds(3)};
  for (size_t i = 0; i < std::size(kWaits); ++i) {
    std::vector<ObjectId> ids;
    {
      std::lock_guard lock(mutex_);
      ids.swap(refused_);
    }
    if (ids.empty()) return {};
    if (i != 0 && !context_.clock.Sleep(kWaits[i], context_.stop))
      return Fail(ErrorKind::kCancelled, "stopped");
    std::sort(ids.begin(), ids.end());
    HF_TRY(RunAll(ids, /*last_chance=*/i + 1 == std::size(kWaits)));
  }
  return {};
}

Action Applier::ActionOf(ObjectId id) {
  Action action = context_.plan[id];
  std::lock_guard lock(mutex_);
  if (status_held_back_.contains(id)) action.kind = ActionKind::kUpdateStatus;
  return action;
}

Status Applier::Finish() {
  HF_TRY(RetryRefused());
  HF_TRY(RetryHeldBack());
  const std::vector<ObjectId>& deferred = context_.plan.deferred();
  HF_TRY(ParallelFor(deferred.size(), settings_.workers, context_.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       if (!Wanted(deferred[i])) return {};
                       return PatchOwners(deferred[i]);
                     }));
  std::lock_guard lock(mutex_);
  if (managers_failed_ != 0) {
    report_.Note("the field managers of " + std::to_string(managers_failed_) +
                 " objects could not be set as the archive has them, among them " +
                 managers_failure_);
  }
  return {};
}

void Applier::CountManagers(ObjectId id, const Error& error) {
  std::lock_guard lock(mutex_);
  if (++managers_failed_ > 1) return;
  managers_failure_ = context_.index.Describe(id) + ": " + error.ToString();
}

Result<bool> Applier::Again(const std::vector<ObjectId>& ids) {
  context_.terminating = Deadline::After(context_.clock, settings_.terminating_timeout);
  std::atomic<bool> recreated = false;
  HF_TRY(ParallelFor(
      ids.size(), settings_.workers, context_.stop,
      [&](size_t i, std::stop_token) -> Status { return OneAgain(ids[i], recreated); }));
  return recreated.load();
}

Status Applier::OneAgain(ObjectId id, std::atomic<bool>& recreated) {
  auto share = budget_.Take(size_t{6} * context_.index.BodyBytes(id), context_.stop);
  if (!share) return Fail(ErrorKind::kCancelled, "stopped");
  auto live = Reread(context_, id);
  if (!live) return Record(id, Fail(std::move(live).error()), /*last_chance=*/true);
  Action action = Decider(context_.plan).Decide(id);
  if (!action.writes()) return {};
  bool creates = action.kind == ActionKind::kCreate;
  if (creates) recreated = true;
  std::string component = *live && !creates ? LastControlPlaneWriter(**live) : std::string();
  if (!component.empty()) {
    HF_ASSIGN(std::string paths, Differing(id, **live));
    report_.With([&](Report& report) {
      report.rewritten.Add(
          context_.index.Describe(id),
          component + " changed it while the restore ran" + paths + ", and it was left so");
    });
    return {};
  }
  report_.With([&](Report& report) {
    report.rewritten.Add(context_.index.Describe(id),
                         creates ? "another client deleted it while the restore ran"
                                 : "another client changed it while the restore ran");
  });
  return Record(id, WriteObject(context_, id, action), /*last_chance=*/true);
}

// " (spec.replicas, data["a.b"])", or nothing where no field that is compared differs.
Result<std::string> Applier::Differing(ObjectId id, std::string_view live) const {
  constexpr size_t kMostPaths = 3;
  HF_ASSIGN(std::string body, context_.index.Body(id));
  std::string text;
  for (const std::string& path :
       DifferingPaths(context_.index.Type(id).special, body, live, true, kMostPaths))
    text += (text.empty() ? " (" : ", ") + path;
  return text.empty() ? text : text + ")";
}

bool Applier::Wanted(ObjectId id) const {
  return settings_.only_types.empty() || settings_.only_types[context_.index.TypeOf(id)];
}

Status Applier::RunAll(const std::vector<ObjectId>& ids, bool last_chance) {
  return ParallelFor(ids.size(), settings_.workers, context_.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       if (!Wanted(ids[i])) return {};
                       return One(ids[i], last_chance);
                     });
}

Status Applier::One(ObjectId id, bool last_chance) {
  const std::vector<std::string>& own = settings_.own_objects;
  if (std::find(own.begin(), own.end(), OwnKey(context_.index, id)) != own.end()) {
    outcomes_.Set(id, Outcomes::What::kSkipped, false);
    report_.With([&](Report& report) {
      report.skipped.Add(context_.index.Describe(id), "it belongs to the running restore");
    });
    Done();
    return {};
  }
  Action action = ActionOf(id);
  if (auto webhook = webhooks_.Holding(id, action.kind)) {
    if (!last_chance) {
      HoldBack(id);
      return {};
    }
    // The code tells it from an API server that is gone.
    Error held(ErrorKind::kUnavailable,
               "not tried: " + webhook->Describe() + ", which is called for it, does not answer");
    return Record(id, Fail(std::move(held).Code(500)), true);
  }
  // The archived text, the body made of it, the answer, what is cut out of them, and the forms in
  // which body and answer are compared.
  auto share = budget_.Take(size_t{6} * context_.index.BodyBytes(id), context_.stop);
  if (!share) return Fail(ErrorKind::kCancelled, "stopped");
  bool status_later = !last_chance && action.status && action.kind != ActionKind::kUpdateStatus &&
                      webhooks_.Holding(id, ActionKind::kUpdateStatus);
  if (status_later) action.status = false;
  Result<Written> written = WriteObject(context_, id, action);
  if (status_later && written) HoldStatusBack(id);
  return Record(id, std::move(written), last_chance);
}

Status Applier::Record(ObjectId id, Result<Written> written, bool last_chance) {
  using What = Outcomes::What;
  if (!written) {
    const Error& error = written.error();
    if (error.kind() == ErrorKind::kCancelled) return Fail(error);
    auto webhook = kube::FailedWebhook(error);
    if (webhook) webhooks_.Failed(id, *webhook, error.message());
    if (!last_chance && (webhook || NamespaceHeldBack(id, error))) {
      HoldBack(id);
      return {};
    }
    if (!last_chance && RefusedByPolicy(error) && !context_.plan.Waves(Phase::kLast).empty()) {
      std::lock_guard lock(mutex_);
      refused_.push_back(id);
      return {};
    }
    if (!outcomes_.WasWritten(id)) outcomes_.Set(id, What::kFailed, false);
    report_.Failed(context_.index.Describe(id), error.ToString());
    Done();
    return CountFailure(error);
  }
  unanswered_ = 0;
  What what = What::kUnchanged;
  switch (written->what) {
    case Written::What::kNothing: break;
    case Written::What::kCreated: what = What::kCreated; break;
    case Written::What::kUpdated: what = What::kUpdated; break;
    case Written::What::kStatusOnly: what = What::kStatusOnly; break;
    case Written::What::kForgiven: what = What::kSkipped; break;
  }
  // What was held back is the status of an object that was created or updated before.
  if (what == What::kStatusOnly && outcomes_.WasWritten(id)) what = outcomes_.Get(id);
  outcomes_.Set(id, what, written->status);
  if (written->recreated) outcomes_.SetRecreated();
  RecordLost(id, *written);
  for (std::string& text : written->warnings)
    report_.Warning(context_.index.Describe(id), std::move(text));
  bool said = !written->dropped_owners.empty() || !written->kept_crd_versions.empty() ||
              !written->notes.empty() || !written->left.empty() ||
              written->what == Written::What::kForgiven;
  if (said) {
    std::string object = context_.index.Describe(id);
    report_.With([&](Report& report) {
      for (std::string& text : written->dropped_owners) {
        report.dropped_owners.Add(object, std::move(text));
      }
      for (std::string& text : written->kept_crd_versions) {
        report.kept_versions.Add(object, std::move(text));
      }
      for (std::string& text : written->left) {
        report.left.Add(object, std::move(text));
      }
      for (std::string& text : written->notes) {
        if (written->what == Written::What::kForgiven) {
          report.skipped.Add(object, "refused, and left as it is: " + text);
        } else {
          report.notes.push_back(object + ": " + text);
        }
      }
    });
  }
  if (written->managers) CountManagers(id, *written->managers);
  Status go_on;
  if (written->incomplete) {
    if (written->incomplete->kind() == ErrorKind::kCancelled) {
      return Fail(std::move(*written->incomplete));
    }
    auto webhook = kube::FailedWebhook(*written->incomplete);
    if (webhook) webhooks_.Failed(id, *webhook, written->incomplete->message());
    if (webhook && !last_chance) {
      HoldStatusBack(id);
      return {};
    }
    report_.Failed(context_.index.Describe(id), written->incomplete->ToString());
    go_on = CountFailure(*written->incomplete);
  }
  Done();
  return go_on;
}

// What the server has not kept of it, once an object.
void Applier::RecordLost(ObjectId id, const Written& written) {
  if (written.lost.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (!lost_.insert(id).second) return;
  }
  report_.Failed(
      context_.index.Describe(id),
      "it was written, but the API server has not kept all of it: " + JoinedFields(written.lost) +
          " (the schema of the cluster's type lacks the field, or an admission webhook "
          "or policy changes it)");
}

// Its Namespace may come at the end, and so may the object.
bool Applier::NamespaceHeldBack(ObjectId id, const Error& error) {
  if (error.kind() != ErrorKind::kNotFound) return false;
  std::lock_guard lock(mutex_);
  return namespaces_held_back_.contains(context_.index.Namespace(id));
}

Status Applier::PatchOwners(ObjectId id) {
  if (outcomes_.Get(id) == Outcomes::What::kFailed || !context_.live[id].exists()) return {};
  const kube::ResourceType& type = context_.types[context_.index.TypeOf(id)].type;
  std::string_view ns = context_.index.Namespace(id), name = context_.index.Name(id);
  kube::WriteOptions options;
  auto send = [&]() -> Result<std::string> {
    HF_ASSIGN(std::string patch,
              DeferredOwnersPatch(context_.index, context_.live, context_.plan, id));
    HF_ASSIGN(std::string archived, context_.index.Body(id));
    FieldManagers managers = ManagersOf(archived);
    options.field_manager = managers.main;
    auto patched = context_.api.MergePatch(type, ns, name, patch, options);
    if (!patched || managers.main_exact) return patched;
    auto set = context_.api.MergePatch(
        type, ns, name, ManagedFieldsPatch(archived, *patched, managers.main), options);
    if (!set) CountManagers(id, set.error());
    return set ? set : patched;
  };
  Result<std::string> answer = send();
  if (answer) {
    context_.live.SetLive(id, *answer);
    return {};
  }
  if (answer.error().kind() == ErrorKind::kCancelled) return Fail(std::move(answer).error());
  report_.Failed(context_.index.Describe(id),
                 std::move(answer).error().With("setting its owner references").ToString());
  return {};
}

// Without an API server every further object fails after its own long retries: that would take
// hours.
Status Applier::CountFailure(const Error& error) {
  bool unanswered = error.kind() == ErrorKind::kUnavailable && error.code() == 0;
  if (!unanswered && error.code() != 401) {
    unanswered_ = 0;
    return {};
  }
  if (++unanswered_ < 8) return {};
  Error copy = error;
  return Fail(
      std::move(copy)
          .With("giving up after several objects in a row could not be written")
          .Hint("what was restored stays; run the same restore again, it goes on from there"));
}

void Applier::Done() {
  std::lock_guard lock(mutex_);
  ++done_;
  if (settings_.progress) settings_.progress(done_);
}

}  // namespace holdfast::restore
