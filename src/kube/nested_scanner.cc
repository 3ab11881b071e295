#include "kube/nested_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kube/json_blocks.h"

namespace holdfast::kube {
namespace {

constexpr size_t kBlock = 64;

// The bytes that a backslash before them escapes. `carry`: the byte before the block was such a
// backslash; set to whether the byte after the block's `size` bytes is escaped.
[[gnu::always_inline]] inline uint64_t EscapedBytes(uint64_t backslash, size_t size, bool& carry) {
  uint64_t escaped = carry ? 1 : 0;
  uint64_t left = backslash & ~escaped;
  carry = false;
  while (left != 0) {
    unsigned at = static_cast<unsigned>(std::countr_zero(left));
    if (at + 1 == size) {
      carry = true;
      break;
    }
    escaped |= uint64_t{2} << at;
    left &= ~(uint64_t{3} << at);  // the pair is done: its second byte escapes nothing
  }
  return escaped;
}

}  // namespace

size_t NestedScanner::Walk(uint64_t open, uint64_t close) {
  for (uint64_t both = open | close; both != 0; both &= both - 1) {
    unsigned at = static_cast<unsigned>(std::countr_zero(both));
    if ((open >> at & 1) != 0) {
      if (++depth_ > max_depth_) too_deep_ = true;
    } else if (depth_ > 0 && --depth_ == 0) {
      return at + 1;
    }
  }
  return 0;
}

template <typename Blocks>
[[gnu::always_inline]] inline size_t NestedScanner::ScanWith(const char* data, size_t size) {
  size_t depth = depth_;
  uint64_t in_string = in_string_;
  for (size_t at = 0; at < size;) {
    const size_t n = std::min(kBlock, size - at);
    const char* block = data + at;
    char padded[kBlock];
    if (n < kBlock) {
      std::memset(padded, ' ', kBlock);
      std::memcpy(padded, block, n);
      block = padded;
    }
    BlockBits bits = Blocks::Classify(block);
    if ((bits.backslash != 0) | escape_) bits.quote &= ~EscapedBytes(bits.backslash, n, escape_);
    // From each opening quote to the byte before the closing one.
    const uint64_t inside = PrefixParity(bits.quote) ^ in_string;
    in_string = (inside >> 63) != 0 ? ~uint64_t{0} : 0;
    const uint64_t open = bits.open & ~inside;
    const uint64_t close = bits.close & ~inside;
    const auto opens = static_cast<size_t>(std::popcount(open));
    const auto closes = static_cast<size_t>(std::popcount(close));
    if (depth > closes && depth + opens <= max_depth_) {
      depth += opens - closes;  // can neither end nor get too deep within this block
    } else {
      depth_ = depth;
      const size_t end = Walk(open, close);
      depth = depth_;
      if (end != 0) {
        in_string_ = 0;
        escape_ = false;
        return at + end;
      }
    }
    at += n;
  }
  depth_ = depth;
  in_string_ = in_string;
  return size;
}

#if defined(__x86_64__)

NestedScanner::Isa NestedScanner::BestIsa() {
  static const bool newer = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                            __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  return newer ? Isa::kAvx2 : Isa::kSse2;
}

// The same code, compiled with the bit-counting instructions of newer processors.
[[gnu::target("avx2,bmi,bmi2,popcnt")]] size_t NestedScanner::ScanAvx2(const char* data,
                                                                       size_t size) {
  return ScanWith<Sse2Blocks>(data, size);
}

size_t NestedScanner::Scan(const char* data, size_t size) {
  if (isa_ == Isa::kAvx2) return ScanAvx2(data, size);
  if (isa_ == Isa::kSse2) return ScanWith<Sse2Blocks>(data, size);
  return ScanWith<PortableBlocks>(data, size);
}

#else

NestedScanner::Isa NestedScanner::BestIsa() { return Isa::kPortable; }

size_t NestedScanner::Scan(const char* data, size_t size) {
  return ScanWith<PortableBlocks>(data, size);
}

#endif

}  // namespace holdfast::kube
