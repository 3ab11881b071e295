#include "restore/comparable.h"

#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/json_canonical.h"
#include "base/json_diff.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/field_rules.h"
#include "restore/job_fields.h"

namespace holdfast::restore {
namespace {

// Places in an object below which something is left out.
enum class Level { kTop, kMetadata, kAnnotations, kSpec };

struct Context {
  Special special;
  bool token_secret = false;
};

bool OneOf(std::string_view key, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

// Annotations that their owner in the control plane sets again whatever is written.
bool ExcludedAnnotation(const Context& context, std::string_view key) {
  switch (context.special) {
    case Special::kManagementCluster: return key == "io.cattle.agent.force.deploy";
    case Special::kSecret:
      return context.token_secret && key == "kubernetes.io/service-account.uid";
    case Special::kDeployment: return key == "deployment.kubernetes.io/revision";
    case Special::kDaemonSet: return key == "deprecated.daemonset.template.generation";
    default: return false;
  }
}

bool ExcludedSpec(const Context& context, std::string_view key) {
  switch (context.special) {
    case Special::kFleetCluster: return key == "redeployAgentGeneration";
    case Special::kProvisioningCluster: return key == "redeploySystemAgentGeneration";
    case Special::kNamespace: return key == "finalizers";  // kept by the server on every update
    default: return false;
  }
}

bool Excluded(const Context& context, Level level, std::string_view key) {
  switch (level) {
    case Level::kTop:
      return OneOf(key, {"apiVersion", "kind", "status"}) ||
             (context.special == Special::kServiceAccount && key == "secrets");
    case Level::kMetadata:
      return OneOf(key, {"name", "namespace", "uid", "resourceVersion", "creationTimestamp",
                         "generation", "managedFields", "selfLink", "deletionTimestamp",
                         "deletionGracePeriodSeconds", "ownerReferences"});
    case Level::kAnnotations: return ExcludedAnnotation(context, key);
    case Level::kSpec: return ExcludedSpec(context, key);
  }
  return false;
}

// The level of a member's value; none where nothing is left out below it.
std::optional<Level> Below(const Context& context, Level level, std::string_view key) {
  if (level == Level::kTop && key == "metadata") return Level::kMetadata;
  if (level == Level::kMetadata && key == "annotations") return Level::kAnnotations;
  bool in_spec = context.special == Special::kFleetCluster ||
                 context.special == Special::kProvisioningCluster ||
                 context.special == Special::kNamespace;
  if (level == Level::kTop && key == "spec" && in_spec) return Level::kSpec;
  return std::nullopt;
}

bool IsEmpty(std::string_view canonical) {
  return canonical == "{}" || canonical == "[]" || canonical == "null";
}

// Empty members of metadata are not stored by the server; neither may an emptied spec or
// annotations differ from a missing one.
bool DropWhenEmpty(Level level, std::optional<Level> below) {
  return level == Level::kMetadata || (below && *below != Level::kMetadata);
}

void AppendLevel(std::string& out, const Context& context, Level level, std::string_view object) {
  struct Entry {
    std::string key;
    std::string_view value;
  };
  std::vector<Entry> members;
  for (json::ObjectReader reader(object); auto member = reader.Next();) {
    std::string key = json::Unescape(member->key);
    if (!Excluded(context, level, key)) members.push_back({std::move(key), member->value});
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const Entry& a, const Entry& b) { return a.key < b.key; });
  out += '{';
  bool first = true;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1].key == members[i].key) continue;
    size_t mark = out.size();
    if (!first) out += ',';
    json::AppendQuoted(out, members[i].key);
    out += ':';
    size_t value_at = out.size();
    std::optional<Level> below = Below(context, level, members[i].key);
    if (below && json::TypeOf(members[i].value) == json::Type::kObject)
      AppendLevel(out, context, *below, members[i].value);
    else
      json::AppendCanonical(out, members[i].value);
    if (DropWhenEmpty(level, below) && IsEmpty(std::string_view(out).substr(value_at)))
      out.resize(mark);
    else
      first = false;
  }
  out += '}';
}

void AppendMainForm(std::string& out, Special special, std::string_view object) {
  Context context{special, false};
  if (special == Special::kSecret)
    context.token_secret =
        json::FindString(object, {"type"}) == "kubernetes.io/service-account-token";
  if (special == Special::kJob) {
    AppendLevel(out, context, Level::kTop, ComparedJob(object));
  } else if (auto fields = ComparedFields(special, object)) {
    AppendLevel(out, context, Level::kTop, *fields);
  } else {
    AppendLevel(out, context, Level::kTop, object);
  }
}

}  // namespace

Hasher::Hasher() {
  (void)sodium_init();
  randombytes_buf(key_.data(), key_.size());
}

Digest128 Hasher::Hash(std::string_view bytes) const {
  Digest128 digest{};
  crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), sizeof(digest),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     key_.data(), key_.size());
  return digest;
}

Special SpecialOf(const kube::GroupVersion& gv, std::string_view plural) {
  std::string lower(plural);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // Whatever the group: the custom roles of other groups follow the same rule (spec 7.9).
  if (lower == "globalroles" || lower == "roletemplates") return Special::kRole;
  struct Row {
    std::string_view group, version, plural;  // version empty: any
    Special special;
  };
  static constexpr Row kRows[] = {
      {"apiextensions.k8s.io", "", "customresourcedefinitions", Special::kCrd},
      {"", "v1", "namespaces", Special::kNamespace},
      {"", "v1", "serviceaccounts", Special::kServiceAccount},
      {"", "v1", "secrets", Special::kSecret},
      {"apps", "", "deployments", Special::kDeployment},
      {"extensions", "", "deployments", Special::kDeployment},
      {"apps", "", "daemonsets", Special::kDaemonSet},
      {"fleet.cattle.io", "v1alpha1", "clusters", Special::kFleetCluster},
      {"provisioning.cattle.io", "v1", "clusters", Special::kProvisioningCluster},
      {"management.cattle.io", "v3", "clusters", Special::kManagementCluster},
      {"resources.cattle.io", "v1", "resourcesets", Special::kResourceSet},
      {"batch", "", "jobs", Special::kJob},
      {"", "v1", "services", Special::kService},
      {"", "v1", "persistentvolumes", Special::kVolume},
      {"", "v1", "persistentvolumeclaims", Special::kClaim},
      {"", "v1", "pods", Special::kPod},
      {"", "v1", "nodes", Special::kNode},
      {"", "v1", "endpoints", Special::kEndpoints},
      {"", "v1", "configmaps", Special::kConfigMap},
      {"coordination.k8s.io", "", "leases", Special::kLease},
      {"apps", "", "controllerrevisions", Special::kControllerRevision},
      {"apps", "", "replicasets", Special::kReplicaSet},
      {"discovery.k8s.io", "", "endpointslices", Special::kEndpointSlice},
      {"snapshot.storage.k8s.io", "", "volumesnapshotcontents", Special::kSnapshotContent},
      {"rbac.authorization.k8s.io", "", "clusterroles", Special::kClusterRole},
      {"networking.k8s.io", "", "ipaddresses", Special::kIpAddress},
      {"certificates.k8s.io", "", "certificatesigningrequests", Special::kCertificateRequest},
      {"apiregistration.k8s.io", "", "apiservices", Special::kApiService},
  };
  for (const Row& row : kRows)
    if (row.group == gv.group && row.plural == plural &&
        (row.version.empty() || row.version == gv.version))
      return row.special;
  return Special::kNone;
}

std::string MainForm(Special special, std::string_view object) {
  std::string out;
  AppendMainForm(out, special, object);
  return out;
}

Forms FormsOf(const Hasher& hasher, Special special, std::string_view object,
              std::string& scratch) {
  Forms forms;
  scratch.clear();
  AppendMainForm(scratch, special, object);
  forms.main = hasher.Hash(scratch);
  std::optional<std::string_view> status = json::Find(object, {"status"});
  if (!status) return forms;
  forms.null_status = json::TypeOf(*status) == json::Type::kNull;
  forms.has_status = !forms.null_status;
  if (forms.null_status) return forms;
  scratch.clear();
  json::AppendCanonical(scratch, *status);
  forms.status = hasher.Hash(scratch);
  return forms;
}

std::string OwnerForm(std::string_view owner_reference) {
  return json::Canonical(json::RemoveKeys(owner_reference, {"uid"}));
}

std::vector<std::string> DifferingPaths(Special special, std::string_view archived,
                                        std::string_view live, bool with_status, size_t limit) {
  using json::Arrays;
  std::vector<std::string> paths;
  std::string left = MainForm(special, archived), right = MainForm(special, live);
  for (json::Difference& found :
       json::Differences(left, right, Arrays::kWholeIfLengthsDiffer, limit))
    paths.push_back(found.path.empty() ? "the whole object" : std::move(found.path));
  if (!with_status || paths.size() >= limit) return paths;
  auto text = [](std::string_view object) {
    auto status = json::Find(object, {"status"});
    return status ? json::Canonical(*status) : std::string();
  };
  left = text(archived), right = text(live);
  for (const json::Difference& found :
       json::Differences(left, right, Arrays::kWholeIfLengthsDiffer, limit - paths.size())) {
    bool dot = !found.path.empty() && found.path[0] != '[';
    paths.push_back("status" + std::string(dot ? "." : "") + found.path);
  }
  return paths;
}

}  // namespace holdfast::restore
