// The rights that backing up, and restoring, what ResourceSets select takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/types.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// One rule of a ClusterRole.
struct RbacRule {
  std::string group;                   // empty: core
  std::vector<std::string> resources;  // plurals, "deployments/status"; sorted
  std::vector<std::string> verbs;

  bool operator==(const RbacRule&) const = default;
};

struct RbacRules {
  std::vector<RbacRule> rules;  // sorted by group, then resources
  // Where the rules allow more than is selected, or what they rest on; fit to be printed.
  std::vector<std::string> notes;
};

struct RbacOptions {
  bool restore = true;  // also create, update, patch and delete, and scaling of controllers
};

// The types whose kinds and plurals are known without a cluster: Kubernetes' own.
std::vector<kube::ResourceType> BuiltinResourceTypes();

// The types in a file: CustomResourceDefinitions (all served versions) and APIResourceLists (as
// `kubectl get --raw /apis/GROUP/VERSION` prints them), alone, as documents or in Lists. kInvalid
// when there is none. Limits as ParseResourceSet's.
Result<std::vector<kube::ResourceType>> ParseResourceTypes(std::string_view text,
                                                           std::string_view source_name);

// The least that a ClusterRole can say: it cannot tell by name or label, so a selector of one
// Secret needs them all. What a selector of a group-version that is not in `known` takes cannot be
// known; it gets the plurals that the selector spells out, else every resource of the group ("*").
// kInvalid for a selector that cannot be compiled.
Result<RbacRules> ComputeRbac(const std::vector<const ResourceSet*>& sets,
                              const std::vector<kube::ResourceType>& known,
                              const RbacOptions& options = {});

}  // namespace holdfast::resourceset
