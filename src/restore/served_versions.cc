#include "restore/served_versions.h"

#include <algorithm>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::restore {
namespace {

// Versions that an API server has dropped, and where the same object is found since then. A field
// that the new version lacks makes the server refuse the object (fieldValidation Strict), so a row
// says only that what has the same name means the same. Types that changed their shape are not
// here: Ingress and CustomResourceDefinition v1beta1, resource.k8s.io.
struct Row {
  std::string_view group, versions, plural, to_group, to_version;
  VersionChange change = VersionChange::kSame;
};

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr std::string_view kFlow = "flowcontrol.apiserver.k8s.io";

constexpr Row kRows[] = {
    {"policy", "v1beta1", "poddisruptionbudgets", "policy", "v1", VersionChange::kEmptySelector},
    {"batch", "v1beta1 v2alpha1", "cronjobs", "batch", "v1"},
    {"networking.k8s.io", "v1beta1", "ingressclasses", "networking.k8s.io", "v1"},
    {"extensions", "v1beta1", "networkpolicies", "networking.k8s.io", "v1"},
    {kRbac, "v1beta1 v1alpha1", "roles", kRbac, "v1"},
    {kRbac, "v1beta1 v1alpha1", "rolebindings", kRbac, "v1"},
    {kRbac, "v1beta1 v1alpha1", "clusterroles", kRbac, "v1"},
    {kRbac, "v1beta1 v1alpha1", "clusterrolebindings", kRbac, "v1"},
    {"storage.k8s.io", "v1beta1", "storageclasses", "storage.k8s.io", "v1"},
    {"storage.k8s.io", "v1beta1 v1alpha1", "volumeattachments", "storage.k8s.io", "v1"},
    {"storage.k8s.io", "v1beta1", "csidrivers", "storage.k8s.io", "v1"},
    {"storage.k8s.io", "v1beta1", "csinodes", "storage.k8s.io", "v1"},
    {"storage.k8s.io", "v1beta1 v1alpha1", "csistoragecapacities", "storage.k8s.io", "v1"},
    {"scheduling.k8s.io", "v1beta1 v1alpha1", "priorityclasses", "scheduling.k8s.io", "v1"},
    {"coordination.k8s.io", "v1beta1", "leases", "coordination.k8s.io", "v1"},
    {"discovery.k8s.io", "v1beta1", "endpointslices", "discovery.k8s.io", "v1"},
    {"events.k8s.io", "v1beta1", "events", "events.k8s.io", "v1"},
    {"node.k8s.io", "v1beta1", "runtimeclasses", "node.k8s.io", "v1"},
    {"certificates.k8s.io", "v1beta1", "certificatesigningrequests", "certificates.k8s.io", "v1"},
    {"apiregistration.k8s.io", "v1beta1", "apiservices", "apiregistration.k8s.io", "v1"},
    {"autoscaling", "v2beta2", "horizontalpodautoscalers", "autoscaling", "v2"},
    {kAdmission, "v1beta1", "validatingwebhookconfigurations", kAdmission, "v1",
     VersionChange::kWebhookDefaults},
    {kAdmission, "v1beta1", "mutatingwebhookconfigurations", kAdmission, "v1",
     VersionChange::kWebhookDefaults},
    {kAdmission, "v1beta1 v1alpha1", "validatingadmissionpolicies", kAdmission, "v1"},
    {kAdmission, "v1beta1 v1alpha1", "validatingadmissionpolicybindings", kAdmission, "v1"},
    {kFlow, "v1beta3 v1beta2 v1beta1 v1alpha1", "flowschemas", kFlow, "v1"},
    {kFlow, "v1beta3 v1beta2 v1beta1 v1alpha1", "prioritylevelconfigurations", kFlow, "v1",
     VersionChange::kConcurrency},
    {"apps", "v1beta2 v1beta1", "deployments", "apps", "v1"},
    {"apps", "v1beta2 v1beta1", "statefulsets", "apps", "v1", VersionChange::kUpdateStrategy},
    {"apps", "v1beta2", "daemonsets", "apps", "v1"},
    {"apps", "v1beta2", "replicasets", "apps", "v1"},
    {"apps", "v1beta2 v1beta1", "controllerrevisions", "apps", "v1"},
    {"extensions", "v1beta1", "deployments", "apps", "v1"},
    {"extensions", "v1beta1", "daemonsets", "apps", "v1", VersionChange::kUpdateStrategy},
    {"extensions", "v1beta1", "replicasets", "apps", "v1"},
};

bool HasWord(std::string_view words, std::string_view word) {
  for (size_t at = 0; at < words.size();) {
    size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

bool IsTrueValue(std::optional<std::string_view> value) {
  return value && json::TypeOf(*value) == json::Type::kTrue;
}

std::string WithDefaultsOfWebhooks(std::string object) {
  auto webhooks = json::Find(object, {"webhooks"});
  if (!webhooks) return object;
  std::string out = "[";
  for (json::ArrayReader reader(*webhooks); auto webhook = reader.Next();) {
    std::string text(*webhook);
    for (auto [key, value] : {std::pair{"failurePolicy", "\"Ignore\""},
                              {"matchPolicy", "\"Exact\""},
                              {"timeoutSeconds", "30"}}) {
      if (!json::Find(text, {key})) text = json::SetKey(text, key, value);
    }
    out += (out.size() > 1 ? "," : "") + text;
  }
  return json::SetKey(object, "webhooks", out + "]");
}

}  // namespace

std::optional<ServedVersion> BuiltInSuccessor(const kube::Discovery& discovery,
                                              const kube::GroupVersion& gv,
                                              std::string_view plural) {
  for (const Row& row : kRows) {
    if (row.group != gv.group || row.plural != plural || !HasWord(row.versions, gv.version))
      continue;
    const kube::ResourceType* type = discovery.ByPlural(
        {std::string(row.to_group), std::string(row.to_version)}, std::string(plural));
    if (type != nullptr) return ServedVersion{type, row.change};
  }
  return std::nullopt;
}

std::string_view FormerGroup(std::string_view group, std::string_view plural) {
  for (const Row& row : kRows)
    if (row.group != row.to_group && row.to_group == group && row.plural == plural)
      return row.group;
  return {};
}

CrdVersions VersionsOf(std::string_view crd) {
  CrdVersions out;
  out.webhook = json::FindString(crd, {"spec", "conversion", "strategy"}) == "Webhook";
  auto versions = json::Find(crd, {"spec", "versions"}).value_or("");
  for (json::ArrayReader reader(versions); auto version = reader.Next();) {
    if (!IsTrueValue(json::Find(*version, {"served"}))) continue;
    std::string name = json::FindString(*version, {"name"}).value_or("");
    bool storage = IsTrueValue(json::Find(*version, {"storage"}));
    out.served.insert(storage ? out.served.begin() : out.served.end(), std::move(name));
  }
  return out;
}

std::string ToServedVersion(VersionChange change, std::string_view object,
                            const kube::GroupVersion& served) {
  if (change == VersionChange::kNone) return std::string(object);
  std::string out = json::SetKey(object, "apiVersion", json::Quote(served.ToString()));
  switch (change) {
    case VersionChange::kNone:
    case VersionChange::kSame: break;
    case VersionChange::kEmptySelector: {
      auto selector = json::Find(out, {"spec", "selector"});
      bool empty = selector && json::TypeOf(*selector) == json::Type::kObject &&
                   !json::ObjectReader(*selector).Next();
      if (empty) out = json::RemovePath(out, {"spec", "selector"});
      break;
    }
    case VersionChange::kWebhookDefaults: out = WithDefaultsOfWebhooks(std::move(out)); break;
    case VersionChange::kUpdateStrategy:
      if (!json::Find(out, {"spec", "updateStrategy", "type"}))
        out = json::SetPath(out, {"spec", "updateStrategy", "type"}, "\"OnDelete\"");
      break;
    case VersionChange::kConcurrency:
      if (auto shares = json::Find(out, {"spec", "limited", "assuredConcurrencyShares"})) {
        std::string value(*shares);
        out = json::RemovePath(out, {"spec", "limited", "assuredConcurrencyShares"});
        out = json::SetPath(out, {"spec", "limited", "nominalConcurrencyShares"}, value);
      }
      break;
  }
  return out;
}

}  // namespace holdfast::restore
