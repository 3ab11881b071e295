// Warnings about a valid ResourceSet whose selectors do not do what they look like.
#pragma once

#include <string>
#include <vector>

#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

struct Finding {
  Place place;
  std::string path;     // "resourceSelectors[3].excludeKinds"
  std::string message;  // what happens, and what to write instead

  // "set.yaml:12:5: resourceSelectors[3].excludeKinds: message".
  std::string ToString() const;
};

// In the order of the selectors. Needs no cluster and does not block.
std::vector<Finding> Lint(const ResourceSet& set);

}  // namespace holdfast::resourceset
