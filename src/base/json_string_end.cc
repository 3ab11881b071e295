#include "base/json_string_end.h"

#include <cstdint>

#include <emmintrin.h>

namespace holdfast::json {
namespace {

// SSE2 is part of x86-64, so no run-time choice is needed; it reaches several GB/s, far above what
// the API server delivers.
template <typename Matches, typename IsOne>
size_t FindBytes(std::string_view text, size_t at, Matches matches, IsOne is_one) {
  const char* data = text.data();
  size_t size = text.size();
  for (; at + 16 <= size; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at));
    auto mask = static_cast<uint32_t>(_mm_movemask_epi8(matches(block)));
    if (mask != 0) return at + static_cast<size_t>(__builtin_ctz(mask));
  }
  while (at < size && !is_one(static_cast<unsigned char>(data[at]))) ++at;
  return at;
}

__m128i Is(__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); }

}  // namespace

size_t StringEnd(std::string_view text, size_t at) {
  auto matches = [](__m128i b) { return _mm_or_si128(Is(b, '"'), Is(b, '\\')); };
  auto is_one = [](unsigned char c) { return c == '"' || c == '\\'; };
  for (++at;;) {
    at = FindBytes(text, at, matches, is_one);
    if (at >= text.size()) return text.size();
    if (text[at] == '"') return at + 1;
    at += 2;
    if (at >= text.size()) return text.size();
  }
}

size_t NextStructural(std::string_view text, size_t at) {
  // '[' and '{', ']' and '}' differ in bit 0x20 only.
  auto matches = [](__m128i b) {
    __m128i folded = _mm_or_si128(b, _mm_set1_epi8(0x20));
    return _mm_or_si128(Is(b, '"'), _mm_or_si128(Is(folded, '{'), Is(folded, '}')));
  };
  auto is_one = [](unsigned char c) { return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}'; };
  return FindBytes(text, at, matches, is_one);
}

size_t PlainEnd(std::string_view text, size_t at) {
  auto matches = [](__m128i b) {
    // Signed compare: control characters and bytes from 0x80 on are both below 0x20.
    __m128i low = _mm_cmplt_epi8(b, _mm_set1_epi8(0x20));
    return _mm_or_si128(low, _mm_or_si128(Is(b, '"'), Is(b, '\\')));
  };
  auto is_one = [](unsigned char c) { return c < 0x20 || c >= 0x80 || c == '"' || c == '\\'; };
  return FindBytes(text, at, matches, is_one);
}

}  // namespace holdfast::json
