#include "stream/sha256_many.h"

#include "stream/sha256_streams.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
// GCC 12 warns of its own _mm512_undefined_epi32() wherever this header is inlined with TSan.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace holdfast::stream {
namespace {

constexpr size_t kBlock = 64;

#if defined(__x86_64__)

constexpr uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace avx2 {
#define HF_LANES 8
#define HF_TARGET __attribute__((target("avx2")))
#define HF_V __m256i
#define HF_ADD(x, y) _mm256_add_epi32(x, y)
#define HF_SHR(x, n) _mm256_srli_epi32(x, n)
#define HF_ROR(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define HF_XOR3(x, y, z) _mm256_xor_si256(_mm256_xor_si256(x, y), z)
#define HF_CH(x, y, z) _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
#define HF_MAJ(x, y, z) \
  _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
#define HF_SET(x) _mm256_set1_epi32(int(x))
#define HF_LOAD(p) _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))
#include "stream/sha256_lanes.h"
#undef HF_LANES
#undef HF_TARGET
#undef HF_V
#undef HF_ADD
#undef HF_SHR
#undef HF_ROR
#undef HF_XOR3
#undef HF_CH
#undef HF_MAJ
#undef HF_SET
#undef HF_LOAD
}  // namespace avx2

// GCC 12 takes the undefined registers inside its own intrinsics for a mistake of ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
namespace avx512 {
#define HF_LANES 16
#define HF_TARGET __attribute__((target("avx512f")))
#define HF_V __m512i
#define HF_ADD(x, y) _mm512_add_epi32(x, y)
#define HF_SHR(x, n) _mm512_srli_epi32(x, n)
#define HF_ROR(x, n) _mm512_ror_epi32(x, n)
#define HF_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define HF_CH(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define HF_MAJ(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define HF_SET(x) _mm512_set1_epi32(int(x))
#define HF_LOAD(p) _mm512_loadu_si512(p)
#include "stream/sha256_lanes.h"
#undef HF_LANES
#undef HF_TARGET
#undef HF_V
#undef HF_ADD
#undef HF_SHR
#undef HF_ROR
#undef HF_XOR3
#undef HF_CH
#undef HF_MAJ
#undef HF_SET
#undef HF_LOAD
}  // namespace avx512
#pragma GCC diagnostic pop

// A text on its way through a lane: its whole blocks where they lie, then one or two blocks that
// hold its end, the padding and its length.
struct Lane {
  const uint8_t* at = nullptr;
  size_t whole = 0;  // blocks left in the text itself
  size_t tail = 0;   // blocks left in `end`
  size_t index = 0;
  bool busy = false;
  uint8_t end[2 * kBlock];

  void Take(std::string_view text, size_t text_index) {
    at = reinterpret_cast<const uint8_t*>(text.data());
    whole = text.size() / kBlock;
    size_t rest = text.size() % kBlock;
    tail = rest + 9 <= kBlock ? 1 : 2;
    std::memset(end, 0, sizeof end);
    text.copy(reinterpret_cast<char*>(end), rest, whole * kBlock);
    end[rest] = 0x80;
    uint64_t bits = uint64_t(text.size()) * 8;
    for (int i = 0; i < 8; ++i) end[tail * kBlock - 1 - size_t(i)] = uint8_t(bits >> (8 * i));
    index = text_index;
    busy = true;
    if (whole == 0) at = end;
  }
  // Goes on by one block; false when that was the last one.
  bool Advance() {
    at += kBlock;
    if (whole > 0) {
      if (--whole == 0) at = end;
      return true;
    }
    return --tail > 0;
  }
};

template <size_t kLanes, typename CompressBlocks>
void RunLanes(std::span<const std::string_view> texts, std::span<const size_t> order,
              std::span<Digest> digests, CompressBlocks compress) {
  static constexpr uint8_t kIdle[kBlock] = {};
  alignas(64) uint32_t state[8][kLanes] = {};
  Lane lanes[kLanes];
  const uint8_t* blocks[kLanes];
  size_t next = 0, busy = 0;
  auto refill = [&](size_t lane) {
    blocks[lane] = kIdle;
    if (next == order.size()) return;
    lanes[lane].Take(texts[order[next]], order[next]);
    ++next;
    ++busy;
    for (size_t i = 0; i < 8; ++i) state[i][lane] = kInitial[i];
    blocks[lane] = lanes[lane].at;
  };
  for (size_t lane = 0; lane < kLanes; ++lane) refill(lane);
  while (busy > 0) {
    compress(state, blocks);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (!lanes[lane].busy) continue;
      bool more = lanes[lane].Advance();
      blocks[lane] = lanes[lane].at;
      if (more) continue;
      lanes[lane].busy = false;
      --busy;
      uint8_t* out = digests[lanes[lane].index].data();
      for (size_t i = 0; i < 8; ++i) {
        uint32_t word = __builtin_bswap32(state[i][lane]);
        std::memcpy(out + 4 * i, &word, 4);
      }
      refill(lane);
    }
  }
}

bool HasShaInstructions() {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;
}

#endif

size_t BlocksOf(size_t size) { return (size + 9 + kBlock - 1) / kBlock; }

}  // namespace

ShaWay BestShaWay() {
#if defined(__x86_64__)
  if (HasShaInstructions()) return ShaWay::kOneByOne;
  if (__builtin_cpu_supports("avx512f")) return ShaWay::kAvx512;
  if (__builtin_cpu_supports("avx2")) return ShaWay::kAvx2;
#endif
  return ShaWay::kOneByOne;
}

void Sha256Many(std::span<const std::string_view> texts, std::span<Digest> digests, ShaWay way) {
  std::vector<size_t> order(texts.size());
  size_t blocks = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    blocks += BlocksOf(texts[i].size());
  }
  // Longest first, so that the lanes end together.
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t x, size_t y) { return texts[x].size() > texts[y].size(); });
  // All lanes go on as long as the longest text does: one that is much longer than its share is
  // cheaper alone. A step of all lanes costs about four single blocks.
  const size_t lanes = way == ShaWay::kAvx512 ? 16 : way == ShaWay::kAvx2 ? 8 : 1;
  size_t first = 0;
  while (first < order.size()) {
    size_t longest = BlocksOf(texts[order[first]].size());
    size_t second = first + 1 < order.size() ? BlocksOf(texts[order[first + 1]].size()) : 0;
    size_t without = std::max(second, (blocks - longest) / lanes);
    bool cheaper_alone = longest < 4 * (longest - std::min(longest, without));
    if (lanes > 1 && !cheaper_alone) break;
    digests[order[first]] = Sha256::Of(texts[order[first]]);
    blocks -= longest;
    ++first;
  }
#if defined(__x86_64__)
  std::span<const size_t> rest = std::span<const size_t>(order).subspan(first);
  if (way == ShaWay::kAvx512) RunLanes<16>(texts, rest, digests, avx512::CompressLanes);
  if (way == ShaWay::kAvx2) RunLanes<8>(texts, rest, digests, avx2::CompressLanes);
#endif
}

size_t Sha256Streams::AtOnce(ShaWay way) {
  return way == ShaWay::kAvx512 ? 16 : way == ShaWay::kAvx2 ? 8 : 1;
}

Sha256Streams::Sha256Streams(size_t count, ShaWay way) : count_(count), way_(way) {
#if defined(__x86_64__)
  for (size_t i = 0; i < 8; ++i)
    std::fill_n(state_.begin() + ptrdiff_t(i * AtOnce(way)), AtOnce(way), kInitial[i]);
#endif
}

void Sha256Streams::Update(const uint8_t* const* data, size_t blocks) {
  size_ += blocks * kBlock;
  const uint8_t* at[16];
  for (size_t block = 0; block < blocks; ++block) {
    // Idle lanes do the first one's work again.
    for (size_t lane = 0; lane < AtOnce(way_); ++lane)
      at[lane] = data[lane < count_ ? lane : 0] + block * kBlock;
#if defined(__x86_64__)
    if (way_ == ShaWay::kAvx512)
      avx512::CompressLanes(reinterpret_cast<uint32_t(*)[16]>(state_.data()), at);
    else
      avx2::CompressLanes(reinterpret_cast<uint32_t(*)[8]>(state_.data()), at);
#endif
  }
}

std::vector<Digest> Sha256Streams::Final(const uint8_t* const* tails, size_t tail_size) {
  uint64_t bits = (size_ + tail_size) * 8;
  size_t blocks = tail_size + 9 <= kBlock ? 1 : 2;
  std::array<std::array<uint8_t, 2 * kBlock>, 16> ends{};
  const uint8_t* data[16];
  for (size_t lane = 0; lane < count_; ++lane) {
    auto& end = ends[lane];
    std::copy_n(tails[lane], tail_size, end.begin());
    end[tail_size] = 0x80;
    for (size_t i = 0; i < 8; ++i) end[blocks * kBlock - 1 - i] = uint8_t(bits >> (8 * i));
    data[lane] = end.data();
  }
  Update(data, blocks);
  std::vector<Digest> digests(count_);
  for (size_t lane = 0; lane < count_; ++lane) {
    for (size_t i = 0; i < 8; ++i) {
      uint32_t word = __builtin_bswap32(state_[i * AtOnce(way_) + lane]);
      std::memcpy(digests[lane].data() + 4 * i, &word, 4);
    }
  }
  return digests;
}

}  // namespace holdfast::stream
