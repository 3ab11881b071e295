// Where the programs of the test bed are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::testbed {

// The folder that holds all the named tools: $HOLDFAST_TOOLS where set (kNotFound when one is not
// in it), else what testbed/build-tools prints, which builds what is missing (minutes, once;
// progress goes to standard error). Blocks.
Result<std::filesystem::path> FindTools(const std::vector<std::string>& names);

}  // namespace holdfast::testbed
