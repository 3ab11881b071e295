// Label selectors as people write them: `app=web,tier in (a, b),!legacy`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// Parts are joined by commas: `key=value`, `key==value`, `key!=value`, `key in (a,b)`,
// `key notin (a,b)`, `key`, `!key`. kInvalid where Kubernetes would refuse it.
Result<LabelSelector> ParseLabelSelector(std::string_view text);

}  // namespace holdfast::resourceset
