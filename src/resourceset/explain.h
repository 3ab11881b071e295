// Why an object is in a ResourceSet's selection, or is not.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {

struct SelectorVerdict {
  size_t selector = 0;
  bool takes = false;
  std::string reason;  // why not; empty when it takes the object
};

struct ObjectExplanation {
  // The selector by which the object is stored: the first that takes it.
  std::optional<size_t> taken_by;
  // One for each selector of the object's API group, in their order.
  std::vector<SelectorVerdict> verdicts;
  // The whole in sentences, one a line.
  std::string ToString(const ResourceSet& set) const;
};

// `object` is the JSON text, `server_matched` as in Selection::Match. Does not block.
ObjectExplanation ExplainObject(const ResourceSet& set, const Selection& selection,
                                const kube::ResourceType& type, std::string_view object,
                                std::span<const size_t> server_matched = {});

// Reads the object (kNotFound when it is not there), asks the server about the field selectors that
// only it can evaluate, and explains. `ns` is empty for cluster-scoped types. Blocks.
Result<ObjectExplanation> ExplainLiveObject(kube::Client& client, const ResourceSet& set,
                                            const Selection& selection,
                                            const kube::ResourceType& type, std::string_view ns,
                                            std::string_view name, const kube::Call& call = {});

}  // namespace holdfast::resourceset
