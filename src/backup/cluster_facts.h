// What a backup wants to know of the cluster as a whole.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backup/instant.h"
#include "backup/list_api.h"
#include "base/result.h"
#include "kube/discovery.h"
#include "kube/types.h"
#include "resourceset/resource_set.h"
#include "resourceset/selection.h"

namespace holdfast::backup {

// uid of Namespace kube-system, by which archives tell clusters apart. Blocks.
Result<std::string> ReadClusterId(ListApi& api, const kube::Call& call);

// Setting server-version of Rancher; empty where there is no Rancher or it may not be read. Blocks.
std::string ReadRancherVersion(ListApi& api, const kube::Discovery& discovery,
                               const kube::Call& call);

// customresourcedefinitions.apiextensions.k8s.io/v1, which every API server has.
kube::ResourceType CrdType();

// What changes of a CRD when its schema, versions or conversion do.
struct CrdState {
  std::string uid;
  std::string generation;
  bool operator==(const CrdState&) const = default;
};
using CrdStates = std::map<std::string, CrdState>;  // by name, "<plural>.<group>"

// None where the CRDs may not be listed (403). Blocks.
Result<std::optional<CrdStates>> ReadCrds(ListApi& api, const kube::Call& call);

// kExpired, naming the CRD, when one that defines a selected kind is not in `after` as it was in
// `before`, or when one of a group that is asked for existed at R but not in `before`: what was
// listed in between is then not of one schema, or not all. Blocks.
Status CheckCrdsUnchanged(ListApi& api, const Instant& instant, const CrdStates& before,
                          const CrdStates& after,
                          const std::vector<resourceset::TypeSelection>& selected,
                          const resourceset::ResourceSet& set, const kube::Call& call);

// By which kinds R may be fixed, best first: the CRDs, then built-in kinds that are selected.
std::vector<Reference> References(const std::vector<resourceset::TypeSelection>& selected);

}  // namespace holdfast::backup
