// How much each selector of a ResourceSet takes in a live cluster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {

struct TypeCount {
  const kube::ResourceType* type = nullptr;  // lives as long as the Discovery
  int64_t objects = 0;                       // that this selector takes
};

struct SelectorCount {
  size_t selector = 0;
  int64_t objects = 0;           // that this selector takes, whoever else does
  int64_t first = 0;             // of these: that no earlier selector takes
  std::vector<TypeCount> types;  // every type that it reads, also with 0 objects
  // Why it takes nothing, or may take less than meant; fit to be printed.
  std::vector<std::string> warnings;
};

struct MatchCounts {
  std::vector<SelectorCount> selectors;  // one for each, in their order
  int64_t objects = 0;                   // taken by any selector, each once
};

// Lists every selected type once (metadata only where that suffices, in pages), at no common
// revision. Where cluster-wide lists are forbidden and the selectors name their namespaces, those.
// Blocks; any error ends it.
Result<MatchCounts> CountMatches(kube::Client& client, const kube::Discovery& discovery,
                                 const ResourceSet& set, const Logger& log,
                                 const kube::Call& call = {});

}  // namespace holdfast::resourceset
