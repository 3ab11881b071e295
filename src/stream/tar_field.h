// Reading the fields of tar and pax headers; text from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::stream::tar {

// A number field: octal digits (blanks in front, blank or NUL behind; empty is 0), or base-256 when
// the first bit is set. None when it is neither, negative, or beyond 63 bits.
std::optional<uint64_t> ParseNumber(std::string_view field);

// Up to the first NUL.
std::string_view ParseText(std::string_view field);

// What is used of a pax extended header.
struct PaxFields {
  std::optional<std::string> path;
  std::optional<uint64_t> size;
};
// kCorrupt, saying what is wrong; kInvalid for what is not supported (sparse files).
Result<PaxFields> ParsePax(std::string_view records);

// The path as entries are named: `./` in front taken off. kInvalid, without the path: empty, too
// long, absolute, `..`, `.` or an empty component, a NUL.
Result<std::string> CleanPath(std::string_view path, size_t max_bytes);

}  // namespace holdfast::stream::tar
