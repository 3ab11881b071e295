// Whether ResourceSets take a resource of which only a name, or a manifest, is known: without a
// cluster.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resourceset/rendered.h"

namespace holdfast::resourceset {

// Empty fields are not known.
struct ResourceFacts {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string ns;
  std::string labels;  // JSON object

  // "apps/v1 cattle-system/Deployment/rancher".
  std::string ToString() const;
};

struct Coverage {
  size_t set = 0;       // index into the sets
  size_t selector = 0;  // of its selectors, from 0
  // What could not be looked at, or is not as it looks; fit to be printed.
  std::vector<std::string> caveats;
};

// From `Deployment/rancher`. kInvalid: `--resource must be in kind/name format (e.g.
// Deployment/my-app), got "..."`.
Result<ResourceFacts> ParseKindAndName(std::string_view text);

// From a manifest with one object, YAML or JSON. kInvalid: `missing 'kind' field`, `missing
// 'metadata.name' field`.
Result<ResourceFacts> ParseManifest(std::string_view text, std::string_view source_name);

// The apiVersion of a built-in kind, by kind or plural, whatever the case; empty for others.
std::string_view InferApiVersion(std::string_view kind);

// Every selector of every set that takes the resource as far as the facts go. What is not known is
// a caveat, not a mismatch: so the answer is "covered, if ...". An absent apiVersion is inferred
// for built-in kinds, and fits every selector else. kInvalid for a selector that cannot be
// compiled.
Result<std::vector<Coverage>> FindCoverage(const std::vector<RenderedSet>& sets,
                                           const ResourceFacts& facts);

}  // namespace holdfast::resourceset
