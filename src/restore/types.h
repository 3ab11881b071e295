// The archive's types held against what the cluster has.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kube/discovery.h"
#include "kube/types.h"
#include "restore/index.h"
#include "restore/served_versions.h"

namespace holdfast::restore {

struct TypeState {
  // How objects are addressed: from discovery, or as the archive's CRD will make it.
  kube::ResourceType type;
  bool exists = false;    // the cluster has exactly this group-version and plural
  bool from_crd = false;  // it does not yet, but a CRD of the archive brings it
  // Status is written: a custom resource with a status subresource (D14).
  bool writes_status = false;
  bool custom = false;  // a CustomResourceDefinition's, of the cluster or of the archive
  // Where the cluster has the resource in another version only: under which its objects can be
  // seen.
  std::optional<kube::ResourceType> other_version;
  // The archive's version is not served, and `type` is another one (maybe of another group) in
  // which its objects are compared and written: as ToServedVersion() makes them, and with
  // fieldValidation Strict, so that nothing is dropped. kNone: `type` is the archive's.
  VersionChange change = VersionChange::kNone;
  // Types of the archive that lead to the same `type` and go before: an object that they have, too,
  // is not taken from here.
  std::vector<TypeId> preferred;
  // Why nothing of this type can be written; empty when something can.
  std::string problem;
};

// The text of the cluster's CRD of that name. Blocks.
using CrdReader = std::function<Result<std::string>(const std::string& name)>;

// What is known of the CRDs beside discovery.
struct CrdFacts {
  // Names of the cluster's CRDs; they tell custom resources from built-in ones.
  std::set<std::string> live;
  // CRDs of the archive that were refused or do not become established: name and why.
  std::map<std::string, std::string> failed;
  // Asked for CRDs of which the archive has objects in a version that is not served; without it
  // those cannot be written.
  CrdReader read;
};

// Whether the archive has the resource, in any version or in the group that it was in before.
bool HasType(const Index& index, std::string_view group, std::string_view plural);

// Immutable; one for each state of the cluster's discovery.
class Types {
 public:
  // Blocks where facts.read does.
  static Types Resolve(const Index& index, const kube::Discovery& discovery, const CrdFacts& facts);
  static Types Resolve(const Index& index, const kube::Discovery& discovery,
                       const std::set<std::string>& live_crds) {
    return Resolve(index, discovery, CrdFacts{live_crds, {}, {}});
  }

  const TypeState& operator[](TypeId id) const { return states_[id]; }
  size_t size() const { return states_.size(); }
  // For owners and extra objects: pointers live as long as the Discovery given.
  const kube::Discovery& discovery() const { return *discovery_; }
  // For the report, a line for each type of the archive whose version is not served but written in
  // another one: `poddisruptionbudgets.policy are written as policy/v1 (archive: policy/v1beta1)`.
  std::vector<std::string> ChangedVersions(const Index& index) const;

 private:
  void FindPreferred();

  const kube::Discovery* discovery_ = nullptr;
  std::vector<TypeState> states_;
};

}  // namespace holdfast::restore
