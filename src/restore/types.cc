#include "restore/types.h"

namespace holdfast::restore {
namespace {

constexpr uint32_t kAllVerbs = kube::kVerbGet | kube::kVerbList | kube::kVerbWatch |
                               kube::kVerbCreate | kube::kVerbUpdate | kube::kVerbPatch |
                               kube::kVerbDelete | kube::kVerbDeleteCollection;

// As the archive's CRD will make the type; false when no CRD of the archive serves it.
bool FromArchivedCrd(const Index& index, const ArchivedType& type, TypeState& state) {
  for (const ArchivedCrd& crd : index.crds()) {
    if (crd.group != type.gv.group || crd.plural != type.plural) continue;
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

std::string WhyMissing(const kube::Discovery& discovery, const ArchivedType& type) {
  auto group = discovery.Of(type.gv);
  if (!group && group.error().kind() == ErrorKind::kUnavailable) return group.error().ToString();
  return "the cluster has no resource " + type.ResourceName() + " in version " + type.gv.version +
         ", and no CustomResourceDefinition of the archive brings it";
}

}  // namespace

Types Types::Resolve(const Index& index, const kube::Discovery& discovery,
                     const std::set<std::string>& live_crds) {
  Types types;
  types.discovery_ = &discovery;
  std::set<std::string> custom = live_crds;
  for (const ArchivedCrd& crd : index.crds()) custom.insert(crd.plural + "." + crd.group);
  for (const ArchivedType& archived : index.types()) {
    TypeState& state = types.states_.emplace_back();
    if (const kube::ResourceType* live = discovery.ByPlural(archived.gv, archived.plural)) {
      state.type = *live;
      state.exists = true;
      state.writes_status = live->has_status && custom.contains(archived.ResourceName());
      continue;
    }
    if (!FromArchivedCrd(index, archived, state)) {
      state.type = {archived.gv, archived.plural, archived.kind, archived.namespaced != 0, 0,
                    false};
      state.problem = WhyMissing(discovery, archived);
    }
    if (const kube::ResourceType* other =
            discovery.ByGroupPlural(archived.gv.group, archived.plural))
      state.other_version = *other;
  }
  return types;
}

}  // namespace holdfast::restore
