// The bytes of a seal: see gzip.h.
#pragma once

#include <string>
#include <string_view>

#include "stream/sha256.h"

namespace holdfast::stream {

// One gzip member: header with FEXTRA, subfield "HF" of 32 bytes, an empty deflate block, CRC and
// length 0. Every bit of it is fixed.
inline constexpr size_t kSealSize = 58;

inline std::string MakeSeal(const Digest& sha256_of_all_before) {
  static constexpr std::string_view kHead("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x24\0HF\x20\0", 16);
  static constexpr std::string_view kTail("\x03\0\0\0\0\0\0\0\0\0", 10);
  std::string seal(kHead);
  seal.append(reinterpret_cast<const char*>(sha256_of_all_before.data()),
              sha256_of_all_before.size());
  seal += kTail;
  return seal;
}

}  // namespace holdfast::stream
