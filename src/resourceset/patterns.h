// The four regular expressions of a selector, and what is wrong with its values.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resourceset/regexp.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// Compiled; none where the selector has none.
struct Patterns {
  std::optional<Regexp> kinds, names, exclude_names, namespaces;
};

// Something in a selector that can never work.
struct SelectorFault {
  std::string field;  // below the selector: "kindsRegexp", "labelSelectors.matchExpressions[0].key"
  std::string message;    // `error in kindsRegexp pattern [: error parsing regexp: ...`
  bool of_kinds = false;  // apiVersion or kindsRegexp: found while gathering the resources
};

// Compiles the patterns of `selector` into `patterns` (may be null) and checks apiVersion and
// labels.
std::vector<SelectorFault> CheckSelector(const Selector& selector, Patterns* patterns);

}  // namespace holdfast::resourceset
