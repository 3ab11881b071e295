#include "backup/cluster_facts.h"

#include <algorithm>
#include <utility>

#include "backup/settle.h"
#include "base/json_scan.h"

namespace holdfast::backup {
namespace {

kube::ResourceType NamespaceType() {
  kube::ResourceType type;
  type.gv = {"", "v1"};
  type.plural = "namespaces";
  type.kind = "Namespace";
  type.verbs = kube::kVerbGet | kube::kVerbList;
  return type;
}

// Kinds of kube-apiserver itself, in its own etcd. Events are the one kind that often lies in
// another
// (--etcd-servers-overrides), component statuses lie nowhere.
bool IsBuiltIn(const kube::ResourceType& type) {
  const std::string& group = type.gv.group;
  if (type.plural == "events" || type.plural == "componentstatuses") return false;
  for (std::string_view known :
       {"", "apps", "batch", "autoscaling", "policy", "rbac.authorization.k8s.io",
        "networking.k8s.io", "storage.k8s.io", "coordination.k8s.io",
        "admissionregistration.k8s.io", "apiregistration.k8s.io"})
    if (group == known) return true;
  return false;
}

tl::unexpected<Error> Changed(const std::string& crd, std::string_view how) {
  return Fail(ErrorKind::kExpired, "the CustomResourceDefinition " + crd + " " + std::string(how) +
                                       " while the backup ran");
}

}  // namespace

Result<std::string> ReadClusterId(ListApi& api, const kube::Call& call) {
  constexpr std::string_view kContext =
      "reading the uid of Namespace kube-system, by which archives name their cluster";
  HF_ASSIGN_CONTEXT(std::string body, api.Get(NamespaceType(), "", "kube-system", call),
                    std::string(kContext));
  auto uid = json::FindString(body, {"metadata", "uid"});
  if (!uid || uid->empty())
    return Fail(Error(ErrorKind::kInternal, "the answer holds none").With(std::string(kContext)));
  return std::move(*uid);
}

std::string ReadRancherVersion(ListApi& api, const kube::Discovery& discovery,
                               const kube::Call& call) {
  const kube::ResourceType* settings =
      discovery.ByPlural({"management.cattle.io", "v3"}, "settings");
  if (settings == nullptr) return {};
  // It is for the reader of the manifest only: no backup fails for it.
  Result<std::string> body = api.Get(*settings, "", "server-version", call);
  if (!body) return {};
  return json::FindString(*body, {"value"}).value_or("");
}

kube::ResourceType CrdType() {
  kube::ResourceType type;
  type.gv = {"apiextensions.k8s.io", "v1"};
  type.plural = "customresourcedefinitions";
  type.kind = "CustomResourceDefinition";
  type.verbs = kube::kVerbGet | kube::kVerbList;
  type.has_status = true;
  return type;
}

Result<std::optional<CrdStates>> ReadCrds(ListApi& api, const kube::Call& call) {
  kube::ResourceType type = CrdType();
  kube::ListRequest request;
  request.type = &type;
  request.metadata_only = true;
  CrdStates states;
  Result<kube::ListEnd> end = api.List(
      request,
      [&](std::string_view object) -> Status {
        auto text = [&](std::string_view key) {
          auto value = json::Find(object, {"metadata", key});
          return std::string(value.value_or(std::string_view()));
        };
        auto name = json::FindString(object, {"metadata", "name"});
        if (name) states[*name] = {text("uid"), text("generation")};
        return {};
      },
      call);
  if (!end && end.error().code() == 403) return std::nullopt;
  if (!end) return Fail(std::move(end).error().With("listing " + type.ResourceName()));
  return states;
}

Status CheckCrdsUnchanged(ListApi& api, const Instant& instant, const CrdStates& before,
                          const CrdStates& after,
                          const std::vector<resourceset::TypeSelection>& selected,
                          const resourceset::ResourceSet& set, const kube::Call& call) {
  for (const resourceset::TypeSelection& selection : selected) {
    std::string crd = selection.type->plural + "." + selection.type->gv.group;
    auto was = before.find(crd), is = after.find(crd);
    if (was == before.end() && is == after.end()) continue;  // a built-in kind
    if (was == before.end()) return Changed(crd, "was created");
    if (is == after.end()) return Changed(crd, "was deleted");
    if (was->second != is->second) return Changed(crd, "changed");
  }
  std::set<std::string> groups;
  for (const resourceset::Selector& selector : set.selectors)
    if (auto gv = kube::GroupVersion::Parse(selector.api_version)) groups.insert(gv->group);
  for (const auto& [crd, state] : after) {
    if (before.contains(crd)) continue;
    size_t dot = crd.find('.');
    if (dot == std::string::npos || !groups.contains(crd.substr(dot + 1))) continue;
    // New since discovery. One that did not exist at R had no objects at R.
    kube::ResourceType type = CrdType();
    kube::ListRequest request;
    request.type = &type;
    request.field_selector = NameFieldSelector(crd);
    request.resource_version = instant.text();
    request.exact = true;
    request.metadata_only = true;
    HF_ASSIGN_CONTEXT(kube::ListEnd end,
                      api.ListPage(
                          request, [](std::string_view) { return Status(); }, call),
                      "reading customresourcedefinitions " + crd);
    if (end.items > 0) return Changed(crd, "was created");
  }
  return {};
}

std::vector<Reference> References(const std::vector<resourceset::TypeSelection>& selected) {
  std::vector<Reference> references = {{CrdType(), ""}, {NamespaceType(), ""}};
  for (const resourceset::TypeSelection& selection : selected) {
    if (selection.access != resourceset::TypeSelection::Access::kList ||
        !IsBuiltIn(*selection.type))
      continue;
    references.push_back({*selection.type, ""});
    if (!selection.namespaces.empty())
      references.push_back({*selection.type, selection.namespaces.front()});
  }
  return references;
}

}  // namespace holdfast::backup
