// The half of a restore that changes the cluster.
#include <algorithm>
#include <utility>

#include "restore/crds.h"
#include "restore/prune.h"
#include "restore/restore_run.h"
#include "restore/run_lock.h"

namespace holdfast::restore {
namespace {

// For scaling up after a failure or a stop, when the run itself may not send anything any more.
constexpr std::chrono::seconds kGrace{30};
// The API server's handler of custom resources learns of a CRD a moment after it was stored.
constexpr std::chrono::seconds kSettling{10};

}  // namespace

Status RestoreRun::Change() {
  std::stop_callback forward(outer_stop_, [this] { inner_stop_.request_stop(); });
  progress_.Phase("taking the Lease");
  HF_ASSIGN(
      auto lease,
      kube::LeaseHold::Acquire(
          client_, LeaseOf(options_.lease_namespace, options_.run_name + ":" + options_.run_uid),
          clock_, log_, CallNow()));
  std::stop_callback lost(lease->lost_token(), [this] { inner_stop_.request_stop(); });
  Status result = Work();
  if (lease->lost()) {
    // Whoever has it now has found the stored counts, and scales up when it is done.
    return Fail(Error(ErrorKind::kConflict, lease->why_lost())
                    .With("the Lease was lost in the middle of the restore"));
  }
  result = ScaleUp(std::move(result));
  Status released = lease->Release({Deadline::After(clock_, kGrace), {}});
  if (!released) {
    report_.Note("the Lease could not be freed, it will expire: " + released.error().ToString());
  }
  return result;
}

// Between here and ScaleUp() controllers may be at zero.
Status RestoreRun::Work() {
  progress_.Phase("scaling controllers down");
  // Again, now that nobody else can be changing it.
  HF_TRY(quiesce_->Adopt(api_));
  if (!quiesce_->adopted_run().empty()) {
    report_.Note("an earlier restore (" + quiesce_->adopted_run() +
                 ") has not ended; its controllers are scaled up with this one's");
  }
  if (!plan_->empty()) {
    static const std::vector<resourceset::ControllerReference> kNone;
    HF_ASSIGN(std::vector<ScaledController> to_come, ControllersToCome());
    HF_TRY(quiesce_->Down(api_, TypeOfDiscovery(discovery()), set_ ? set_->controllers : kNone,
                          to_come, stop_));
  }
  HF_TRY(WriteCrds());
  auto applier = MakeApplier();
  progress_.Phase("restoring cluster-scoped objects");
  HF_TRY(applier->Run(Phase::kClusterScoped));
  progress_.Phase("restoring namespaced objects");
  HF_TRY(applier->Run(Phase::kNamespaced));
  progress_.Phase("restoring webhook configurations and API services");
  HF_TRY(applier->Run(Phase::kLast));
  HF_TRY(applier->Finish());
  HF_TRY(WriteHeldBack());
  NoteWhatIsNotWritten();
  return Prune();
}

// Types that could not be read, once more: what was missing for it (the Service of a webhook, the
// server behind an API) may have come with the restore.
Status RestoreRun::WriteHeldBack() {
  if (!live_->AnyUnread()) return {};
  progress_.Phase("restoring what could not be read before");
  std::vector<bool> only(index_->types().size());
  for (TypeId type = 0; type < only.size(); ++type) only[type] = !live_->WhyUnread(type).empty();
  HF_TRY(live_->Reread(*types_, {}, *lister_, HowToRead()));
  for (TypeId type = 0; type < only.size(); ++type) {
    only[type] = only[type] && live_->WhyUnread(type).empty();
  }
  others_write_ = true;
  HF_TRY(MakePlan());
  if (std::find(only.begin(), only.end(), true) == only.end()) return {};
  auto applier = MakeApplier(std::move(only));
  for (Phase phase : {Phase::kClusterScoped, Phase::kNamespaced, Phase::kLast}) {
    HF_TRY(applier->Run(phase));
  }
  return applier->Finish();
}

ObjectId RestoreRun::ArchivedController(const std::string& api_version, const std::string& resource,
                                        const std::string& ns, const std::string& name) const {
  auto gv = kube::GroupVersion::Parse(api_version);
  return gv ? index_->FindAnyVersion(gv->group, resource, ns, name) : kNoId;
}

// The controllers that are going to be written with replicas.
Result<std::vector<ScaledController>> RestoreRun::ControllersToCome() const {
  std::vector<ScaledController> out;
  if (!set_) return out;
  for (const resourceset::ControllerReference& reference : set_->controllers) {
    ObjectId id =
        ArchivedController(reference.api_version, reference.resource, reference.ns, reference.name);
    if (id == kNoId) continue;
    ActionKind kind = (*plan_)[id].kind;
    if (kind != ActionKind::kCreate && kind != ActionKind::kUpdate) continue;
    HF_ASSIGN(std::string archived, index_->Body(id));
    // Where a Deployment or StatefulSet says nothing, the server fills in 1.
    int64_t unsaid = index_->Type(id).gv.group == "apps" ? 1 : 0;
    int64_t replicas = ReplicasOf(archived).value_or(unsaid);
    if (replicas <= 0) continue;
    out.push_back(
        {reference.api_version, reference.resource, reference.ns, reference.name, replicas});
  }
  return out;
}

std::unique_ptr<Applier> RestoreRun::MakeApplier(std::vector<bool> only_types) {
  ApplySettings settings;
  settings.only_types = std::move(only_types);
  settings.workers = options_.workers;
  settings.terminating_timeout = options_.terminating_timeout;
  settings.own_objects = {
      "configmaps/" + options_.lease_namespace + "/" + std::string(kStateName),
      "leases.coordination.k8s.io/" + options_.lease_namespace + "/" + std::string(kLeaseName)};
  const PlanCounts& counts = plan_->counts();
  settings.progress = [this, total = counts.create + counts.update + counts.status](uint64_t done) {
    progress_.Done(done, total);
  };
  WriteContext context{*index_, *types_, *live_, *plan_, api_, *quiesce_, clock_, stop_};
  context.fresh_types = fresh_types_;
  context.settling = settling_;
  return std::make_unique<Applier>(std::move(context), std::move(settings), *outcomes_, report_);
}

Status RestoreRun::WriteCrds() {
  const auto& waves = plan_->Waves(Phase::kCrds);
  if (std::all_of(waves.begin(), waves.end(), [](const auto& wave) { return wave.empty(); })) {
    return {};
  }
  progress_.Phase("restoring CRDs");
  HF_TRY(MakeApplier()->Run(Phase::kCrds));
  std::vector<std::string> names;
  std::vector<const ArchivedCrd*> served;
  for (const ArchivedCrd& crd : index_->crds()) {
    if (!outcomes_->WasWritten(crd.object)) continue;
    names.emplace_back(index_->Name(crd.object));
    served.push_back(&crd);
  }
  if (names.empty()) return {};
  others_write_ = true;
  progress_.Phase("waiting for CRDs to be established");
  HF_TRY(WaitEstablished(api_, names, options_.established_timeout, report_, clock_, stop_));
  auto fetch = [this] { return kube::Discovery::Fetch(client_, CallNow()); };
  HF_ASSIGN(kube::Discovery found,
            WaitServed(fetch, served, options_.established_timeout, report_, clock_, stop_));
  discoveries_.push_back(std::move(found));
  return AdoptNewTypes();
}

// Objects of types that have come or changed are read again, and everything is planned anew:
// nothing but the CRDs has been written so far.
Status RestoreRun::AdoptNewTypes() {
  progress_.Phase("comparing what the CRDs have changed");
  std::vector<TypeId> changed;
  fresh_types_.assign(index_->types().size(), false);
  for (const ArchivedCrd& crd : index_->crds()) {
    if (!outcomes_->WasWritten(crd.object)) continue;
    crd_names_.emplace(index_->Name(crd.object));
    for (TypeId type = 0; type < index_->types().size(); ++type) {
      const ArchivedType& archived = index_->types()[type];
      if (archived.gv.group != crd.group || archived.plural != crd.plural) continue;
      fresh_types_[type] = true;
      // A CRD that has just come has no objects yet.
      if (outcomes_->Get(crd.object) != Outcomes::What::kCreated) changed.push_back(type);
    }
  }
  settling_ = Deadline::After(clock_, kSettling);
  types_ = Types::Resolve(*index_, discovery(), crd_names_);
  HF_TRY(SelectExtras());
  HF_TRY(live_->Reread(*types_, changed, *lister_, HowToRead()));
  HF_TRY(IgnoreHeldReplicas());
  return MakePlan();
}

Status RestoreRun::Prune() {
  if (plan_->deletes().empty()) return {};
  progress_.Phase("pruning");
  std::vector<const ExtraObject*> doomed;
  for (const PruneDelete& one : plan_->deletes()) {
    doomed.push_back(&live_->extras()[one.extra]);
  }
  PruneSettings settings;
  settings.delete_timeout = options_.delete_timeout;
  return restore::Prune(api_, live_->uids(), doomed, settings, report_, clock_, stop_);
}

Status RestoreRun::ScaleUp(Status work) {
  quiesce_->LeaveAlone([this](const ScaledController& c) {
    ObjectId id = ArchivedController(c.api_version, c.resource, c.ns, c.name);
    using What = Outcomes::What;
    What what = id == kNoId ? What::kUntouched : outcomes_->Get(id);
    return what == What::kUntouched || what == What::kFailed || what == What::kSkipped;
  });
  if (quiesce_->anything()) progress_.Phase("scaling controllers up");
  ClientApi api(client_, kube::Call{Deadline::After(clock_, kGrace), {}});
  Status up = quiesce_->Up(api, TypeOfDiscovery(discovery()));
  if (up) return work;
  if (work) {
    report_.Failed("controllers", up.error().ToString());
    return work;
  }
  Error both(work.error().kind(), work.error().message() + "; and then: " + up.error().ToString());
  return Fail(std::move(both));
}

}  // namespace holdfast::restore
