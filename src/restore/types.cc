#include "restore/types.h"

namespace holdfast::restore {
namespace {

constexpr uint32_t kAllVerbs = kube::kVerbGet | kube::kVerbList | kube::kVerbWatch |
                               kube::kVerbCreate | kube::kVerbUpdate | kube::kVerbPatch |
                               kube::kVerbDelete | kube::kVerbDeleteCollection;

// A CRD in a version that the cluster does not take, as apiextensions.k8s.io/v1beta1, brings
// nothing.
bool CanCome(const Index& index, const kube::Discovery& discovery, const ArchivedCrd& crd) {
  const ArchivedType& own = index.Type(crd.object);
  return discovery.ByPlural(own.gv, own.plural) != nullptr;
}

// As the archive's CRD will make the type; false when no CRD of the archive serves it.
bool FromArchivedCrd(const Index& index, const kube::Discovery& discovery, const ArchivedType& type,
                     TypeState& state) {
  for (const ArchivedCrd& crd : index.crds()) {
    if (crd.group != type.gv.group || crd.plural != type.plural) continue;
    if (!CanCome(index, discovery, crd)) continue;
    for (const ArchivedCrd::Version& version : crd.versions) {
      if (version.name != type.gv.version || !version.served) continue;
      state.type = {type.gv, type.plural, crd.kind, crd.namespaced, kAllVerbs, version.status};
      state.from_crd = true;
      state.writes_status = version.status;
      return true;
    }
  }
  return false;
}

// Of a version that nobody serves: what the cluster, or the archive's CRD, has instead.
std::string Unserved(const ArchivedType& type, const std::vector<std::string>& served,
                     const std::string& why) {
  std::string versions;
  for (const std::string& version : served) versions += (versions.empty() ? "" : ", ") + version;
  return "the cluster serves " + type.ResourceName() + " in version " + versions +
         " only, not in " + type.gv.version + " as archived, and " + why +
         "; convert the object to that version and apply it by hand";
}

std::vector<std::string> ServedOf(const kube::Discovery& discovery, const ArchivedType& type) {
  std::vector<std::string> served;
  for (const kube::GroupVersion& gv : discovery.group_versions())
    if (gv.group == type.gv.group && discovery.ByPlural(gv, type.plural) != nullptr)
      served.push_back(gv.ToString());
  return served;
}

const ArchivedCrd* ArchivedCrdOf(const Index& index, const ArchivedType& type) {
  for (const ArchivedCrd& crd : index.crds())
    if (crd.group == type.gv.group && crd.plural == type.plural) return &crd;
  return nullptr;
}

std::string WhyMissing(const Index& index, const kube::Discovery& discovery,
                       const ArchivedType& type) {
  auto group = discovery.Of(type.gv);
  if (!group && group.error().kind() == ErrorKind::kUnavailable) return group.error().ToString();
  std::vector<std::string> served = ServedOf(discovery, type);
  if (!served.empty()) return Unserved(type, served, "its fields have changed since then");
  const ArchivedCrd* crd = ArchivedCrdOf(index, type);
  if (crd != nullptr && !CanCome(index, discovery, *crd))
    return "its CustomResourceDefinition " + type.ResourceName() + " is archived as " +
           index.Type(crd->object).gv.ToString() + ", which the cluster does not serve";
  return "the cluster has no resource " + type.ResourceName() + " in version " + type.gv.version +
         ", and no CustomResourceDefinition of the archive brings it";
}

// A custom resource in a version that its CRD does not serve. Between its versions the API server
// changes nothing but apiVersion, unless a webhook converts, which it asks for served ones only.
void TakeOtherVersion(const Index& index, const kube::Discovery& discovery, const CrdFacts& facts,
                      const ArchivedType& archived, TypeState& state) {
  const ArchivedCrd* coming = ArchivedCrdOf(index, archived);
  const std::string name = archived.ResourceName();
  Result<std::string> text = Fail(ErrorKind::kNotFound, "it is not known");
  if (coming != nullptr && !CanCome(index, discovery, *coming)) coming = nullptr;
  if (coming != nullptr && !facts.failed.contains(name))
    text = index.Body(coming->object);
  else if (facts.read && facts.live.contains(name))
    text = facts.read(name);
  else if (coming == nullptr && !facts.live.contains(name))
    return;
  if (!text) {
    std::vector<std::string> served = ServedOf(discovery, archived);
    if (!served.empty())
      state.problem =
          Unserved(archived, served,
                   "its CustomResourceDefinition cannot be read: " + text.error().ToString());
    return;
  }
  CrdVersions versions = VersionsOf(*text);
  if (versions.served.empty()) return;
  if (versions.webhook) {
    std::vector<std::string> names;
    for (const std::string& version : versions.served)
      names.push_back(archived.gv.group + "/" + version);
    state.problem =
        Unserved(archived, names, "its conversion webhook is asked for served ones only");
    return;
  }
  kube::GroupVersion gv{archived.gv.group, versions.served.front()};
  if (const kube::ResourceType* live = discovery.ByPlural(gv, archived.plural)) {
    state.type = *live;
    state.exists = true;
    state.writes_status = live->has_status;
  } else if (coming != nullptr) {
    ArchivedType wanted = archived;
    wanted.gv = gv;
    if (!FromArchivedCrd(index, discovery, wanted, state)) return;
  } else {
    return;
  }
  state.change = VersionChange::kSame;
  state.problem.clear();
}

}  // namespace

bool HasType(const Index& index, std::string_view group, std::string_view plural) {
  std::string_view former = FormerGroup(group, plural);
  return index.HasAnyVersion(group, plural) ||
         (!former.empty() && index.HasAnyVersion(former, plural));
}

Types Types::Resolve(const Index& index, const kube::Discovery& discovery, const CrdFacts& facts) {
  Types types;
  types.discovery_ = &discovery;
  std::set<std::string> custom = facts.live;
  for (const ArchivedCrd& crd : index.crds()) custom.insert(crd.plural + "." + crd.group);
  for (const ArchivedType& archived : index.types()) {
    TypeState& state = types.states_.emplace_back();
    state.custom = custom.contains(archived.ResourceName());
    if (const kube::ResourceType* live = discovery.ByPlural(archived.gv, archived.plural)) {
      state.type = *live;
      state.exists = true;
      state.writes_status = live->has_status && state.custom;
      continue;
    }
    auto failed = facts.failed.find(archived.ResourceName());
    if (failed != facts.failed.end() || !FromArchivedCrd(index, discovery, archived, state)) {
      state.type = {archived.gv, archived.plural, archived.kind, archived.namespaced != 0, 0,
                    false};
      state.problem = WhyMissing(index, discovery, archived);
      if (failed != facts.failed.end())
        state.problem = "its CustomResourceDefinition " + failed->first +
                        " could not be restored: " + failed->second;
      if (auto successor = BuiltInSuccessor(discovery, archived.gv, archived.plural)) {
        state.type = *successor->type;
        state.exists = true;
        state.change = successor->change;
        state.problem.clear();
        continue;
      }
      if (failed == facts.failed.end() && custom.contains(archived.ResourceName()))
        TakeOtherVersion(index, discovery, facts, archived, state);
      if (state.change != VersionChange::kNone) continue;
    }
    if (const kube::ResourceType* other =
            discovery.ByGroupPlural(archived.gv.group, archived.plural))
      state.other_version = *other;
  }
  types.FindPreferred();
  return types;
}

// The served version before all others; of several that are not, the first in the archive.
void Types::FindPreferred() {
  for (TypeId id = 0; id < states_.size(); ++id) {
    TypeState& state = states_[id];
    if (state.change == VersionChange::kNone) continue;
    for (TypeId other = 0; other < states_.size(); ++other) {
      const TypeState& peer = states_[other];
      if (other == id || peer.type.gv != state.type.gv || peer.type.plural != state.type.plural)
        continue;
      if (peer.change == VersionChange::kNone || other < id) state.preferred.push_back(other);
    }
  }
}

std::vector<std::string> Types::ChangedVersions(const Index& index) const {
  std::vector<std::string> lines;
  for (TypeId id = 0; id < states_.size(); ++id) {
    if (states_[id].change == VersionChange::kNone) continue;
    const ArchivedType& type = index.types()[id];
    lines.push_back(type.ResourceName() + " are written as " + states_[id].type.gv.ToString() +
                    " (archive: " + type.gv.ToString() + ")");
  }
  return lines;
}

}  // namespace holdfast::restore
