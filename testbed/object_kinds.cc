#include "testbed/object_kinds.h"

#include <string>

namespace holdfast::testbed {
namespace {

struct Row {
  const char* api_version;
  const char* kind;
  const char* plural;
  Place place;
  int status;  // a custom resource's status subresource: 1, 0; -1: a built-in kind
  Body body;
  unsigned weight;
  uint64_t smallest, largest;
  const char* prefix;
  const char* owner = "";  // "plural.group" of an earlier row
};

constexpr Place kNone = Place::kNone, kAny = Place::kAny, kSystem = Place::kSystem,
                kFleet = Place::kFleet, kInProject = Place::kProject, kInCluster = Place::kCluster,
                kOfUser = Place::kUser;
constexpr Body kTree = Body::kTree;

constexpr char kManagement[] = "management.cattle.io/v3";
constexpr char kProjectApi[] = "project.cattle.io/v3";
constexpr char kFleetApi[] = "fleet.cattle.io/v1alpha1";
constexpr char kCatalog[] = "catalog.cattle.io/v1";
constexpr char kProvisioning[] = "provisioning.cattle.io/v1";
constexpr char kRke[] = "rke.cattle.io/v1";
constexpr char kMachineConfig[] = "rke-machine-config.cattle.io/v1";
constexpr char kRkeMachine[] = "rke-machine.cattle.io/v1";
constexpr char kCapi[] = "cluster.x-k8s.io/v1beta2";
constexpr char kRbac[] = "rbac.authorization.k8s.io/v1";

// clang-format off
constexpr Row kRows[] = {
    {kManagement, "Setting", "settings", kNone, 0, Body::kSetting, 160, 40, 1500, "setting-"},
    {kManagement, "Feature", "features", kNone, 0, Body::kFeature, 40, 40, 400, "feature-"},
    {kManagement, "User", "users", kNone, 1, Body::kUser, 700, 200, 1500, "u-"},
    {kManagement, "UserAttribute", "userattributes", kNone, 0, kTree, 600, 500, 5000, "u-"},
    {kManagement, "Token", "tokens", kNone, 0, Body::kToken, 900, 100, 600, "token-"},
    {kManagement, "GlobalRole", "globalroles", kNone, 1, Body::kRules, 60, 500, 8000, "gr-"},
    {kManagement, "GlobalRoleBinding", "globalrolebindings", kNone, 1, Body::kBinding, 700, 50, 300, "grb-"},
    {kManagement, "RoleTemplate", "roletemplates", kNone, 1, Body::kRules, 150, 500, 8000, "rt-"},
    {kManagement, "Cluster", "clusters", kNone, 1, kTree, 60, 10000, 80000, "c-m-"},
    {kManagement, "NodeDriver", "nodedrivers", kNone, 1, kTree, 30, 500, 4000, "nd-"},
    {kManagement, "KontainerDriver", "kontainerdrivers", kNone, 1, kTree, 20, 500, 3000, "kd-"},
    {kManagement, "AuthConfig", "authconfigs", kNone, 0, kTree, 20, 500, 4000, "auth-"},
    {kManagement, "Group", "groups", kNone, 0, kTree, 60, 100, 600, "g-"},
    {kManagement, "GroupMember", "groupmembers", kNone, 0, kTree, 120, 100, 500, "gm-"},
    {kManagement, "ComposeConfig", "composeconfigs", kNone, 1, kTree, 10, 500, 4000, "compose-"},
    {kManagement, "DynamicSchema", "dynamicschemas", kNone, 1, kTree, 60, 2000, 30000, "schema-"},
    {kManagement, "FleetWorkspace", "fleetworkspaces", kNone, 1, kTree, 10, 100, 400, "ws-"},
    {kManagement, "SamlToken", "samltokens", kNone, 0, kTree, 10, 500, 3000, "saml-"},
    {kManagement, "RkeAddon", "rkeaddons", kNone, 0, kTree, 40, 1000, 20000, "addon-"},
    {kManagement, "RkeK8sServiceOption", "rkek8sserviceoptions", kNone, 0, kTree, 60, 1000, 8000, "opt-"},
    {kManagement, "RkeK8sSystemImage", "rkek8ssystemimages", kNone, 0, kTree, 60, 1000, 5000, "img-"},
    {kManagement, "OIDCClient", "oidcclients", kNone, 1, kTree, 10, 300, 900, "oidc-"},
    {kManagement, "ProxyEndpoint", "proxyendpoints", kNone, 0, kTree, 10, 100, 600, "pe-"},
    {kManagement, "PodSecurityAdmissionConfigurationTemplate", "podsecurityadmissionconfigurationtemplates", kNone, 0, kTree, 10, 500, 3000, "psact-"},
    {kManagement, "CatalogTemplate", "catalogtemplates", kNone, 1, kTree, 40, 1000, 8000, "ct-"},
    {kManagement, "Project", "projects", kInCluster, 1, Body::kProject, 400, 500, 5000, "p-"},
    {kManagement, "ProjectRoleTemplateBinding", "projectroletemplatebindings", kInProject, 1, Body::kBinding, 900, 50, 500, "prtb-"},
    {kManagement, "ClusterRoleTemplateBinding", "clusterroletemplatebindings", kInCluster, 1, Body::kBinding, 600, 50, 500, "crtb-"},
    {kManagement, "Node", "nodes", kInCluster, 1, kTree, 500, 6000, 30000, "m-"},
    {kManagement, "NodePool", "nodepools", kInCluster, 1, kTree, 80, 500, 2500, "np-"},
    {kManagement, "NodeTemplate", "nodetemplates", kOfUser, 1, kTree, 40, 500, 4000, "nt-"},
    {kManagement, "Preference", "preferences", kOfUser, 0, kTree, 500, 50, 500, "pref-"},
    {kManagement, "ClusterRegistrationToken", "clusterregistrationtokens", kInCluster, 1, kTree, 60, 500, 3000, "crt-"},
    {kManagement, "CloudCredential", "cloudcredentials", kSystem, 0, kTree, 40, 200, 900, "cc-"},
    {kManagement, "ClusterProxyConfig", "clusterproxyconfigs", kInCluster, 0, kTree, 20, 50, 200, "proxy-"},
    {kManagement, "ManagedChart", "managedcharts", kFleet, 1, kTree, 30, 1000, 12000, "chart-"},
    {kManagement, "EtcdBackup", "etcdbackups", kInCluster, 1, kTree, 60, 300, 2000, "eb-"},
    {kManagement, "ClusterTemplate", "clustertemplates", kSystem, 0, kTree, 10, 300, 2000, "clt-"},
    {kManagement, "ClusterTemplateRevision", "clustertemplaterevisions", kSystem, 1, kTree, 20, 3000, 30000, "ctr-"},
    {kProjectApi, "App", "apps", kInProject, 1, kTree, 80, 1000, 12000, "app-"},
    {kProjectApi, "AppRevision", "apprevisions", kInProject, 1, kTree, 120, 1000, 16000, "apprev-"},
    {kProjectApi, "Pipeline", "pipelines", kInProject, 1, kTree, 20, 500, 5000, "pl-"},
    {kProjectApi, "PipelineExecution", "pipelineexecutions", kInProject, 1, kTree, 40, 500, 5000, "ple-"},
    {kProvisioning, "Cluster", "clusters", kFleet, 1, kTree, 60, 4000, 40000, "pc-"},
    {kFleetApi, "GitRepo", "gitrepos", kFleet, 1, kTree, 300, 500, 5000, "repo-"},
    {kFleetApi, "Cluster", "clusters", kFleet, 1, kTree, 100, 2000, 12000, "fc-"},
    {kFleetApi, "ClusterGroup", "clustergroups", kFleet, 1, kTree, 40, 500, 3000, "fcg-"},
    {kFleetApi, "ClusterRegistration", "clusterregistrations", kFleet, 1, kTree, 60, 300, 1500, "request-"},
    {kFleetApi, "ClusterRegistrationToken", "clusterregistrationtokens", kFleet, 1, kTree, 20, 100, 400, "fcrt-"},
    {kFleetApi, "GitRepoRestriction", "gitreporestrictions", kFleet, 0, kTree, 10, 200, 900, "grr-"},
    {kFleetApi, "HelmOp", "helmops", kFleet, 1, kTree, 40, 500, 5000, "helmop-"},
    {kFleetApi, "ImageScan", "imagescans", kFleet, 1, kTree, 20, 300, 1500, "scan-"},
    {kFleetApi, "Content", "contents", kNone, 0, Body::kContent, 450, 2000, 50000, "s-"},
    {kFleetApi, "BundleNamespaceMapping", "bundlenamespacemappings", kFleet, 0, kTree, 10, 200, 900, "bnm-"},
    {kFleetApi, "Bundle", "bundles", kFleet, 1, Body::kBundle, 500, 2000, 50000, "bundle-", "gitrepos.fleet.cattle.io"},
    {kFleetApi, "BundleDeployment", "bundledeployments", kFleet, 1, kTree, 800, 1000, 8000, "bd-", "bundles.fleet.cattle.io"},
    {kCatalog, "ClusterRepo", "clusterrepos", kNone, 1, kTree, 30, 500, 3000, "rancher-repo-"},
    {kCatalog, "App", "apps", kAny, 1, kTree, 350, 2000, 50000, "release-"},
    {kCatalog, "Operation", "operations", kAny, 1, kTree, 150, 1000, 4000, "helm-operation-", "apps.catalog.cattle.io"},
    {kCatalog, "UIPlugin", "uiplugins", kSystem, 1, kTree, 10, 300, 1500, "plugin-"},
    {kRke, "RKECluster", "rkeclusters", kFleet, 1, kTree, 60, 300, 1500, "rc-"},
    {kRke, "RKEControlPlane", "rkecontrolplanes", kFleet, 1, kTree, 60, 4000, 60000, "rcp-"},
    {kRke, "RKEBootstrapTemplate", "rkebootstraptemplates", kFleet, 0, kTree, 40, 200, 900, "rbt-"},
    {kRke, "RKEBootstrap", "rkebootstraps", kFleet, 1, kTree, 150, 300, 2000, "rb-", "machines.cluster.x-k8s.io"},
    {kRke, "ETCDSnapshot", "etcdsnapshots", kFleet, 1, kTree, 200, 500, 3000, "snap-", "rkeclusters.rke.cattle.io"},
    {kRke, "CustomMachine", "custommachines", kFleet, 1, kTree, 80, 500, 2500, "cm-"},
    {kMachineConfig, "Amazonec2Config", "amazonec2configs", kFleet, 0, kTree, 30, 800, 3000, "ec2-"},
    {kMachineConfig, "DigitaloceanConfig", "digitaloceanconfigs", kFleet, 0, kTree, 20, 500, 2000, "do-"},
    {kMachineConfig, "VmwarevsphereConfig", "vmwarevsphereconfigs", kFleet, 0, kTree, 30, 800, 4000, "vs-"},
    {kRkeMachine, "Amazonec2Machine", "amazonec2machines", kFleet, 1, kTree, 60, 1000, 4000, "ec2m-"},
    {kRkeMachine, "Amazonec2MachineTemplate", "amazonec2machinetemplates", kFleet, 1, kTree, 20, 1000, 4000, "ec2t-"},
    {kCapi, "Cluster", "clusters", kFleet, 1, kTree, 60, 500, 4000, "capi-"},
    {kCapi, "Machine", "machines", kFleet, 1, kTree, 300, 1000, 6000, "machine-"},
    {kCapi, "MachineDeployment", "machinedeployments", kFleet, 1, kTree, 60, 1000, 5000, "md-"},
    {kCapi, "MachineSet", "machinesets", kFleet, 1, kTree, 80, 1000, 5000, "ms-", "machinedeployments.cluster.x-k8s.io"},
    {kCapi, "MachineHealthCheck", "machinehealthchecks", kFleet, 1, kTree, 20, 300, 1500, "mhc-"},
    {"auditlog.cattle.io/v1", "AuditPolicy", "auditpolicies", kNone, 1, kTree, 20, 300, 3000, "audit-"},
    {"eks.cattle.io/v1", "EKSClusterConfig", "eksclusterconfigs", kSystem, 1, kTree, 20, 1000, 6000, "eks-"},
    {"gke.cattle.io/v1", "GKEClusterConfig", "gkeclusterconfigs", kSystem, 1, kTree, 20, 1000, 6000, "gke-"},
    {"aks.cattle.io/v1", "AKSClusterConfig", "aksclusterconfigs", kSystem, 1, kTree, 20, 1000, 6000, "aks-"},
    {"upgrade.cattle.io/v1", "Plan", "plans", kSystem, 1, kTree, 20, 500, 3000, "plan-"},
    {"helm.cattle.io/v1", "HelmChart", "helmcharts", kSystem, 1, kTree, 30, 500, 20000, "hc-"},
    {"v1", "Secret", "secrets", kAny, -1, Body::kSecret, 2700, 100, 1000000, "secret-"},
    {"v1", "Secret", "secrets", kFleet, -1, Body::kSecret, 100, 100, 4000, "machine-plan-", "machines.cluster.x-k8s.io"},
    {"v1", "ConfigMap", "configmaps", kAny, -1, Body::kConfigMap, 1900, 200, 200000, "config-"},
    {"v1", "ConfigMap", "configmaps", kAny, -1, Body::kConfigMap, 100, 200, 8000, "values-", "apps.catalog.cattle.io"},
    {"v1", "ServiceAccount", "serviceaccounts", kAny, -1, Body::kServiceAccount, 700, 0, 0, "sa-"},
    {kRbac, "ClusterRole", "clusterroles", kNone, -1, Body::kRbacRole, 600, 200, 4000, "cattle-cr-"},
    {kRbac, "ClusterRoleBinding", "clusterrolebindings", kNone, -1, Body::kRbacBinding, 550, 0, 0, "clusterrolebinding-"},
    {kRbac, "ClusterRoleBinding", "clusterrolebindings", kNone, -1, Body::kRbacBinding, 150, 0, 0, "crb-", "globalrolebindings.management.cattle.io"},
    {kRbac, "Role", "roles", kAny, -1, Body::kRbacRole, 900, 200, 2500, "r-"},
    {kRbac, "RoleBinding", "rolebindings", kAny, -1, Body::kRbacBinding, 1200, 0, 0, "rb-"},
    {kRbac, "RoleBinding", "rolebindings", kInProject, -1, Body::kRbacBinding, 100, 0, 0, "rb-u-", "users.management.cattle.io"},
    {"apps/v1", "Deployment", "deployments", kSystem, -1, Body::kDeployment, 150, 500, 4000, "workload-"},
};
// clang-format on

}  // namespace

std::vector<ObjectKind> RancherKinds() {
  std::vector<ObjectKind> kinds;
  for (const Row& row : kRows) {
    ObjectKind kind;
    kind.type.gv = kube::GroupVersion::Parse(row.api_version).value();
    kind.type.plural = row.plural;
    kind.type.kind = row.kind;
    kind.type.namespaced = row.place != kNone;
    kind.type.has_status = row.status == 1;
    kind.type.verbs = ~0u;
    kind.custom = row.status >= 0;
    kind.place = row.place;
    kind.body = row.body;
    kind.weight = row.weight;
    kind.smallest = row.smallest;
    kind.largest = row.largest;
    kind.name_prefix = row.prefix;
    kinds.push_back(std::move(kind));
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (size_t j = 0; *kRows[i].owner != '\0' && j < kinds.size(); ++j) {
      if (kinds[j].type.ResourceName() == kRows[i].owner) kinds[i].owner = static_cast<int>(j);
    }
  }
  return kinds;
}

}  // namespace holdfast::testbed
