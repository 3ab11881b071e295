#pragma once

#include <string_view>

namespace holdfast::crypto {

// The same bytes, as the C libraries take them.
inline const unsigned char* UnsignedBytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace holdfast::crypto
