#include "resourceset/fields.h"

#include "base/json_scan.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {
namespace {

enum class ValueKind { kText, kBool, kCount };

// A selectable field of a built-in type that every supported API server knows, and where its value
// stands in the object's JSON. Source: the field label conversions and selectable fields of each
// kind in Kubernetes 1.24 to 1.36. Left out, and so sent to the server: fields that came later
// (pods' spec.hostNetwork) and those that are not simply one value of the object (pods'
// status.podIP, events' source).
struct LocalField {
  std::string_view group, version, plural, field;
  std::string_view parent, key;  // two steps; without a parent the key stands at the top
  ValueKind kind = ValueKind::kText;
};

constexpr LocalField kFields[] = {
    {"", "v1", "secrets", "type", "", "type"},
    {"", "v1", "namespaces", "status.phase", "status", "phase"},
    {"", "v1", "nodes", "spec.unschedulable", "spec", "unschedulable", ValueKind::kBool},
    {"", "v1", "pods", "spec.nodeName", "spec", "nodeName"},
    {"", "v1", "pods", "spec.restartPolicy", "spec", "restartPolicy"},
    {"", "v1", "pods", "spec.schedulerName", "spec", "schedulerName"},
    {"", "v1", "pods", "spec.serviceAccountName", "spec", "serviceAccountName"},
    {"", "v1", "pods", "status.phase", "status", "phase"},
    {"", "v1", "pods", "status.nominatedNodeName", "status", "nominatedNodeName"},
    {"", "v1", "services", "spec.clusterIP", "spec", "clusterIP"},
    {"", "v1", "services", "spec.type", "spec", "type"},
    {"", "v1", "replicationcontrollers", "status.replicas", "status", "replicas",
     ValueKind::kCount},
    {"", "v1", "events", "involvedObject.kind", "involvedObject", "kind"},
    {"", "v1", "events", "involvedObject.namespace", "involvedObject", "namespace"},
    {"", "v1", "events", "involvedObject.name", "involvedObject", "name"},
    {"", "v1", "events", "involvedObject.uid", "involvedObject", "uid"},
    {"", "v1", "events", "involvedObject.apiVersion", "involvedObject", "apiVersion"},
    {"", "v1", "events", "involvedObject.resourceVersion", "involvedObject", "resourceVersion"},
    {"", "v1", "events", "involvedObject.fieldPath", "involvedObject", "fieldPath"},
    {"", "v1", "events", "reason", "", "reason"},
    {"", "v1", "events", "type", "", "type"},
    {"apps", "v1", "replicasets", "status.replicas", "status", "replicas", ValueKind::kCount},
    {"batch", "v1", "jobs", "status.successful", "status", "succeeded", ValueKind::kCount},
    {"certificates.k8s.io", "v1", "certificatesigningrequests", "spec.signerName", "spec",
     "signerName"},
};

const LocalField* Lookup(const kube::ResourceType& type, std::string_view field) {
  for (const LocalField& known : kFields) {
    if (known.field == field && known.plural == type.plural && known.version == type.gv.version &&
        known.group == type.gv.group)
      return &known;
  }
  return nullptr;
}

}  // namespace

bool IsLocalField(const kube::ResourceType& type, std::string_view field) {
  if (field == "metadata.name") return true;
  // Of cluster-scoped custom resources the server refuses it.
  if (field == "metadata.namespace") return type.namespaced;
  return Lookup(type, field) != nullptr;
}

std::string FieldValue(const kube::ResourceType& type, std::string_view field,
                       const ObjectView& object) {
  if (field == "metadata.name") return std::string(object.name());
  if (field == "metadata.namespace") return std::string(object.ns());
  const LocalField* known = Lookup(type, field);
  if (known == nullptr) return {};
  auto value = known->parent.empty() ? json::Find(object.object(), {known->key})
                                     : json::Find(object.object(), {known->parent, known->key});
  switch (known->kind) {
    case ValueKind::kText: return value ? json::StringOf(*value) : std::string();
    case ValueKind::kBool:
      return value && json::TypeOf(*value) == json::Type::kTrue ? "true" : "false";
    case ValueKind::kCount:
      return value && json::TypeOf(*value) == json::Type::kNumber ? std::string(*value) : "0";
  }
  return {};
}

bool FieldEquals(const kube::ResourceType& type, std::string_view field, std::string_view value,
                 const ObjectView& object) {
  if (field == "metadata.name") return object.name() == value;
  if (field == "metadata.namespace") return object.ns() == value;
  return FieldValue(type, field, object) == value;
}

std::string FieldSelectorText(const std::map<std::string, std::string>& terms) {
  std::string text;
  for (const auto& [field, value] : terms) {
    if (!text.empty()) text += ',';
    text += field;
    text += '=';
    for (char c : value) {
      if (c == '\\' || c == ',' || c == '=') text += '\\';
      text += c;
    }
  }
  return text;
}

}  // namespace holdfast::resourceset
