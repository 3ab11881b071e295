// JSON text seen as bits: 64 bytes at a time, with what a bracket counter must know of each.
// Private to kube.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
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

// Two ways to classify a block of 64 bytes.
struct PortableBlocks {
  [[gnu::always_inline]] static inline BlockBits Classify(const char* block) {
    BlockBits bits;
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
    return bits;
  }
};

#if defined(__x86_64__)

// Every x86-64 processor has these.
struct Sse2Blocks {
  [[gnu::always_inline]] static inline BlockBits Classify(const char* block) {
    const __m128i case_bit = _mm_set1_epi8(0x20);  // makes [ and { one, ] and } the other
    BlockBits bits;
    for (int part = 0; part < 64; part += 16) {
      __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + part));
      __m128i folded = _mm_or_si128(bytes, case_bit);
      bits.backslash |= Mask(bytes, '\\') << part;
      bits.quote |= Mask(bytes, '"') << part;
      bits.open |= Mask(folded, '{') << part;
      bits.close |= Mask(folded, '}') << part;
    }
    return bits;
  }
  [[gnu::always_inline]] static inline uint64_t Mask(__m128i bytes, char c) {
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
  }
};

#endif

// Bit i of the result: an odd number of the bits 0 to i of `bits` is set.
[[gnu::always_inline]] inline uint64_t PrefixParity(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace holdfast::kube
