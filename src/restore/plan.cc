#include "restore/plan.h"

#include "restore/plan_impl.h"

namespace holdfast::restore {
namespace {

std::string Joined(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += (text.empty() ? "" : ", ") + path;
  return text + (paths.size() == 1 ? " differs" : " differ");
}

constexpr std::string_view kNewNamespace =
    "neither the cluster nor the archive has this namespace, and the archive has objects in it";

}  // namespace

std::string_view ActionName(ActionKind kind) {
  switch (kind) {
    case ActionKind::kNothing: return "nothing";
    case ActionKind::kCreate: return "create";
    case ActionKind::kUpdate: return "update";
    case ActionKind::kUpdateStatus: return "status";
    case ActionKind::kSkip: return "skip";
    case ActionKind::kCannot: return "cannot";
  }
  return "";
}

std::string Plan::Impl::Reason(ObjectId id, const Action& action) const {
  const TypeState& state = types[index.TypeOf(id)];
  switch (action.reason) {
    case ActionReason::kNone: return "it is as the archive has it";
    case ActionReason::kMissing: return "it is not in the cluster";
    case ActionReason::kTerminating: {
      std::string why = live.WhyGoing(id);
      return why.empty() ? "it is being deleted in the cluster" : why;
    }
    case ActionReason::kGoing: return live.WhyGoing(id) + " and has not gone in time";
    case ActionReason::kDiffers: {
      const std::vector<std::string>& paths = live.Paths(id);
      return paths.empty() ? "it differs" : Joined(paths);
    }
    case ActionReason::kOwnersDiffer: return "metadata.ownerReferences differ";
    case ActionReason::kStatusDiffers: {
      const std::vector<std::string>& paths = live.Paths(id);
      return paths.empty() ? "status differs" : Joined(paths);
    }
    case ActionReason::kIncrement: return "the agents of a restored cluster must connect anew";
    case ActionReason::kOtherVersion:
      return "the cluster has it in version " + state.other_version->gv.version + " only";
    case ActionReason::kBuiltinRole:
    case ActionReason::kRegistrationValues:
    case ActionReason::kRancherDeployment:
    case ActionReason::kControlPlane: return std::string(SkipReason(index.Skip(id)));
    case ActionReason::kChartManaged:
      return "a Helm chart manages the one in the cluster, which is newer or changed on purpose";
    case ActionReason::kNewerEntry:
      return "the archive has it as " + state.type.gv.ToString() + ", too";
    case ActionReason::kNoType: return state.problem;
    case ActionReason::kUnread: return live.WhyUnread(index.TypeOf(id));
    case ActionReason::kWrongScope:
      return state.type.namespaced ? "the archive has it without a namespace, but the cluster's " +
                                         state.type.ResourceName() + " are namespaced"
                                   : "the archive has it in a namespace, but the cluster's " +
                                         state.type.ResourceName() + " are cluster-scoped";
    case ActionReason::kWrongKind:
      return "its kind is " + index.Type(id).kind + ", but the cluster's " +
             state.type.ResourceName() + " are of kind " + state.type.kind;
    case ActionReason::kVerdict: {
      const UpdateVerdict* verdict = options.verdicts->Find(id, live[id].resource_version);
      return verdict == nullptr ? "it differs" : verdict->text;
    }
    case ActionReason::kNotWritable:
      return "the API server does not let " + state.type.ResourceName() + " be written";
  }
  return "";
}

std::vector<std::string> Plan::Impl::Notes(ObjectId id) const {
  std::vector<std::string> notes;
  const Action& action = actions[id];
  LiveObject object = live[id];
  if (!action.writes()) {
    if (object.terminating() && action.kind == ActionKind::kNothing)
      notes.push_back("it is being deleted, as it was when it was backed up, and is left alone");
    return notes;
  }
  std::span<const ArchivedOwner> owners = index.Owners(id);
  if (owners.empty()) return notes;
  std::vector<OwnerDecision> decisions = Owners(id);
  for (size_t i = 0; i < owners.size(); ++i) {
    if (decisions[i].kind != OwnerDecision::Kind::kDrop) continue;
    notes.push_back(owners[i].token ? decisions[i].reason + ": the control plane will delete it"
                                    : "reference left out: " + decisions[i].reason);
  }
  return notes;
}

void Plan::Impl::CountAll() {
  counts.objects = index.size();
  counts.del = deletes.size();
  for (ObjectId id = 0; id < index.size(); ++id) {
    switch (actions[id].kind) {
      case ActionKind::kNothing: ++counts.nothing; break;
      case ActionKind::kCreate: ++counts.create; break;
      case ActionKind::kUpdate: ++counts.update; break;
      case ActionKind::kUpdateStatus: ++counts.status; break;
      case ActionKind::kSkip: ++counts.skip; break;
      case ActionKind::kCannot: ++counts.cannot; break;
    }
    bool main = actions[id].writes() && actions[id].kind != ActionKind::kUpdateStatus;
    if (main && HasIncrement(index.Type(id).special)) reconnecting.push_back(id);
  }
}

Plan Plan::Build(const Index& index, const Types& types, const Live& live,
                 const PlanOptions& options) {
  auto impl = std::make_unique<Impl>(index, types, live, options);
  impl->DecidePrune();
  impl->DecideAll();
  impl->DecideNamespaces();
  impl->MakeOrder();
  impl->CountAll();
  return Plan(std::move(impl));
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

bool Plan::empty() const {
  const PlanCounts& counts = impl_->counts;
  return counts.create + counts.update + counts.status + counts.del == 0;
}
const PlanCounts& Plan::counts() const { return impl_->counts; }
Action Plan::operator[](ObjectId id) const { return impl_->actions[id]; }

Action Decider::Decide(ObjectId id) const {
  const Plan::Impl& impl = *plan_.impl_;
  Action action = impl.Decide(id, impl.options.others_write || !plan_.empty());
  action.deferred_owners = impl.actions[id].deferred_owners;
  return action;
}

const std::vector<std::vector<ObjectId>>& Plan::Waves(Phase phase) const {
  return impl_->waves[static_cast<size_t>(phase)];
}
const std::vector<ObjectId>& Plan::deferred() const { return impl_->deferred; }
std::vector<OwnerDecision> Decider::DecideOwners(ObjectId id) const {
  return plan_.impl_->Owners(id);
}
const std::vector<std::string>& Plan::new_namespaces() const { return impl_->new_namespaces; }
const std::vector<PruneDelete>& Plan::deletes() const { return impl_->deletes; }
const std::vector<PruneKeep>& Plan::kept() const { return impl_->kept; }
const std::vector<std::string>& Plan::prune_refusals() const { return impl_->refusals; }
const std::string& Plan::too_many_deletes() const { return impl_->too_many_deletes; }
const std::vector<ObjectId>& Plan::reconnecting() const { return impl_->reconnecting; }

std::string Plan::ReasonText(ObjectId id) const { return impl_->Reason(id, impl_->actions[id]); }

void Plan::ForEachNote(const std::function<void(ObjectId, const std::string&)>& note) const {
  for (ObjectId id = 0; id < impl_->index.size(); ++id)
    for (const std::string& text : impl_->Notes(id)) note(id, text);
}

void Plan::ForEachLeft(const std::function<void(ObjectId, const std::string&)>& note) const {
  for (ObjectId id = 0; id < impl_->index.size(); ++id) {
    Special special = impl_->index.Type(id).special;
    if (!NeedsSecondLook(special) || impl_->actions[id].writes()) continue;
    if (std::string text = impl_->live.LeftFieldsOf(id); !text.empty()) note(id, text);
  }
}

void Plan::ForEachLine(const std::function<void(PlanLine)>& line) const {
  auto object = [&](ObjectId id) {
    line({std::string(ActionName(impl_->actions[id].kind)), impl_->index.Describe(id),
          ReasonText(id)});
  };
  for (size_t phase = 0; phase < kPhases; ++phase) {
    if (phase == static_cast<size_t>(Phase::kNamespaced)) {
      for (const std::string& name : impl_->new_namespaces)
        line({"create", "namespaces " + name, std::string(kNewNamespace)});
    }
    for (const std::vector<ObjectId>& wave : impl_->waves[phase])
      for (ObjectId id : wave) object(id);
  }
  for (const PruneDelete& doomed : impl_->deletes)
    line({"delete", impl_->live.extras()[doomed.extra].Describe(), "the archive does not have it"});
  for (const PruneKeep& kept : impl_->kept)
    line({kept.going ? "skip" : "keep", impl_->live.extras()[kept.extra].Describe(),
          "the archive does not have it, but " + kept.reason});
  for (ActionKind kind : {ActionKind::kSkip, ActionKind::kCannot})
    for (ObjectId id = 0; id < impl_->index.size(); ++id)
      if (impl_->actions[id].kind == kind) object(id);
}

}  // namespace holdfast::restore
