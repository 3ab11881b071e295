#include "resourceset/builtin_types.h"

#include <iterator>

namespace holdfast::resourceset {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io/v1";
constexpr std::string_view kNet = "networking.k8s.io/v1";
constexpr std::string_view kStorage = "storage.k8s.io/v1";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io/v1";

constexpr BuiltinType kTypes[] = {
    {"v1", "bindings", "Binding", true},
    {"v1", "componentstatuses", "ComponentStatus", false},
    {"v1", "configmaps", "ConfigMap", true},
    {"v1", "endpoints", "Endpoints", true},
    {"v1", "events", "Event", true},
    {"v1", "limitranges", "LimitRange", true},
    {"v1", "namespaces", "Namespace", false},
    {"v1", "nodes", "Node", false},
    {"v1", "persistentvolumeclaims", "PersistentVolumeClaim", true},
    {"v1", "persistentvolumes", "PersistentVolume", false},
    {"v1", "pods", "Pod", true},
    {"v1", "podtemplates", "PodTemplate", true},
    {"v1", "replicationcontrollers", "ReplicationController", true},
    {"v1", "resourcequotas", "ResourceQuota", true},
    {"v1", "secrets", "Secret", true},
    {"v1", "serviceaccounts", "ServiceAccount", true},
    {"v1", "services", "Service", true},
    {"apps/v1", "controllerrevisions", "ControllerRevision", true},
    {"apps/v1", "daemonsets", "DaemonSet", true},
    {"apps/v1", "deployments", "Deployment", true},
    {"apps/v1", "replicasets", "ReplicaSet", true},
    {"apps/v1", "statefulsets", "StatefulSet", true},
    {"batch/v1", "cronjobs", "CronJob", true},
    {"batch/v1", "jobs", "Job", true},
    {kRbac, "clusterrolebindings", "ClusterRoleBinding", false},
    {kRbac, "clusterroles", "ClusterRole", false},
    {kRbac, "rolebindings", "RoleBinding", true},
    {kRbac, "roles", "Role", true},
    {"apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", false},
    {"apiregistration.k8s.io/v1", "apiservices", "APIService", false},
    {kNet, "ingressclasses", "IngressClass", false},
    {kNet, "ingresses", "Ingress", true},
    {kNet, "ipaddresses", "IPAddress", false},
    {kNet, "networkpolicies", "NetworkPolicy", true},
    {kNet, "servicecidrs", "ServiceCIDR", false},
    {"policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", true},
    {kStorage, "csidrivers", "CSIDriver", false},
    {kStorage, "csinodes", "CSINode", false},
    {kStorage, "csistoragecapacities", "CSIStorageCapacity", true},
    {kStorage, "storageclasses", "StorageClass", false},
    {kStorage, "volumeattachments", "VolumeAttachment", false},
    {kStorage, "volumeattributesclasses", "VolumeAttributesClass", false},
    {kAdmission, "mutatingadmissionpolicies", "MutatingAdmissionPolicy", false},
    {kAdmission, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", false},
    {kAdmission, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false},
    {kAdmission, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", false},
    {kAdmission, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", false},
    {kAdmission, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", false},
    {"autoscaling/v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true},
    {"autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true},
    {"coordination.k8s.io/v1", "leases", "Lease", true},
    {"discovery.k8s.io/v1", "endpointslices", "EndpointSlice", true},
    {"node.k8s.io/v1", "runtimeclasses", "RuntimeClass", false},
};

}  // namespace

const BuiltinType* BuiltinTypes::begin() const { return std::begin(kTypes); }
const BuiltinType* BuiltinTypes::end() const { return std::end(kTypes); }

}  // namespace holdfast::resourceset
