// What two texts of one object are compared by: everything but what the server owns.
//
// Left out of the main form: apiVersion and kind (known from the type), status (its own digest),
// metadata's name and namespace (the key), uid, resourceVersion, creationTimestamp, generation,
// managedFields, selfLink, deletionTimestamp, deletionGracePeriodSeconds, and ownerReferences
// (compared one by one, because their uids differ between clusters). Numbers count as text.
// Also, by type, what a write cannot change, the increments of spec 7.9, and what field_rules.h
// leaves to the control plane.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/types.h"

namespace holdfast::restore {

using Digest128 = std::array<uint64_t, 2>;

// A random key per run, so that nobody can prepare two objects with the same digest.
class Hasher {
 public:
  // Draws the key.
  Hasher();
  Digest128 Hash(std::string_view bytes) const;  // BLAKE2b
  uint64_t Hash64(std::string_view bytes) const { return Hash(bytes)[0]; }

 private:
  std::array<uint8_t, 32> key_;
};

// How objects of a type are treated beyond what holds for all (spec 7.4, 7.9). By group and plural.
enum class Special : uint8_t {
  kNone,
  kCrd,                  // versions merged, compared body to body
  kNamespace,            // spec.finalizers is the server's
  kServiceAccount,       // secrets removed
  kSecret,               // registration values skipped; token secrets follow their account
  kDeployment,           // rancher's own skipped; the revision annotation is the controller's
  kDaemonSet,            // the template generation is the server's
  kRole,                 // globalroles, roletemplates: built-in ones are skipped
  kFleetCluster,         // spec.redeployAgentGeneration + 1
  kProvisioningCluster,  // spec.redeploySystemAgentGeneration + 1
  kManagementCluster,    // annotation io.cattle.agent.force.deploy
  kResourceSet,          // one that a chart manages is not overwritten
  kJob,                  // labels and selector with the Job's uid are the server's
  // Kinds of which field_rules.h has rules.
  kService,
  kVolume,  // persistentvolumes
  kClaim,   // persistentvolumeclaims
  kPod,
  kLease,
  kNode,
  kControllerRevision,
  kReplicaSet,
  kEndpoints,
  kEndpointSlice,
  kSnapshotContent,  // volumesnapshotcontents
  kConfigMap,        // kube-root-ca.crt is the control plane's
  kClusterRole,      // rules of an aggregated one are the control plane's
  // Kinds of which objects are skipped (SkipRuleOf).
  kIpAddress,
  kCertificateRequest,
  kApiService,
};
Special SpecialOf(const kube::GroupVersion& gv, std::string_view plural);
// Those whose increments count as a change only when something else is written.
inline bool HasIncrement(Special special) {
  return special == Special::kFleetCluster || special == Special::kProvisioningCluster ||
         special == Special::kManagementCluster;
}

// The canonical text of the compared form. `object` is validated JSON.
std::string MainForm(Special special, std::string_view object);

struct Forms {
  Digest128 main{};
  Digest128 status{};        // all zero where the object has no status
  bool has_status = false;   // present and not null
  bool null_status = false;  // present and null
};
// `scratch` is reused between calls to save allocations.
Forms FormsOf(const Hasher& hasher, Special special, std::string_view object, std::string& scratch);

// One owner reference without its uid, canonical.
std::string OwnerForm(std::string_view owner_reference);

// Where two objects differ in what is compared (status too when `with_status`): at most `limit`
// paths like `spec.replicas` or `metadata.labels["a.b/c"]`, never values. Owner references are left
// out.
std::vector<std::string> DifferingPaths(Special special, std::string_view archived,
                                        std::string_view live, bool with_status, size_t limit);

}  // namespace holdfast::restore
