// The floor of a backup: the same whole lists fetched by curl, 8 at a time.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "testbed/control_plane.h"

namespace holdfast::bench {

// Writes a curl configuration that fetches every list that a backup of the ResourceSet in
// `set_file` reads, without resourceVersion, and discards it. Returns how many lists.
Result<size_t> WriteCurlConfig(const testbed::ControlPlane& plane,
                               const std::filesystem::path& set_file,
                               const std::filesystem::path& config);

// The command: `curl -A x --parallel --parallel-max 8 --config CONFIG`.
std::vector<std::string> CurlCommand(const std::filesystem::path& config);

}  // namespace holdfast::bench
