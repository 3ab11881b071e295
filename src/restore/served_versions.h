// Objects in a version that the cluster does not serve any more, written in one that it serves.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/discovery.h"
#include "kube/types.h"

namespace holdfast::restore {

// How the text of an object becomes one of the served version, besides its apiVersion.
enum class VersionChange : uint8_t {
  kNone,             // it does not: the version is the archive's
  kSame,             // the same fields with the same meaning
  kEmptySelector,    // PodDisruptionBudget: `selector: {}` took nothing, now it takes everything
  kWebhookDefaults,  // webhook configurations: defaults of the old version are spelled out
  kUpdateStrategy,   // workloads: the same
  kConcurrency,      // PriorityLevelConfiguration: a field has another name
};

struct ServedVersion {
  const kube::ResourceType* type = nullptr;
  VersionChange change = VersionChange::kSame;
};

// For a built-in type: where its objects go, by a table of types that moved with the same shape
// (Kubernetes' deprecation guide). None when the table or the cluster lacks it. The pointer lives
// as long as `discovery`.
std::optional<ServedVersion> BuiltInSuccessor(const kube::Discovery& discovery,
                                              const kube::GroupVersion& gv,
                                              std::string_view plural);

// The versions of a CustomResourceDefinition, and how its objects change between them.
struct CrdVersions {
  std::vector<std::string> served;  // the storage version first
  bool webhook = false;             // conversion strategy Webhook
};
CrdVersions VersionsOf(std::string_view crd);

// The object as the served version has it. Number texts and everything not named stay.
std::string ToServedVersion(VersionChange change, std::string_view object,
                            const kube::GroupVersion& served);

// Groups that objects of the resource were in before it moved to `group`; empty: none.
std::string_view FormerGroup(std::string_view group, std::string_view plural);

}  // namespace holdfast::restore
