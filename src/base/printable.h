// Outside text, made fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// `text` with control characters and bytes that are not UTF-8 as \xNN, cut after about `max_bytes`
// (then ending in "...").
std::string Printable(std::string_view text, size_t max_bytes = 200);

}  // namespace holdfast
