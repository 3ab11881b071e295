// The header of a gzip member (RFC 1952, 2.3), text from outside.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "stream/window.h"

namespace holdfast::stream {

inline constexpr size_t kMaxGzipHeader = 128 << 10;

struct GzipHeader {
  size_t size = 0;           // bytes
  bool claims_seal = false;  // has an extra subfield "HF"
};

// Looks at the header at the front of `window` (whose capacity is above kMaxGzipHeader) without
// using it up. kCorrupt, without the place: no gzip, reserved flags, another method than deflate,
// a wrong header CRC, truncated; kInvalid: longer than the limit.
Result<GzipHeader> LookAtGzipHeader(Window& window);

}  // namespace holdfast::stream
