// Which live objects that the archive does not have are deleted, and which never are (D16).
#include <map>

#include "archive/entry_name.h"
#include "restore/plan_impl.h"

namespace holdfast::restore {
namespace {

bool IsCore(const ExtraObject& extra, std::string_view plural) {
  return extra.type->gv.group.empty() && extra.type->plural == plural;
}

// To delete it once more would change nothing, and would never end (its pods, its contents or its
// objects must go first).
bool GoesByItself(const ExtraObject& extra) { return extra.terminating && !extra.held; }

// Named by a path as archives have it, in whatever version.
bool IsNamed(const ExtraObject& extra, const std::string& path) {
  auto name = archive::EntryName::Parse(path);
  return name && name->group == extra.type->gv.group && name->plural == extra.type->plural &&
         name->ns == extra.ns && name->name == extra.name;
}

bool IsOwnCrd(const ExtraObject& extra) {
  return extra.type->gv.group == "apiextensions.k8s.io" &&
         (extra.name == "backups.resources.cattle.io" ||
          extra.name == "restores.resources.cattle.io" ||
          extra.name == "resourcesets.resources.cattle.io");
}

// Deleting a CRD deletes all its objects, also those just restored.
bool MakesArchivedType(const Index& index, const ExtraObject& extra) {
  if (extra.type->gv.group != "apiextensions.k8s.io") return false;
  size_t dot = extra.name.find('.');
  return dot != std::string_view::npos &&
         index.HasAnyVersion(extra.name.substr(dot + 1), extra.name.substr(0, dot));
}

}  // namespace

std::string Plan::Impl::WhyProtected(const ExtraObject& extra) const {
  if (IsCore(extra, "namespaces")) {
    if (extra.name == options.operator_namespace) return "it is the operator's namespace";
    if (extra.name.starts_with("kube-") || extra.name == "default")
      return "the namespace belongs to the control plane";
  }
  if (extra.ns.starts_with("kube-")) return "its namespace belongs to the control plane";
  if (!extra.ns.empty() && extra.ns == options.operator_namespace)
    return "it is in the operator's namespace";
  if (IsOwnCrd(extra)) return "it is one of the operator's own CustomResourceDefinitions";
  if (IsCore(extra, "namespaces") && index.HasObjectsIn(extra.name))
    return "the archive has objects in it";
  if (!options.prune_volumes) {
    if (IsCore(extra, "persistentvolumes") || IsCore(extra, "persistentvolumeclaims"))
      return "its data would be deleted with it (--prune-volumes, spec.pruneVolumes of a Restore, "
             "allows that)";
    if (IsCore(extra, "namespaces") &&
        options.namespaces_with_claims.contains(std::string(extra.name)))
      return "PersistentVolumeClaims are in it (--prune-volumes, spec.pruneVolumes of a Restore, "
             "allows to delete them)";
  }
  if (MakesArchivedType(index, extra)) return "the archive has objects of it";
  if (!options.service_account.empty()) {
    size_t slash = options.service_account.find('/');
    std::string_view account = options.service_account;
    bool same_namespace = extra.ns == account.substr(0, slash);
    bool is_account = IsCore(extra, "serviceaccounts") && slash != std::string_view::npos &&
                      extra.name == account.substr(slash + 1);
    if (same_namespace && is_account) return "it is the ServiceAccount of this restore";
    if (same_namespace && extra.account_token)
      return "it may be the token of this restore's ServiceAccount";
  }
  for (const std::string& path : options.keep)
    if (IsNamed(extra, path)) return "this restore uses it";
  return {};
}

// What stays because of what else stays: an object that is owned by one that stays, a Namespace or
// a CRD with anything in it that stays (deleting it deletes that too), and the owner of an object
// that stays (the garbage collector deletes what a deleted object owned). `by_uid` has the extras
// by their uid, `archived` the uids of archived objects that own an extra.
void Plan::Impl::KeepWithKept(const std::map<Uid, uint32_t>& by_uid, const std::set<Uid>& archived,
                              std::vector<bool>& doomed_extras,
                              std::vector<PruneKeep>& keeps) const {
  const std::vector<ExtraObject>& extras = live.extras();
  std::map<std::string, uint32_t, std::less<>> namespaces, crds;
  for (uint32_t i = 0; i < extras.size(); ++i) {
    if (IsCore(extras[i], "namespaces")) namespaces.emplace(extras[i].name, i);
    if (extras[i].type->gv.group == "apiextensions.k8s.io") crds.emplace(extras[i].name, i);
  }
  std::vector<uint32_t> stay;  // whose surroundings are still to be looked at
  for (const PruneKeep& keep : keeps) stay.push_back(keep.extra);
  auto keep = [&](uint32_t extra, std::string why) {
    if (!doomed_extras[extra]) return;
    doomed_extras[extra] = false;
    keeps.push_back({extra, std::move(why), false});
    stay.push_back(extra);
  };
  auto surroundings = [&](uint32_t i) {
    const ExtraObject& kept_one = extras[i];
    if (GoesByItself(kept_one)) return;  // it goes by itself and holds nothing
    std::string what = kept_one.Describe() + ", which stays";
    if (auto it = namespaces.find(kept_one.ns); !kept_one.ns.empty() && it != namespaces.end())
      keep(it->second, "it holds " + what);
    if (auto it = crds.find(kept_one.type->ResourceName()); it != crds.end())
      keep(it->second, "it defines " + what);
    for (const ExtraObject::Owner& owner : kept_one.owners)
      if (auto it = by_uid.find(owner.uid); it != by_uid.end()) keep(it->second, "it owns " + what);
  };
  for (;;) {
    while (!stay.empty()) {
      uint32_t next = stay.back();
      stay.pop_back();
      surroundings(next);
    }
    for (uint32_t i = 0; i < extras.size(); ++i) {
      for (const ExtraObject::Owner& owner : extras[i].owners) {
        auto extra_owner = by_uid.find(owner.uid);
        bool stays = extra_owner != by_uid.end()
                         ? !doomed_extras[extra_owner->second]
                         : archived.contains(owner.uid) || live.OwnerIsLive(owner);
        if (stays) keep(i, "an object that stays owns it");
      }
    }
    if (stay.empty()) return;
  }
}

// Takes out of `doomed` (by the number of the extra) what must stay; each with its reason.
std::vector<PruneKeep> Plan::Impl::Protected(std::vector<bool>& doomed_extras) const {
  const std::vector<ExtraObject>& extras = live.extras();
  std::vector<PruneKeep> keeps;
  std::map<Uid, uint32_t> by_uid;
  for (uint32_t i = 0; i < extras.size(); ++i) {
    // The same object seen through a second version of its resource.
    if (!by_uid.try_emplace(extras[i].uid, i).second) {
      doomed_extras[i] = false;
      continue;
    }
    std::string why = WhyProtected(extras[i]);
    if (why.empty()) continue;
    doomed_extras[i] = false;
    keeps.push_back({i, std::move(why), false});
  }
  // Of the owners, those that are objects of the archive; the live set is large, the wanted one
  // not.
  std::set<Uid> archived;
  for (const ExtraObject& extra : extras)
    for (const ExtraObject::Owner& owner : extra.owners) archived.insert(owner.uid);
  if (!archived.empty()) {
    std::set<Uid> found;
    for (ObjectId id = 0; id < index.size(); ++id) {
      LiveObject object = live[id];
      if (object.exists() && archived.contains(object.uid)) found.insert(object.uid);
    }
    archived.swap(found);
  }
  KeepWithKept(by_uid, archived, doomed_extras, keeps);
  return keeps;
}

void Plan::Impl::DecidePrune() {
  if (!options.prune) return;
  const std::vector<ExtraObject>& extras = live.extras();
  std::vector<bool> doomed_extras(extras.size(), true);
  kept = Protected(doomed_extras);
  std::map<std::string, uint64_t> whole_types;
  for (uint32_t i = 0; i < extras.size(); ++i) {
    if (!doomed_extras[i] || GoesByItself(extras[i])) continue;
    const kube::ResourceType& type = *extras[i].type;
    if (!HasType(index, type.gv.group, type.plural)) ++whole_types[type.ResourceName()];
  }
  if (!options.allow_missing_types) {
    for (const auto& [type, count] : whole_types)
      refusals.push_back("the archive has no " + type +
                         " at all, but its ResourceSet selects them: " + std::to_string(count) +
                         " in the cluster would be deleted");
  }
  if (!refusals.empty()) return;
  for (uint32_t i = 0; i < extras.size(); ++i) {
    if (!doomed_extras[i]) continue;
    if (GoesByItself(extras[i])) {
      kept.push_back({i, "it is being deleted already", true});
    } else {
      deletes.push_back({i});
    }
    if (!extras[i].uid.empty()) doomed.insert(extras[i].uid);
  }
  uint64_t selected = extras.size();
  for (ObjectId id = 0; id < index.size(); ++id) selected += live[id].exists() ? 1 : 0;
  if (deletes.size() > options.max_deletes.Most(selected)) {
    too_many_deletes = "prune would delete " + std::to_string(deletes.size()) + " of " +
                       std::to_string(selected) + " objects, and the limit is " +
                       options.max_deletes.ToString();
  }
}

}  // namespace holdfast::restore
