// The bytes of a seal: see gzip.h.
#pragma once

#include <string>
#include <string_view>

#include "stream/hash128.h"

namespace holdfast::stream {

// One gzip member: header with FEXTRA, subfield "HF" of 16 bytes (the hash in XXH3's canonical
// form: the high half first, both big-endian), an empty deflate block, CRC and length 0. Every bit
// of it is fixed.
inline constexpr size_t kSealSize = 42;

inline std::string MakeSeal(const Hash128& of_all_before) {
  static constexpr std::string_view kHead("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x14\0HF\x10\0", 16);
  static constexpr std::string_view kTail("\x03\0\0\0\0\0\0\0\0\0", 10);
  std::string seal(kHead);
  for (uint64_t half : {of_all_before[1], of_all_before[0]})
    for (int shift = 56; shift >= 0; shift -= 8) seal += static_cast<char>(half >> shift);
  seal += kTail;
  return seal;
}

}  // namespace holdfast::stream
