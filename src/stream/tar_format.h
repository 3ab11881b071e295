// The bytes of a tar header (POSIX.1-1988 ustar), as the writer and the reader see them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast::stream::tar {

inline constexpr size_t kBlock = 512;

struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];    // "ustar\0"; GNU has "ustar "
  char version[2];  // "00"
  char uname[32];
  char gname[32];
  char dev_major[8];
  char dev_minor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == kBlock);

// Sum of all bytes, those of the checksum itself counted as blanks. Old writers summed signed ones.
struct Checksums {
  uint32_t of_unsigned = 0;
  int32_t of_signed = 0;
};
inline Checksums SumOf(const Header& header) {
  const char* bytes = reinterpret_cast<const char*>(&header);
  size_t begin = offsetof(Header, checksum);
  Checksums sums;
  for (size_t i = 0; i < kBlock; ++i) {
    char byte = i >= begin && i < begin + sizeof header.checksum ? ' ' : bytes[i];
    sums.of_unsigned += uint8_t(byte);
    sums.of_signed += static_cast<signed char>(byte);
  }
  return sums;
}

}  // namespace holdfast::stream::tar
