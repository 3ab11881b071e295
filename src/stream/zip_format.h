// Numbers and signatures of ZIP (APPNOTE.TXT 6.3). Private to stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::stream::zip {

inline constexpr uint32_t kLocal = 0x04034b50, kDescriptor = 0x08074b50, kCentral = 0x02014b50;
inline constexpr uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
inline constexpr uint16_t kDeflated = 8, kStoredAsIs = 0;
// Stands for a size that is in the extra field of ZIP64.
inline constexpr uint32_t kIn64 = 0xffffffff;

template <typename T>
void Put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i));
}
template <typename T>
T Get(const char* at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(at[i])) << (8 * i));
  return value;
}

}  // namespace holdfast::stream::zip
