// Answers of the discovery endpoints. Private to kube.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/discovery.h"
#include "kube/types.h"

namespace holdfast::kube {

// One group-version as an answer names it.
struct DiscoveredVersion {
  GroupVersion gv;
  bool stale = false;  // its aggregated API server did not answer
  std::vector<ResourceType> resources;
};

struct DiscoveredGroups {
  bool aggregated = false;  // resources are there; else each group-version must be asked for
  std::vector<DiscoveredVersion> versions;  // the server's order, each group's preferred one first
};

// The answer of /api or /apis: APIGroupDiscoveryList (v2, v2beta1), APIVersions or APIGroupList.
// kInternal when it is none of them.
Result<DiscoveredGroups> ParseGroups(std::string_view body);
// APIResourceList of one group-version.
Result<std::vector<ResourceType>> ParseResources(std::string_view body, const GroupVersion& gv);
// The answer of /version.
Result<ServerVersion> ParseVersion(std::string_view body);

}  // namespace holdfast::kube
