#include "resourceset/builtin_types.h"
#include "resourceset/document.h"
#include "resourceset/rbac.h"

namespace holdfast::resourceset {
namespace {

constexpr uint32_t kEveryVerb = kube::kVerbGet | kube::kVerbList | kube::kVerbWatch |
                                kube::kVerbCreate | kube::kVerbUpdate | kube::kVerbPatch |
                                kube::kVerbDelete | kube::kVerbDeleteCollection;

// Types of Kubernetes' own that have a status subresource.
constexpr std::string_view kWithStatus[] = {"namespaces",
                                            "nodes",
                                            "persistentvolumes",
                                            "persistentvolumeclaims",
                                            "pods",
                                            "replicationcontrollers",
                                            "resourcequotas",
                                            "services",
                                            "daemonsets",
                                            "deployments",
                                            "replicasets",
                                            "statefulsets",
                                            "cronjobs",
                                            "jobs",
                                            "customresourcedefinitions",
                                            "apiservices",
                                            "ingresses",
                                            "servicecidrs",
                                            "poddisruptionbudgets",
                                            "volumeattachments",
                                            "validatingadmissionpolicies",
                                            "horizontalpodautoscalers"};

bool TrueAt(const Node& map, std::string_view key) {
  const Node* value = map.Find(key);
  return value != nullptr && value->kind == NodeKind::kBool && value->text == "true";
}

const std::vector<const Node*>& ItemsAt(const Node* map, std::string_view key) {
  static const std::vector<const Node*> kNone;
  const Node* value = map == nullptr ? nullptr : map->Find(key);
  return value != nullptr && value->kind == NodeKind::kList ? value->items : kNone;
}

void AddDefinition(std::vector<kube::ResourceType>& types, const Node& node) {
  const Node* spec = node.Find("spec");
  const Node* names = spec == nullptr ? nullptr : spec->Find("names");
  kube::ResourceType type;
  type.gv.group = TextAt(spec, "group");
  type.plural = TextAt(names, "plural");
  type.kind = TextAt(names, "kind");
  type.namespaced = TextAt(spec, "scope") == "Namespaced";
  type.verbs = kEveryVerb;
  if (type.gv.group.empty() || type.plural.empty()) return;
  for (const Node* version : ItemsAt(spec, "versions")) {
    if (!TrueAt(*version, "served")) continue;
    type.gv.version = TextAt(version, "name");
    const Node* sub = version->Find("subresources");
    type.has_status = sub != nullptr && sub->Find("status") != nullptr;
    types.push_back(type);
  }
}

void AddResourceList(std::vector<kube::ResourceType>& types, const Node& node) {
  auto gv = kube::GroupVersion::Parse(TextAt(&node, "groupVersion"));
  if (!gv) return;
  const size_t first = types.size();
  std::vector<std::string> with_status;
  for (const Node* resource : ItemsAt(&node, "resources")) {
    kube::ResourceType type;
    type.gv = *gv;
    type.plural = TextAt(resource, "name");
    if (type.plural.ends_with("/status"))
      with_status.push_back(type.plural.substr(0, type.plural.rfind('/')));
    if (type.plural.empty() || type.plural.find('/') != std::string::npos) continue;
    type.kind = TextAt(resource, "kind");
    type.namespaced = TrueAt(*resource, "namespaced");
    for (const Node* verb : ItemsAt(resource, "verbs")) {
      if (verb->text == "get") type.verbs |= kube::kVerbGet;
      if (verb->text == "list") type.verbs |= kube::kVerbList;
    }
    if (type.verbs != 0) types.push_back(std::move(type));  // reviews and the like
  }
  for (size_t i = first; i < types.size(); ++i)
    for (const std::string& plural : with_status)
      if (types[i].plural == plural) types[i].has_status = true;
}

void AddTypes(std::vector<kube::ResourceType>& types, const Node& node) {
  if (node.kind != NodeKind::kMap) return;
  const std::string kind = TextAt(&node, "kind");
  if (kind == "CustomResourceDefinition") AddDefinition(types, node);
  if (kind == "APIResourceList") AddResourceList(types, node);
  if (kind == "List" || kind == "CustomResourceDefinitionList")
    for (const Node* item : ItemsAt(&node, "items")) AddTypes(types, *item);
}

}  // namespace

std::vector<kube::ResourceType> BuiltinResourceTypes() {
  std::vector<kube::ResourceType> types;
  for (const BuiltinType& builtin : BuiltinTypes()) {
    auto gv = kube::GroupVersion::Parse(builtin.api_version);
    if (!gv || builtin.plural == "bindings") continue;  // bindings can only be created
    kube::ResourceType type;
    type.gv = *gv;
    type.plural = builtin.plural;
    type.kind = builtin.kind;
    type.namespaced = builtin.namespaced;
    type.verbs = kEveryVerb;
    for (std::string_view plural : kWithStatus)
      if (plural == builtin.plural) type.has_status = true;
    types.push_back(std::move(type));
  }
  return types;
}

Result<std::vector<kube::ResourceType>> ParseResourceTypes(std::string_view text,
                                                           std::string_view source_name) {
  HF_ASSIGN(auto documents, ParseYamlOf(text, source_name));
  std::vector<kube::ResourceType> types;
  for (const Document& document : documents) AddTypes(types, *document.root);
  if (types.empty())
    return Fail(
        ErrorKind::kInvalid,
        std::string(source_name) + ": holds no CustomResourceDefinition and no APIResourceList");
  return types;
}

}  // namespace holdfast::resourceset
