// What happens to each object of the archive, and to its owner references.
#include "restore/plan_impl.h"

namespace holdfast::restore {
namespace {

ActionReason ReasonOf(SkipRule rule) {
  switch (rule) {
    case SkipRule::kBuiltinRole: return ActionReason::kBuiltinRole;
    case SkipRule::kRegistrationValues: return ActionReason::kRegistrationValues;
    case SkipRule::kRancherDeployment: return ActionReason::kRancherDeployment;
    case SkipRule::kMirrorPod:
    case SkipRule::kControllerEndpoints:
    case SkipRule::kAllocatedAddress:
    case SkipRule::kCertificateRequest:
    case SkipRule::kAutomaticApiService: return ActionReason::kControlPlane;
    case SkipRule::kNone: break;
  }
  return ActionReason::kNone;
}

Action Make(ActionKind kind, ActionReason reason, bool status = false) {
  return {kind, reason, status, false};
}

// There, and not only until a finalizer is done.
bool Stays(const LiveObject& live) {
  return live.exists() && (!live.terminating() || live.was_terminating());
}

}  // namespace

Action Plan::Impl::Base(ObjectId id) const {
  const TypeState& state = types[index.TypeOf(id)];
  if (SkipRule rule = index.Skip(id); rule != SkipRule::kNone)
    return Make(ActionKind::kSkip, ReasonOf(rule));
  if (!state.problem.empty()) return Make(ActionKind::kCannot, ActionReason::kNoType);
  for (TypeId other : state.preferred)
    if (index.Find(other, index.Namespace(id), index.Name(id)) != kNoId)
      return Make(ActionKind::kSkip, ActionReason::kNewerEntry);
  if (state.type.namespaced == index.Namespace(id).empty())
    return Make(ActionKind::kCannot, ActionReason::kWrongScope);
  const std::string& kind = index.Type(id).kind;
  if (!kind.empty() && !state.type.kind.empty() && kind != state.type.kind)
    return Make(ActionKind::kCannot, ActionReason::kWrongKind);

  if (!live.WhyUnread(index.TypeOf(id)).empty())
    return Make(ActionKind::kCannot, ActionReason::kUnread);

  if (options.going_is_final && !live.WhyGoing(id).empty())
    return Make(ActionKind::kCannot, ActionReason::kGoing);

  LiveObject object = live[id];
  bool has_status = state.writes_status && index.HasStatus(id);
  if (!Stays(object)) {
    if (!state.type.Can(kube::kVerbCreate))
      return Make(ActionKind::kCannot, ActionReason::kNotWritable);
    return Make(ActionKind::kCreate,
                object.exists() ? ActionReason::kTerminating : ActionReason::kMissing, has_status);
  }
  Action action;
  if (!state.exists)
    action = Make(ActionKind::kUpdate, ActionReason::kOtherVersion, has_status);
  else if (!object.main_equal() || (!object.status_equal() && !state.type.has_status))
    action = Make(ActionKind::kUpdate, ActionReason::kDiffers);
  else if (!object.status_equal() && has_status)
    action = Make(ActionKind::kUpdateStatus, ActionReason::kStatusDiffers);
  if (action.reason == ActionReason::kDiffers && options.verdicts) {
    if (const UpdateVerdict* verdict = options.verdicts->Find(id, object.resource_version)) {
      switch (verdict->kind) {
        case UpdateVerdict::Kind::kSame:
          action = object.status_equal() || !has_status
                       ? Action()
                       : Make(ActionKind::kUpdateStatus, ActionReason::kStatusDiffers);
          break;
        case UpdateVerdict::Kind::kCannot:
          action = Make(ActionKind::kCannot, ActionReason::kVerdict);
          break;
        case UpdateVerdict::Kind::kRecreate: action.reason = ActionReason::kVerdict; break;
        case UpdateVerdict::Kind::kLossy: break;
      }
    }
  }
  if (has_status && !object.status_equal()) action.status = action.writes();
  if (action.writes() && object.chart_managed() && !options.overwrite_chart_managed)
    return Make(ActionKind::kSkip, ActionReason::kChartManaged);
  if (action.writes() && !state.type.Can(kube::kVerbUpdate))
    return Make(ActionKind::kCannot, ActionReason::kNotWritable);
  return action;
}

Action Plan::Impl::Decide(ObjectId id, bool others_write) const {
  Action action = Base(id);
  if (action.kind != ActionKind::kNothing && action.kind != ActionKind::kUpdateStatus)
    return action;
  if (types[index.TypeOf(id)].type.Can(kube::kVerbUpdate)) {
    if (!OwnersEqual(id)) {
      action.kind = ActionKind::kUpdate;
      action.reason = ActionReason::kOwnersDiffer;
      return action;
    }
    if (others_write && live[id].increment_pending()) {
      action.kind = ActionKind::kUpdate;
      action.reason = ActionReason::kIncrement;
    }
  }
  return action;
}

std::string Plan::Impl::OwnerText(ObjectId id, const ArchivedOwner& owner) const {
  std::string what = owner.token ? "its ServiceAccount " : "its owner ";
  switch (owner.kind) {
    case ArchivedOwner::Target::kObject: return what + index.Describe(owner.target);
    case ArchivedOwner::Target::kExternal: {
      const ExternalOwner& external = index.external_owners()[owner.target];
      return what + external.kind + " " + external.name + " (" + external.gv.ToString() + ")";
    }
    case ArchivedOwner::Target::kMalformed:
    case ArchivedOwner::Target::kNamespacedOwner: break;
  }
  const ArchivedOwner* first = index.Owners(id).data();
  return "owner reference " + std::to_string(&owner - first + 1);
}

OwnerDecision Plan::Impl::DecideOwner(ObjectId id, const ArchivedOwner& owner) const {
  OwnerDecision decision;
  auto drop = [&](const std::string& why) {
    decision.reason = OwnerText(id, owner) + " " + why;
    return decision;
  };
  auto tolerate = [&](const std::string& why) {
    decision.tolerated = true;
    return drop(why);
  };
  auto use = [&](std::string uid) {
    decision.kind = OwnerDecision::Kind::kUid;
    decision.uid = std::move(uid);
    return decision;
  };
  switch (owner.kind) {
    case ArchivedOwner::Target::kMalformed:
      return tolerate("has no usable apiVersion, kind or name");
    case ArchivedOwner::Target::kNamespacedOwner:
      return tolerate("is namespaced, which a cluster-scoped object may not have as an owner");
    case ArchivedOwner::Target::kObject: {
      LiveObject target = live[owner.target];
      Action action = actions.empty() ? Base(owner.target) : actions[owner.target];
      if (!Stays(target) && action.kind == ActionKind::kCreate) {
        decision.kind = OwnerDecision::Kind::kAfter;
        decision.after = owner.target;
        return decision;
      }
      if (action.reason == ActionReason::kUnread)
        return tolerate("is not known: " + live.WhyUnread(index.TypeOf(owner.target)));
      if (target.exists()) return use(live.uids().Text(target.uid));
      if (action.kind == ActionKind::kSkip)
        return drop("is never restored and is not in the cluster");
      return drop("could not be restored");
    }
    case ArchivedOwner::Target::kExternal: {
      const Live::External& state = live.ExternalOwnerState(owner.target);
      if (!state.kind_known) return tolerate("is of a kind that the cluster does not have");
      if (state.namespaced && index.Namespace(id).empty())
        return tolerate("is namespaced, which a cluster-scoped object may not have as an owner");
      if (state.unknown)
        return tolerate("is not known: the cluster's objects of its kind cannot be read");
      if (!state.exists) return drop("is neither in the archive nor in the cluster");
      if (state.going) return drop("is not in the archive and is being deleted in the cluster");
      if (doomed.contains(state.uid)) return drop("is not in the archive and is pruned");
      return use(live.uids().Text(state.uid));
    }
  }
  return decision;
}

// A GlobalRole or RoleTemplate does not hold an object (spec 7.4): beside another owner it is kept
// like that one, alone it is left out.
std::vector<OwnerDecision> Plan::Impl::Owners(ObjectId id) const {
  std::span<const ArchivedOwner> owners = index.Owners(id);
  std::vector<OwnerDecision> decisions;
  decisions.reserve(owners.size());
  bool other_kept = false;
  for (const ArchivedOwner& owner : owners) {
    decisions.push_back(DecideOwner(id, owner));
    other_kept = other_kept || (!owner.role && !owner.token &&
                                decisions.back().kind != OwnerDecision::Kind::kDrop);
  }
  if (other_kept) return decisions;
  for (size_t i = 0; i < owners.size(); ++i) {
    if (!owners[i].role || decisions[i].kind == OwnerDecision::Kind::kDrop) continue;
    decisions[i].tolerated = decisions[i].kind == OwnerDecision::Kind::kUid;
    decisions[i].kind = OwnerDecision::Kind::kDrop;
    decisions[i].reason =
        OwnerText(id, owners[i]) + " is a role, which is not restored as the only owner";
  }
  return decisions;
}

bool Plan::Impl::OwnersEqual(ObjectId id) const {
  std::span<const ArchivedOwner> owners = index.Owners(id);
  std::vector<ExpectedOwner> expected;
  if (!owners.empty()) {
    std::vector<OwnerDecision> decisions = Owners(id);
    for (size_t i = 0; i < owners.size(); ++i) {
      if (decisions[i].kind == OwnerDecision::Kind::kAfter) return false;
      bool keep = decisions[i].kind == OwnerDecision::Kind::kUid || owners[i].token;
      if (!keep && !decisions[i].tolerated) continue;
      const std::string& uid = decisions[i].uid;
      expected.push_back({owners[i].form, uid.empty() ? 0 : index.hasher().Hash64(uid), !keep});
    }
  }
  return live.OwnersEqual(id, expected);
}

void Plan::Impl::DecideNamespaces() {
  std::set<std::string> needed;
  for (ObjectId id = 0; !options.absent_namespaces.empty() && id < index.size(); ++id) {
    if (actions[id].kind != ActionKind::kCreate) continue;
    std::string ns(index.Namespace(id));
    if (options.absent_namespaces.contains(ns)) needed.insert(std::move(ns));
  }
  new_namespaces.assign(needed.begin(), needed.end());
}

void Plan::Impl::DecideAll() {
  // Owners ask for the actions of others without theirs, so two passes are enough.
  std::vector<Action> base;
  base.reserve(index.size());
  for (ObjectId id = 0; id < index.size(); ++id) base.push_back(Base(id));
  actions = std::move(base);
  std::vector<Action> decided;
  decided.reserve(index.size());
  bool writes = options.others_write || !deletes.empty();
  for (ObjectId id = 0; id < index.size(); ++id) {
    decided.push_back(Decide(id, false));
    writes = writes || decided.back().writes();
  }
  for (ObjectId id = 0; writes && id < index.size(); ++id)
    if (HasIncrement(index.Type(id).special) && !decided[id].writes())
      decided[id] = Decide(id, true);
  actions = std::move(decided);
}

}  // namespace holdfast::restore
