// JSON text seen as bits: 64 bytes at a time, with what a bracket counter must know of each. Private
// to kube.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace holdfast::kube {

// Bit i speaks of byte i of the block.
struct BlockBits {
  uint64_t backslash = 0;
  uint64_t quote = 0;
  uint64_t open = 0;   // { or [
  uint64_t close = 0;  // } or ]
};

// Reads 64 bytes.
inline BlockBits ClassifyBlock(const char* block) {
  BlockBits bits;
#if defined(__SSE2__)
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i case_bit = _mm_set1_epi8(0x20);  // makes [ and { one, ] and } the other
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  for (int part = 0; part < 4; ++part) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
    __m128i folded = _mm_or_si128(bytes, case_bit);
    auto mask = [part](__m128i equal) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(equal))) << (16 * part);
    };
    bits.backslash |= mask(_mm_cmpeq_epi8(bytes, backslash));
    bits.quote |= mask(_mm_cmpeq_epi8(bytes, quote));
    bits.open |= mask(_mm_cmpeq_epi8(folded, open));
    bits.close |= mask(_mm_cmpeq_epi8(folded, close));
  }
#else
  for (int i = 0; i < 64; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    switch (block[i]) {
      case '\\': bits.backslash |= bit; break;
      case '"': bits.quote |= bit; break;
      case '{':
      case '[': bits.open |= bit; break;
      case '}':
      case ']': bits.close |= bit; break;
      default: break;
    }
  }
#endif
  return bits;
}

// Bit i of the result: an odd number of the bits 0 to i of `bits` is set.
inline uint64_t PrefixParity(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace holdfast::kube
