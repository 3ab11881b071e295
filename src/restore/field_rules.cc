#include "restore/field_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "restore/pod_fields.h"
#include "restore/service_fields.h"
#include "restore/volume_fields.h"

namespace holdfast::restore {
namespace {

// A field that is not compared and that an update sends as the live object has it.
struct FieldRule {
  Special kind;
  std::array<std::string_view, 3> path;  // shorter ones end with empty keys
  bool create;                           // sent as archived when the object is created
};

constexpr std::string_view kAnnotations = "annotations", kMeta = "metadata";

constexpr FieldRule kRules[] = {
    {Special::kVolume, {kMeta, kAnnotations, "pv.kubernetes.io/bound-by-controller"}, false},
    {Special::kClaim, {kMeta, kAnnotations, "pv.kubernetes.io/bind-completed"}, false},
    {Special::kClaim, {kMeta, kAnnotations, "pv.kubernetes.io/bound-by-controller"}, false},
    {Special::kClaim, {kMeta, kAnnotations, "volume.kubernetes.io/selected-node"}, false},
    {Special::kClaim, {kMeta, kAnnotations, "volume.kubernetes.io/storage-provisioner"}, false},
    {Special::kClaim,
     {kMeta, kAnnotations, "volume.beta.kubernetes.io/storage-provisioner"},
     false},
    {Special::kClaim, {"spec", "volumeName"}, true},
    {Special::kPod, {"spec", "priority"}, false},
    {Special::kPod, {"spec", "preemptionPolicy"}, false},
    {Special::kPod, {"spec", "ephemeralContainers"}, true},  // PodToCreate
    {Special::kPod, {"spec", "nodeName"}, true},
    {Special::kLease, {"spec", "holderIdentity"}, false},
    {Special::kLease, {"spec", "acquireTime"}, false},
    {Special::kLease, {"spec", "renewTime"}, false},
    {Special::kLease, {"spec", "leaseTransitions"}, true},
    {Special::kNode, {"spec", "podCIDR"}, true},
    {Special::kNode, {"spec", "podCIDRs"}, true},
    {Special::kNode, {"spec", "providerID"}, true},
    {Special::kNode, {kMeta, kAnnotations, "node.alpha.kubernetes.io/ttl"}, true},
    {Special::kNode, {kMeta, kAnnotations, "csi.volume.kubernetes.io/nodeid"}, true},
    {Special::kControllerRevision, {"revision"}, true},
    {Special::kReplicaSet, {kMeta, kAnnotations, "deployment.kubernetes.io/revision"}, true},
    {Special::kReplicaSet,
     {kMeta, kAnnotations, "deployment.kubernetes.io/revision-history"},
     true},
    {Special::kReplicaSet,
     {kMeta, kAnnotations, "deployment.kubernetes.io/desired-replicas"},
     true},
    {Special::kReplicaSet, {kMeta, kAnnotations, "deployment.kubernetes.io/max-replicas"}, true},
    {Special::kEndpoints,
     {kMeta, kAnnotations, "endpoints.kubernetes.io/last-change-trigger-time"},
     false},
    {Special::kEndpointSlice,
     {kMeta, kAnnotations, "endpoints.kubernetes.io/last-change-trigger-time"},
     false},
    {Special::kServiceAccount, {"secrets"}, false},
};

constexpr std::string_view kTokenType = "kubernetes.io/service-account-token";
constexpr std::string_view kAccountUid = "kubernetes.io/service-account.uid";
constexpr std::array<std::string_view, 3> kTokenData = {"token", "ca.crt", "namespace"};
// The token cleaner's.
constexpr std::array<std::string_view, 2> kTokenLabels = {
    "kubernetes.io/legacy-token-last-used", "kubernetes.io/legacy-token-invalid-since"};
constexpr std::string_view kRootCa = "kube-root-ca.crt";

std::optional<std::string_view> FindRule(std::string_view object, const FieldRule& rule) {
  const auto& p = rule.path;
  if (p[1].empty()) return json::Find(object, {p[0]});
  if (p[2].empty()) return json::Find(object, {p[0], p[1]});
  return json::Find(object, {p[0], p[1], p[2]});
}

std::string RemoveRule(const std::string& object, const FieldRule& rule) {
  const auto& p = rule.path;
  if (p[1].empty()) return json::RemovePath(object, {p[0]});
  if (p[2].empty()) return json::RemovePath(object, {p[0], p[1]});
  return json::RemovePath(object, {p[0], p[1], p[2]});
}

std::string SetRule(const std::string& object, const FieldRule& rule, std::string_view value) {
  const auto& p = rule.path;
  if (p[1].empty()) return json::SetPath(object, {p[0]}, value);
  if (p[2].empty()) return json::SetPath(object, {p[0], p[1]}, value);
  return json::SetPath(object, {p[0], p[1], p[2]}, value);
}

bool HasRows(Special special) {
  return std::any_of(std::begin(kRules), std::end(kRules),
                     [&](const FieldRule& rule) { return rule.kind == special; });
}

bool HasNoMembers(std::optional<std::string_view> value) {
  return value && json::TypeOf(*value) == json::Type::kObject && !json::ObjectReader(*value).Next();
}

// An emptied member is no other than a missing one.
std::string WithoutEmpty(std::string object, std::string_view key) {
  return HasNoMembers(json::Find(object, {key})) ? json::RemovePath(object, {key}) : object;
}

bool IsToken(std::string_view secret) { return json::FindString(secret, {"type"}) == kTokenType; }

std::string WithoutTokenData(std::string secret) {
  for (std::string_view key : kTokenData) secret = json::RemovePath(secret, {"data", key});
  return WithoutEmpty(std::move(secret), "data");
}

std::string TokenAccountUid(std::string_view secret) {
  return json::FindString(secret, {kMeta, kAnnotations, kAccountUid}).value_or("");
}

bool HasToken(std::string_view secret) {
  return !json::FindString(secret, {"data", "token"}).value_or("").empty();
}

bool IsRootCa(std::string_view config_map) {
  return json::FindString(config_map, {kMeta, "name"}) == kRootCa;
}

bool IsAggregated(std::string_view cluster_role) {
  auto rule = json::Find(cluster_role, {"aggregationRule"});
  return rule && json::TypeOf(*rule) == json::Type::kObject;
}

// Taints that controllers set and take away by the state of the node.
bool IsControllerTaint(std::string_view taint) {
  std::string key = json::FindString(taint, {"key"}).value_or("");
  return key.starts_with("node.kubernetes.io/") ||
         key.starts_with("node.cloudprovider.kubernetes.io/");
}

std::string TaintsWhere(std::string_view node, bool controllers) {
  std::string out;
  auto taints = json::Find(node, {"spec", "taints"});
  if (!taints) return out;
  for (json::ArrayReader reader(*taints); auto taint = reader.Next();) {
    if (IsControllerTaint(*taint) != controllers) continue;
    out += (out.empty() ? "" : ",") + std::string(*taint);
  }
  return out;
}

// The user's taints of `node`, then the controllers' of `live`.
std::string WithTaintsOf(std::string node, std::string_view live) {
  std::string taints = TaintsWhere(node, false), others = TaintsWhere(live, true);
  taints += (taints.empty() || others.empty() ? "" : ",") + others;
  if (taints.empty()) return json::RemovePath(node, {"spec", "taints"});
  return json::SetPath(node, {"spec", "taints"}, "[" + taints + "]");
}

// The array with `edit` applied to each element.
template <typename Edit>
std::string EditElements(std::string_view array, const Edit& edit) {
  std::string out = "[";
  for (json::ArrayReader reader(array); auto element = reader.Next();) {
    if (out.size() > 1) out += ',';
    out += edit(*element);
  }
  return out + "]";
}

std::string WithoutTargetUid(std::string_view endpoint) {
  std::string out = json::RemovePath(endpoint, {"targetRef", "uid"});
  return json::RemovePath(out, {"targetRef", "resourceVersion"});
}

std::string EditArray(std::string object, std::string_view key) {
  auto array = json::Find(object, {key});
  if (!array || json::TypeOf(*array) != json::Type::kArray) return object;
  return json::SetKey(object, key, EditElements(*array, WithoutTargetUid));
}

// Of EndpointSlices and Endpoints: the Pods that endpoints stand for have other uids by then.
std::string WithoutTargetUids(Special special, std::string object) {
  if (special == Special::kEndpointSlice) return EditArray(std::move(object), "endpoints");
  auto subsets = json::Find(object, {"subsets"});
  if (!subsets || json::TypeOf(*subsets) != json::Type::kArray) return object;
  std::string edited = EditElements(*subsets, [](std::string_view subset) {
    return EditArray(EditArray(std::string(subset), "addresses"), "notReadyAddresses");
  });
  return json::SetKey(object, "subsets", edited);
}

std::string WithLive(std::string object, std::string_view live, const FieldRule& rule) {
  auto value = FindRule(live, rule);
  if (value) return SetRule(object, rule, *value);
  return FindRule(object, rule) ? RemoveRule(object, rule) : object;
}

}  // namespace

bool UpdateNeedsLive(Special special, std::string_view name, bool token) {
  switch (special) {
    case Special::kSecret: return token;
    case Special::kConfigMap: return name == kRootCa;
    case Special::kService:
    case Special::kClusterRole:
    case Special::kSnapshotContent: return true;
    default: return HasRows(special);
  }
}

std::optional<std::string> ComparedFields(Special special, std::string_view object) {
  std::optional<std::string> out;
  switch (special) {
    case Special::kService: return ComparedService(object);
    case Special::kSnapshotContent: return ComparedSnapshotContent(object);
    case Special::kSecret:
      if (!IsToken(object)) return std::nullopt;
      out = WithoutTokenData(std::string(object));
      for (std::string_view label : kTokenLabels)
        out = json::RemovePath(*out, {kMeta, "labels", label});
      return json::RemovePath(*out, {kMeta, kAnnotations, kAccountUid});
    case Special::kConfigMap:
      if (!IsRootCa(object)) return std::nullopt;
      return WithoutEmpty(json::RemovePath(object, {"data", "ca.crt"}), "data");
    case Special::kClusterRole:
      if (!IsAggregated(object)) return std::nullopt;
      return json::RemovePath(object, {"rules"});
    default: break;
  }
  if (!HasRows(special)) return std::nullopt;
  out = std::string(object);
  for (const FieldRule& rule : kRules)
    if (rule.kind == special && FindRule(*out, rule)) out = RemoveRule(*out, rule);
  switch (special) {
    case Special::kVolume: return ComparedVolume(*out);
    case Special::kPod: return ComparedPod(*out);
    case Special::kLease: return WithoutEmpty(std::move(*out), "spec");
    case Special::kNode: return WithoutEmpty(WithTaintsOf(std::move(*out), {}), "spec");
    case Special::kEndpoints:
    case Special::kEndpointSlice: return WithoutTargetUids(special, std::move(*out));
    default: return out;
  }
}

bool NeedsSecondLook(Special special) {
  return special == Special::kVolume || special == Special::kClaim || special == Special::kService;
}

FieldDifference LookAgain(Special special, std::string_view archived, std::string_view live) {
  FieldDifference out;
  if (special == Special::kVolume) return LookAtVolume(archived, live);
  if (special == Special::kClaim) return LookAtClaim(archived, live);
  if (special != Special::kService) return out;
  out.node_ports = NodePortsDiffer(archived, live);
  for (const std::string& line : ServiceFieldsLeft(archived, live))
    out.left += (out.left.empty() ? "" : "; ") + line;
  return out;
}

Result<std::string> FieldsToCreate(Special special, std::string object, References* references,
                                   const LeftFields& left, std::vector<std::string>& notes) {
  for (const FieldRule& rule : kRules)
    if (rule.kind == special && !rule.create && FindRule(object, rule))
      object = RemoveRule(object, rule);
  switch (special) {
    case Special::kVolume: return VolumeToCreate(std::move(object), references);
    case Special::kClaim: return ClaimToCreate(std::move(object), references, notes);
    case Special::kPod: return PodToCreate(std::move(object), references, notes);
    case Special::kService: return ServiceToCreate(std::move(object), left);
    case Special::kSnapshotContent: return SnapshotContentToCreate(std::move(object));
    case Special::kNode: return WithTaintsOf(std::move(object), {});
    case Special::kEndpoints:
    case Special::kEndpointSlice: return WithoutTargetUids(special, std::move(object));
    default: return object;
  }
}

std::string FieldsToUpdate(Special special, std::string object, std::string_view live,
                           const LeftFields& left) {
  for (const FieldRule& rule : kRules)
    if (rule.kind == special) object = WithLive(std::move(object), live, rule);
  switch (special) {
    case Special::kVolume: return VolumeToUpdate(std::move(object), live);
    case Special::kPod: return PodToUpdate(std::move(object), live);
    case Special::kService: return ServiceToUpdate(std::move(object), live, left);
    case Special::kSnapshotContent: return SnapshotContentToUpdate(std::move(object), live);
    case Special::kNode: return WithTaintsOf(std::move(object), live);
    case Special::kEndpoints:
    case Special::kEndpointSlice: return WithoutTargetUids(special, std::move(object));
    case Special::kConfigMap:
      if (auto ca = json::Find(live, {"data", "ca.crt"}); ca && IsRootCa(object))
        return json::SetPath(object, {"data", "ca.crt"}, *ca);
      return object;
    case Special::kClusterRole:
      if (auto rules = json::Find(live, {"rules"}); rules && IsAggregated(object))
        return json::SetKey(object, "rules", *rules);
      return object;
    default: return object;
  }
}

std::string TokenToCreate(std::string secret, const TokenAccount& account,
                          std::vector<std::string>& notes) {
  if (!IsToken(secret)) return secret;
  bool other = account.made_anew || (!account.uid.empty() && account.archived_uid != account.uid);
  if (!other) return secret;
  if (HasToken(secret))
    notes.push_back(
        "its token is left out, because it is of an earlier account with another uid; "
        "the control plane issues a new one");
  for (std::string_view label : kTokenLabels)
    secret = json::RemovePath(secret, {kMeta, "labels", label});
  return WithoutTokenData(std::move(secret));
}

std::string TokenToUpdate(std::string secret, std::string_view live, const TokenAccount& account) {
  if (!IsToken(secret)) return secret;
  for (std::string_view label : kTokenLabels) {
    auto value = json::Find(live, {kMeta, "labels", label});
    secret = value ? json::SetPath(secret, {kMeta, "labels", label}, *value)
                   : json::RemovePath(secret, {kMeta, "labels", label});
  }
  bool live_is_good = IsToken(live) && HasToken(live) && !account.made_anew &&
                      (account.uid.empty() || TokenAccountUid(live) == account.uid);
  if (live_is_good) {
    for (std::string_view key : kTokenData) {
      auto value = json::Find(live, {"data", key});
      secret = value ? json::SetPath(secret, {"data", key}, *value)
                     : json::RemovePath(secret, {"data", key});
    }
    return secret;
  }
  std::vector<std::string> notes;
  return TokenToCreate(std::move(secret), account, notes);
}

bool LeaveToServer(Special special, std::string_view message, LeftFields& left) {
  return special == Special::kService && LeaveServiceField(message, left);
}

std::vector<std::string> LeftToControlPlane(Special special, std::string_view archived,
                                            std::string_view answer) {
  if (special == Special::kService) return ServiceFieldsLeft(archived, answer);
  std::vector<std::string> out;
  if (special != Special::kPod) return out;
  for (std::string_view key : {"priority", "preemptionPolicy"}) {
    auto was = json::Find(archived, {"spec", key}), is = json::Find(answer, {"spec", key});
    if (was && is && json::Canonical(*is) != json::Canonical(*was))
      out.push_back("spec." + std::string(key) + " is " + std::string(*is) + ", archived " +
                    std::string(*was));
  }
  return out;
}

}  // namespace holdfast::restore
