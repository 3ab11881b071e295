// Bytes as hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// Two lower-case digits a byte.
std::string HexOf(std::string_view bytes);

}  // namespace holdfast
