// The ResourceSets of a chart, or of any file of manifests, and which of the chart's files each
// selector comes from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

struct RenderedSet {
  ResourceSet set;
  // One for each selector, in their order.
  std::vector<std::string> selector_json;
  std::vector<std::string> sources;  // path below the chart; empty: not known
};

// Text by path below the chart's folder.
using ChartFiles = std::map<std::string, std::string>;

// The ResourceSets among the YAML or JSON documents of `manifest` (Lists are looked into), sorted
// by name; anything else is passed over. With `bare_lists`, a document that is a list of selectors
// counts as a ResourceSet called "selectors". `source_name` is used in errors only. kInvalid;
// limits as ParseResourceSet's. Does not block.
Result<std::vector<RenderedSet>> ReadRenderedSets(std::string_view manifest,
                                                  std::string_view source_name,
                                                  bool bare_lists = false);

// Fills `sources`. A file counts when it is a list of maps that all have an apiVersion: templates
// take such files in as they are. Of several files with the same selector, the n-th occurrence in a
// set is taken to come from the n-th file, in path order. Files that are no YAML are passed over.
void FindSources(std::vector<RenderedSet>& sets, const ChartFiles& files);

}  // namespace holdfast::resourceset
