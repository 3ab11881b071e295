// RancherResourceSet() of objects.h.
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "testbed/objects.h"

namespace holdfast::testbed {

std::string RancherResourceSet(const std::string& name) {
  std::string text =
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata:\n  name: " + name +
      "\ncontrollerReferences:\n- apiVersion: apps/v1\n  resource: deployments\n  name: rancher\n"
      "  namespace: cattle-system\nresourceSelectors:\n";
  auto select = [&](std::string_view api_version, std::initializer_list<std::string_view> lines) {
    text += "- apiVersion: " + std::string(api_version) + "\n";
    for (std::string_view line : lines) text += "  " + std::string(line) + "\n";
  };
  std::string_view all = "kindsRegexp: .";
  std::string_view namespaces = "namespaceRegexp: ^cattle-|^fleet-|^p-|^c-m-|^local$|^user-";
  select("apiextensions.k8s.io/v1",
         {all, R"(resourceNameRegexp: \.cattle\.io$|\.cluster\.x-k8s\.io$)",
          R"(excludeResourceNameRegexp: \.resources\.cattle\.io$)"});
  select("v1", {"kindsRegexp: ^namespaces$", "resourceNames:", "- local",
                "resourceNameRegexp: ^cattle-|^fleet-|^p-|^c-m-|^user-"});
  select("v1",
         {"kindsRegexp: ^serviceaccounts$", namespaces, "excludeResourceNameRegexp: ^default$"});
  select("v1", {"kindsRegexp: ^configmaps$", namespaces,
                R"(excludeResourceNameRegexp: ^kube-root-ca\.crt$)"});
  select("v1", {"kindsRegexp: ^secrets$", "namespaceRegexp: ^.*$",
                "labelSelectors:", "  matchExpressions:", "  - key: resources.cattle.io/backup",
                "    operator: In", "    values:", "    - 'true'"});
  select("rbac.authorization.k8s.io/v1", {"kindsRegexp: ^roles$|^rolebindings$", namespaces});
  select("rbac.authorization.k8s.io/v1",
         {"kindsRegexp: ^clusterroles$", "resourceNameRegexp: ^cattle-"});
  select("rbac.authorization.k8s.io/v1",
         {"kindsRegexp: ^clusterrolebindings$", "resourceNameRegexp: ^clusterrolebinding-|^crb-"});
  select("apps/v1", {"kindsRegexp: ^deployments$", namespaces});
  std::vector<std::string> groups;
  for (const ObjectKind& kind : RancherKinds()) {
    std::string group = kind.type.gv.ToString();
    if (!kind.custom || std::find(groups.begin(), groups.end(), group) != groups.end()) continue;
    groups.push_back(group);
    if (group == "management.cattle.io/v3") {
      select(group, {all, "excludeKinds:", "- tokens", "- rancherusernotifications"});
      select(group, {"kindsRegexp: ^tokens$", "labelSelectors:", "  matchExpressions:",
                     "  - key: authn.management.cattle.io/kind", "    operator: NotIn",
                     "    values:", "    - provisioning"});
    } else {
      select(group, {all});
    }
  }
  return text;
}

}  // namespace holdfast::testbed
