// The inner loops of JSON scanning, 16 bytes at a step.
#pragma once

#include <cstddef>
#include <string_view>

namespace holdfast::json {

// text[at] is an opening quote; the offset just after the closing one, or text.size() when there is
// none.
size_t StringEnd(std::string_view text, size_t at);
// First offset from `at` that holds '"', '{', '}', '[' or ']'; text.size() when there is none.
size_t NextStructural(std::string_view text, size_t at);
// First offset from `at` that holds '"', '\\', a control character or a byte from 0x80 on.
size_t PlainEnd(std::string_view text, size_t at);

}  // namespace holdfast::json
