// A valid archive of a wanted size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::tests {

// Of backup "big", written into `folder`; its name. At least `bytes` long, the most of it text that
// does not compress.
Result<std::string> MakeBigArchive(const std::filesystem::path& folder, uint64_t bytes);

}  // namespace holdfast::tests
