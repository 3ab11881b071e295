#include "base/printable.h"

#include <cstdint>

namespace holdfast {
namespace {

// Length of the UTF-8 sequence that starts at `at`; 0 when there is none.
size_t SequenceAt(std::string_view text, size_t at) {
  uint8_t first = uint8_t(text[at]);
  size_t size = first < 0x80                    ? 1
                : first >= 0xc2 && first < 0xe0 ? 2
                : first >= 0xe0 && first < 0xf0 ? 3
                : first >= 0xf0 && first < 0xf5 ? 4
                                                : 0;
  if (size == 0 || at + size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((uint8_t(text[at + i]) & 0xc0) != 0x80) return 0;
  }
  return size;
}

}  // namespace

std::string Printable(std::string_view text, size_t max_bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (out.size() >= max_bytes) return out + "...";
    uint8_t byte = uint8_t(text[at]);
    size_t size = SequenceAt(text, at);
    // 0xc2 0x80..0x9f are control characters too.
    bool control =
        byte < 0x20 || byte == 0x7f || (size == 2 && byte == 0xc2 && uint8_t(text[at + 1]) < 0xa0);
    if (size == 0 || control) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
      ++at;
      continue;
    }
    out.append(text, at, size);
    at += size;
  }
  return out;
}

}  // namespace holdfast
