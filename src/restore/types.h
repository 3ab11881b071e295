// The archive's types held against what the cluster has.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kube/discovery.h"
#include "kube/types.h"
#include "restore/index.h"

namespace holdfast::restore {

struct TypeState {
  // How objects are addressed: from discovery, or as the archive's CRD will make it.
  kube::ResourceType type;
  bool exists = false;    // the cluster has exactly this group-version and plural
  bool from_crd = false;  // it does not yet, but a CRD of the archive brings it
  // Status is written: a custom resource with a status subresource (D14).
  bool writes_status = false;
  // Where the cluster has the resource in another version only: under which its objects can be
  // seen.
  std::optional<kube::ResourceType> other_version;
  // Why nothing of this type can be written; empty when something can.
  std::string problem;
};

// Immutable; one for each state of the cluster's discovery.
class Types {
 public:
  // `live_crds`: names of the cluster's CRDs; they tell custom resources from built-in ones.
  static Types Resolve(const Index& index, const kube::Discovery& discovery,
                       const std::set<std::string>& live_crds);

  const TypeState& operator[](TypeId id) const { return states_[id]; }
  size_t size() const { return states_.size(); }
  // For owners and extra objects: pointers live as long as the Discovery given.
  const kube::Discovery& discovery() const { return *discovery_; }

 private:
  const kube::Discovery* discovery_ = nullptr;
  std::vector<TypeState> states_;
};

}  // namespace holdfast::restore
