#include "restore/immutable.h"

#include <algorithm>
#include <vector>

#include "base/json_edit.h"
#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr size_t kMostDifferingPaths = 50;
constexpr size_t kMostShownPaths = 3;

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool Is(const kube::ResourceType& type, std::string_view group, std::string_view plural) {
  return type.gv.group == group && type.plural == plural;
}

// The field at the head of a field error: `Kind "name" is invalid: FIELD: Forbidden: …`, or
// `…: [FIELD: …, FIELD: …]`.
std::string FieldOf(std::string_view message) {
  constexpr std::string_view kInvalid = " is invalid: ";
  size_t at = message.find(kInvalid);
  if (at == std::string_view::npos) return "";
  message.remove_prefix(at + kInvalid.size());
  if (message.starts_with('[')) message.remove_prefix(1);
  std::string_view field = message.substr(0, message.find(": "));
  bool plain =
      !field.empty() && field.size() <= 200 && std::all_of(field.begin(), field.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("._-[]/").find(c) != std::string_view::npos;
      });
  return plain ? std::string(field) : std::string();
}

bool Below(std::string_view path, std::string_view field) {
  if (!path.starts_with(field)) return false;
  return path.size() == field.size() || path[field.size()] == '.' || path[field.size()] == '[';
}

struct ImmutableField {
  std::string_view group, plural, path;
};

// From the API's documentation of each field.
constexpr ImmutableField kImmutableFields[] = {
    {"rbac.authorization.k8s.io", "rolebindings", "roleRef"},
    {"rbac.authorization.k8s.io", "clusterrolebindings", "roleRef"},
    {"", "secrets", "type"},
    {"", "services", "spec.clusterIP"},
    {"", "services", "spec.clusterIPs[0]"},
    {"", "persistentvolumeclaims", "spec.accessModes"},
    {"", "persistentvolumeclaims", "spec.selector"},
    {"", "persistentvolumeclaims", "spec.storageClassName"},
    {"", "persistentvolumeclaims", "spec.volumeMode"},
    {"", "persistentvolumeclaims", "spec.volumeName"},
    {"", "persistentvolumes", "spec.volumeMode"},
    {"", "replicationcontrollers", "spec.selector"},
    {"apps", "statefulsets", "spec.podManagementPolicy"},
    {"apps", "statefulsets", "spec.selector"},
    {"apps", "statefulsets", "spec.serviceName"},
    {"apps", "statefulsets", "spec.volumeClaimTemplates"},
    {"apps", "deployments", "spec.selector"},
    {"apps", "daemonsets", "spec.selector"},
    {"apps", "replicasets", "spec.selector"},
    {"batch", "jobs", "spec.completionMode"},
    {"batch", "jobs", "spec.selector"},
    {"batch", "jobs", "spec.template"},
    {"storage.k8s.io", "storageclasses", "parameters"},
    {"storage.k8s.io", "storageclasses", "provisioner"},
    {"storage.k8s.io", "storageclasses", "reclaimPolicy"},
    {"storage.k8s.io", "storageclasses", "volumeBindingMode"},
    {"scheduling.k8s.io", "priorityclasses", "preemptionPolicy"},
    {"scheduling.k8s.io", "priorityclasses", "value"},
    {"apiextensions.k8s.io", "customresourcedefinitions", "spec.group"},
    {"apiextensions.k8s.io", "customresourcedefinitions", "spec.names"},
    {"apiextensions.k8s.io", "customresourcedefinitions", "spec.scope"},
    {"node.k8s.io", "runtimeclasses", "handler"},
    {"certificates.k8s.io", "certificatesigningrequests", "spec"},
    {"networking.k8s.io", "ingressclasses", "spec.controller"},
};

}  // namespace

bool RefusedAsImmutable(Api& api, const kube::ResourceType& type, std::string_view ns,
                        std::string_view body, const Error& refusal) {
  if (refusal.code() != 422) return false;
  for (std::string_view words : {"immutable", "cannot change roleRef", "may not be changed",
                                 "may not change", "updates to parameters are forbidden"})
    if (Has(refusal.message(), words)) return true;
  kube::WriteOptions dry;
  dry.dry_run = true;
  auto answer = api.Create(type, ns, body, dry);
  return !answer && answer.error().reason() == "AlreadyExists";
}

std::string ImmutableText(Special special, const Error& refusal, std::string_view archived,
                          std::string_view live) {
  std::string field = FieldOf(refusal.message());
  std::string text = "cannot update: " + (field.empty() ? "a field" : field) + " is immutable";
  std::vector<std::string> shown;
  for (std::string& path : DifferingPaths(special, archived, live, false, kMostDifferingPaths))
    if (shown.size() < kMostShownPaths && path != field && (field.empty() || Below(path, field)))
      shown.push_back(std::move(path));
  if (shown.empty()) return text;
  std::string paths;
  for (const std::string& path : shown) paths += (paths.empty() ? "" : ", ") + path;
  return text + " (" + paths + (shown.size() == 1 ? " differs)" : " differ)");
}

std::string WhyNotRecreated(const kube::ResourceType& type, std::string_view live, bool asked) {
  bool binding = type.gv.group == "rbac.authorization.k8s.io" &&
                 (type.plural == "rolebindings" || type.plural == "clusterrolebindings");
  if (Is(type, "", "persistentvolumeclaims") || Is(type, "", "persistentvolumes") ||
      Is(type, "", "namespaces") || Is(type, "", "nodes") ||
      Is(type, "apiextensions.k8s.io", "customresourcedefinitions"))
    return "a restore never deletes " + type.ResourceName() +
           " to create them again, because what they hold would be lost";
  if (auto finalizers = json::Find(live, {"metadata", "finalizers"});
      finalizers && json::ArrayReader(*finalizers).Next())
    return "it is not deleted to be created again, because its finalizers " +
           std::string(*finalizers) +
           " stand for controllers that would clean up after it; delete it by hand";
  if (!binding && !asked) return std::string(kRecreateHint);
  return "";
}

std::string RecreatePropagation(const kube::ResourceType& type, bool custom) {
  bool workload = type.gv.group == "apps" || Is(type, "", "replicationcontrollers");
  return workload || custom ? "Orphan" : "Background";
}

std::string FormerBody(std::string_view live) {
  auto metadata = json::Find(live, {"metadata"});
  if (!metadata) return std::string(live);
  return json::SetKey(live, "metadata",
                      json::RemoveKeys(*metadata, {"uid", "resourceVersion", "creationTimestamp",
                                                   "generation", "selfLink", "deletionTimestamp",
                                                   "deletionGracePeriodSeconds", "managedFields"}));
}

std::string KnownImmutableField(const kube::ResourceType& type, Special special,
                                std::string_view archived, std::string_view live) {
  bool frozen = (Is(type, "", "secrets") || Is(type, "", "configmaps")) &&
                json::Find(live, {"immutable"}) == "true";
  for (const std::string& path :
       DifferingPaths(special, archived, live, false, kMostDifferingPaths)) {
    if (frozen && (Below(path, "data") || Below(path, "binaryData") || path == "immutable"))
      return path;
    for (const ImmutableField& field : kImmutableFields)
      if (Is(type, field.group, field.plural) && Below(path, field.path)) return path;
  }
  return "";
}

}  // namespace holdfast::restore
