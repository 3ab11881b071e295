// What must survive a crash of a restore, kept in the cluster: the replica counts of the
// controllers that it scaled down. ConfigMap `holdfast-restore-state` in the Lease's namespace, key
// `state`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/cluster_guard.h"
#include "kube/types.h"
#include "restore/api.h"

namespace holdfast::restore {

inline constexpr std::string_view kStateName = kube::kRestoreRecord;

struct ScaledController {
  std::string api_version;
  std::string resource;  // plural
  std::string ns;
  std::string name;
  int64_t replicas = 0;  // to be scaled up to

  bool SameObject(const ScaledController& other) const;
  // "deployments.apps cattle-system/rancher".
  std::string ToString() const;
};

struct RunState {
  std::string run;      // the run that wrote it
  std::string archive;  // what it was restoring
  std::vector<ScaledController> controllers;
  std::string resource_version;  // of the ConfigMap; empty: not stored yet

  const ScaledController* Find(const ScaledController& object) const;
};

// The types that exist in every cluster, for those who need no discovery.
const kube::ResourceType& ConfigMapType();
const kube::ResourceType& NamespaceType();
const kube::ResourceType& PodType();

// None when there is none. kCorrupt, naming the ConfigMap, when it cannot be understood.
Result<std::optional<RunState>> ReadState(Api& api, const std::string& ns);
// Creates or replaces it; sets state.resource_version. kConflict when somebody else wrote
// meanwhile.
Status WriteState(Api& api, const std::string& ns, RunState& state);
// Fine when it is gone already.
Status RemoveState(Api& api, const std::string& ns);

}  // namespace holdfast::restore
