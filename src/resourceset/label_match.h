// Label selectors with Kubernetes' meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// Where and why Kubernetes would refuse the selector.
struct LabelFault {
  std::string path;  // "matchExpressions[0].values"
  std::string message;
};
std::optional<LabelFault> CheckLabels(const LabelSelector& selector);

// `labels` is the JSON object of an object's labels; empty: none. NotIn and DoesNotExist also take
// objects without the key. The selector must have passed CheckLabels().
bool LabelsMatch(const LabelSelector& selector, std::string_view labels);
// The first part that is not fulfilled, `label app is "y", not in (x)`; empty when all are.
std::string WhyLabelsDiffer(const LabelSelector& selector, std::string_view labels);

}  // namespace holdfast::resourceset
