// Durations as Go writes them ("3s", "1m30s", "500ms"), which Kubernetes takes in `timeout` fields.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace holdfast {

// Nothing where the text is not a duration or does not fit into int64 nanoseconds.
std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text);

}  // namespace holdfast
