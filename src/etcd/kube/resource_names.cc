#include "etcd/kube/resource_names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/json_scan.h"
#include "etcd/kube/schema.h"

namespace holdfast::etcd {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Resources that lie under another name than their plural.
constexpr Pair kOldNames[] = {{"nodes", "minions"},
                              {"services", "services/specs"},
                              {"endpoints", "services/endpoints"},
                              {"replicationcontrollers", "controllers"},
                              {"ingresses", "ingress"},
                              {"podsecuritypolicies", "podsecuritypolicy"}};

// Kubernetes' own types that are stored as custom ones are.
constexpr Pair kStoredByGroup[] = {{"customresourcedefinitions", "apiextensions.k8s.io"},
                                   {"apiservices", "apiregistration.k8s.io"}};

// kubectl's short names.
constexpr Pair kShortNames[] = {{"cm", "configmaps"},
                                {"ep", "endpoints"},
                                {"ev", "events"},
                                {"limits", "limitranges"},
                                {"ns", "namespaces"},
                                {"no", "nodes"},
                                {"pvc", "persistentvolumeclaims"},
                                {"pv", "persistentvolumes"},
                                {"po", "pods"},
                                {"rc", "replicationcontrollers"},
                                {"quota", "resourcequotas"},
                                {"sa", "serviceaccounts"},
                                {"svc", "services"},
                                {"ds", "daemonsets"},
                                {"deploy", "deployments"},
                                {"rs", "replicasets"},
                                {"sts", "statefulsets"},
                                {"hpa", "horizontalpodautoscalers"},
                                {"cj", "cronjobs"},
                                {"csr", "certificatesigningrequests"},
                                {"ing", "ingresses"},
                                {"netpol", "networkpolicies"},
                                {"pdb", "poddisruptionbudgets"},
                                {"pc", "priorityclasses"},
                                {"sc", "storageclasses"},
                                {"vac", "volumeattributesclasses"},
                                {"crd", "customresourcedefinitions"},
                                {"crds", "customresourcedefinitions"}};

// First parts of keys that hold the API server's own bookkeeping.
constexpr std::string_view kNoObjects[] = {"ranges", "masterleases", "peerserverleases", "health"};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view GroupOf(std::string_view api_version) {
  size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

// Groups that serve others' resources under the others' keys.
bool IsAlias(std::string_view group) { return group == "extensions" || group == "events.k8s.io"; }

}  // namespace

ResourceNames::ResourceNames() {
  for (const SchemaKind& kind : SchemaKinds()) {
    std::string_view group = GroupOf(kind.api_version);
    auto [at, added] = builtin_.try_emplace(std::string(kind.plural));
    Builtin& builtin = at->second;
    builtin.groups.emplace_back(group);
    if (added || !IsAlias(group)) {
      builtin.group = group;
      builtin.namespaced = kind.namespaced;
    }
    spellings_[std::string(kind.plural)] = kind.plural;
    spellings_[Lower(kind.kind)] = kind.plural;
  }
  for (const auto& [plural, group] : kStoredByGroup) {
    builtin_[std::string(plural)] = {std::string(group), {std::string(group)}, false};
    spellings_[std::string(plural)] = plural;
    spellings_[std::string(plural.substr(0, plural.size() - 1))] = plural;
  }
  for (const auto& [name, plural] : kShortNames) spellings_[std::string(name)] = plural;
}

void ResourceNames::AddCrd(std::string_view json) {
  auto group = json::FindString(json, {"spec", "group"});
  auto plural = json::FindString(json, {"spec", "names", "plural"});
  auto kind = json::FindString(json, {"spec", "names", "kind"});
  if (!group || !plural || !kind) return;
  CustomType type{{*plural, *group}, *kind, {}, false};
  type.namespaced = json::FindString(json, {"spec", "scope"}) == "Namespaced";
  auto versions = json::Find(json, {"spec", "versions"});
  for (json::ArrayReader list(versions.value_or("")); auto version = list.Next();) {
    if (json::Find(*version, {"served"}) != "true") continue;
    if (auto name = json::FindString(*version, {"name"})) type.versions.push_back(*name);
  }
  std::vector<std::string> names = {Lower(*plural), Lower(*kind)};
  if (auto singular = json::FindString(json, {"spec", "names", "singular"}))
    names.push_back(Lower(*singular));
  auto shorts = json::Find(json, {"spec", "names", "shortNames"});
  for (json::ArrayReader list(shorts.value_or("")); auto name = list.Next();)
    names.push_back(Lower(json::StringOf(*name)));
  custom_.push_back(std::move(type));
  custom_names_.push_back(std::move(names));
}

std::optional<KubeResource> ResourceNames::Resolve(std::string_view text) const {
  size_t dot = text.find('.');
  std::string name = Lower(text.substr(0, dot));
  std::string group = dot == std::string_view::npos ? "" : std::string(text.substr(dot + 1));
  // "deployments.v1.apps": nothing else begins with v and a digit.
  if (group.size() > 1 && group[0] == 'v' && std::isdigit(static_cast<unsigned char>(group[1])))
    group = group.find('.') == std::string::npos ? "" : group.substr(group.find('.') + 1);
  bool any_group = group.empty();
  auto spelling = spellings_.find(name);
  if (spelling != spellings_.end()) {
    const Builtin& builtin = builtin_.find(spelling->second)->second;
    bool of_group =
        std::find(builtin.groups.begin(), builtin.groups.end(), group) != builtin.groups.end();
    if (any_group || of_group) return KubeResource{spelling->second, builtin.group};
  }
  for (size_t i = 0; i < custom_.size(); ++i) {
    const auto& names = custom_names_[i];
    if ((any_group || custom_[i].resource.group == group) &&
        std::find(names.begin(), names.end(), name) != names.end())
      return custom_[i].resource;
  }
  if (any_group) return std::nullopt;
  return KubeResource{name, group};
}

std::optional<ObjectKey> ResourceNames::ParseKey(std::string_view rest) const {
  std::array<std::string_view, 4> part;
  size_t parts = 0;
  while (!rest.empty()) {
    if (rest.front() != '/' || parts == part.size()) return std::nullopt;
    rest.remove_prefix(1);
    size_t slash = std::min(rest.find('/'), rest.size());
    part[parts] = rest.substr(0, slash);
    if (part[parts++].empty()) return std::nullopt;
    rest.remove_prefix(slash);
  }
  ObjectKey key;
  size_t at = 1;  // the first part behind the resource
  if (part[0].find('.') != std::string_view::npos) {
    key.group = part[0];
    key.plural = part[1];
    at = 2;
  } else {
    if (std::find(std::begin(kNoObjects), std::end(kNoObjects), part[0]) != std::end(kNoObjects))
      return std::nullopt;
    key.plural = part[0];
    if (part[0] == "services") {
      if (part[1] != "specs" && part[1] != "endpoints") return std::nullopt;
      key.plural = part[1] == "specs" ? "services" : "endpoints";
      at = 2;
    } else {
      for (const auto& [plural, old] : kOldNames)
        if (old == part[0]) key.plural = plural;
    }
    auto builtin = builtin_.find(key.plural);
    if (builtin != builtin_.end()) key.group = builtin->second.group;
  }
  if (parts == at + 1) {
    key.name = part[at];
  } else if (parts == at + 2) {
    key.ns = part[at];
    key.name = part[at + 1];
  } else {
    return std::nullopt;
  }
  return key;
}

bool ResourceNames::IsBuiltin(const KubeResource& resource) const {
  auto builtin = builtin_.find(resource.plural);
  return builtin != builtin_.end() && builtin->second.group == resource.group;
}

std::string ResourceNames::FolderOf(const KubeResource& resource) const {
  bool by_group = std::any_of(std::begin(kStoredByGroup), std::end(kStoredByGroup),
                              [&](const Pair& pair) { return pair.first == resource.plural; });
  if (!IsBuiltin(resource) || by_group) return resource.group + "/" + resource.plural;
  for (const auto& [plural, old] : kOldNames)
    if (plural == resource.plural) return std::string(old);
  return resource.plural;
}

std::optional<bool> ResourceNames::Namespaced(const KubeResource& resource) const {
  if (IsBuiltin(resource)) return builtin_.find(resource.plural)->second.namespaced;
  for (const CustomType& type : custom_)
    if (type.resource == resource) return type.namespaced;
  return std::nullopt;
}

}  // namespace holdfast::etcd
