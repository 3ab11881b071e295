#include "restore/write_order.h"

#include <string_view>

namespace holdfast::restore {
namespace {

constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kFlowControl = "flowcontrol.apiserver.k8s.io";

struct OrderRow {
  std::string_view group, plural;
  bool last;
  uint8_t rank;
};

constexpr OrderRow kOrder[] = {
    // Cluster-scoped and namespaced kinds that others refer to have rank 0, and so has all that is
    // not named here.
    {kRbac, "clusterrolebindings", false, 1},
    {kRbac, "rolebindings", false, 1},
    // Admission refuses a Pod without its account, and a claim or an Ingress gets the default class
    // instead of none.
    {"", "pods", false, 1},
    {"", "replicationcontrollers", false, 1},
    {"apps", "deployments", false, 1},
    {"apps", "replicasets", false, 1},
    {"apps", "statefulsets", false, 1},
    {"apps", "daemonsets", false, 1},
    {"batch", "jobs", false, 1},
    {"batch", "cronjobs", false, 1},
    // A slice of a Service that is not there yet is deleted.
    {"", "endpoints", false, 1},
    {"discovery.k8s.io", "endpointslices", false, 1},
    {"", "resourcequotas", true, 0},
    {"", "limitranges", true, 0},
    {kFlowControl, "prioritylevelconfigurations", true, 1},
    {kFlowControl, "flowschemas", true, 2},
    {kAdmission, "validatingadmissionpolicies", true, 1},
    {kAdmission, "mutatingadmissionpolicies", true, 1},
    {"apiregistration.k8s.io", "apiservices", true, 2},
    {kAdmission, "validatingwebhookconfigurations", true, 2},
    {kAdmission, "mutatingwebhookconfigurations", true, 2},
    // A policy judges by its bindings, and could judge all of the above but webhook configurations.
    {kAdmission, "validatingadmissionpolicybindings", true, 3},
    {kAdmission, "mutatingadmissionpolicybindings", true, 3},
};

const OrderRow* RowOf(const ArchivedType& type) {
  for (const OrderRow& row : kOrder)
    if (row.group == type.gv.group && row.plural == type.plural) return &row;
  return nullptr;
}

}  // namespace

Phase PhaseOfType(const ArchivedType& type, bool cluster_scoped) {
  if (type.special == Special::kCrd) return Phase::kCrds;
  const OrderRow* row = RowOf(type);
  if (row != nullptr && row->last) return Phase::kLast;
  return cluster_scoped ? Phase::kClusterScoped : Phase::kNamespaced;
}

uint8_t RankInPhase(const ArchivedType& type) {
  const OrderRow* row = RowOf(type);
  return row == nullptr ? 0 : row->rank;
}

}  // namespace holdfast::restore
