// One spelling for equal JSON: what comparing and diffing stand on.
#pragma once

#include <string>
#include <string_view>

#include "base/json_scan.h"

namespace holdfast::json {

// Appends the value with object keys sorted bytewise (by their unescaped text; the last of repeated
// keys wins), no white space, strings in Quote()'s spelling, numbers as their text stands.
// Values whose text is a whole plain ASCII string are copied as they are. Takes any depth, in
// linear time and without recursion.
void AppendCanonical(std::string& out, std::string_view value);
std::string Canonical(std::string_view value);

// Same value: canonical texts are equal (numbers compared as text).
bool Equal(std::string_view a, std::string_view b);

}  // namespace holdfast::json
