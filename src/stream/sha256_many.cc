#include "stream/sha256_many.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace holdfast::stream {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlock = 64;

// FIPS 180-4, 4.2.2 and 5.3.3.
constexpr std::array<uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
constexpr std::array<uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Word i of all lanes' states or blocks. Unsigned, so that sums wrap as the standard wants.
using Words [[gnu::vector_size(kLanes * sizeof(uint32_t))]] = uint32_t;
using State = std::array<Words, 8>;

[[gnu::always_inline]] inline uint32_t Load(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return __builtin_bswap32(word);
}

#define HF_ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

// FIPS 180-4, 6.2.2, for one block of each lane.
[[gnu::always_inline]] inline void CompressLanes(State& state,
                                                 const std::array<const uint8_t*, kLanes>& blocks) {
  Words w[16];
  for (size_t i = 0; i < 16; ++i)
    for (size_t lane = 0; lane < kLanes; ++lane) w[i][lane] = Load(blocks[lane] + 4 * i);
  Words a = state[0], b = state[1], c = state[2], d = state[3];
  Words e = state[4], f = state[5], g = state[6], h = state[7];
#pragma GCC unroll 64
  for (size_t i = 0; i < 64; ++i) {
    if (i >= 16) {
      const Words &w15 = w[(i - 15) % 16], &w2 = w[(i - 2) % 16];
      w[i % 16] += (HF_ROTATE(w15, 7) ^ HF_ROTATE(w15, 18) ^ (w15 >> 3)) + w[(i - 7) % 16] +
                   (HF_ROTATE(w2, 17) ^ HF_ROTATE(w2, 19) ^ (w2 >> 10));
    }
    Words t1 = h + (HF_ROTATE(e, 6) ^ HF_ROTATE(e, 11) ^ HF_ROTATE(e, 25)) + (g ^ (e & (f ^ g))) +
               kRound[i] + w[i % 16];
    Words t2 = (HF_ROTATE(a, 2) ^ HF_ROTATE(a, 13) ^ HF_ROTATE(a, 22)) + ((a & b) | (c & (a | b)));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

#undef HF_ROTATE

using Compress = void (*)(State&, const std::array<const uint8_t*, kLanes>&);

// AVX-512 rotates in one instruction.
[[gnu::target("avx2,avx512f,avx512vl")]] void CompressAvx512(
    State& state, const std::array<const uint8_t*, kLanes>& blocks) {
  CompressLanes(state, blocks);
}
[[gnu::target("avx2")]] void CompressAvx2(State& state,
                                          const std::array<const uint8_t*, kLanes>& blocks) {
  CompressLanes(state, blocks);
}

// None where one after the other is faster.
Compress BestCompress() {
  if (__builtin_cpu_supports("avx512vl")) return CompressAvx512;
  if (__builtin_cpu_supports("avx2")) return CompressAvx2;
  return nullptr;
}

// One text on its way through a lane.
struct Lane {
  size_t text = SIZE_MAX;  // which one; SIZE_MAX: the lane has none
  const uint8_t* at = nullptr;
  size_t whole = 0;      // blocks left in the text itself
  size_t tail = 0;       // blocks of its end, padded
  size_t tail_used = 0;  // of these
  std::array<uint8_t, 2 * kBlock> tail_blocks;

  void Start(size_t index, std::string_view bytes) {
    text = index;
    at = reinterpret_cast<const uint8_t*>(bytes.data());
    whole = bytes.size() / kBlock;
    size_t rest = bytes.size() % kBlock;
    tail = rest + 9 > kBlock ? 2 : 1;
    tail_used = 0;
    tail_blocks.fill(0);
    if (rest > 0) std::memcpy(tail_blocks.data(), at + whole * kBlock, rest);
    tail_blocks[rest] = 0x80;
    uint64_t bits = uint64_t{bytes.size()} * 8;
    for (size_t i = 0; i < 8; ++i)
      tail_blocks[tail * kBlock - 1 - i] = static_cast<uint8_t>(bits >> (8 * i));
  }
  const uint8_t* NextBlock() {
    if (whole > 0) {
      --whole;
      at += kBlock;
      return at - kBlock;
    }
    return tail_blocks.data() + kBlock * tail_used++;
  }
  bool done() const { return whole == 0 && tail_used == tail; }
};

void RunLanes(Compress compress, std::span<const std::string_view> texts,
              std::span<const size_t> order, std::span<Digest> digests) {
  alignas(32) static constexpr std::array<uint8_t, kBlock> kIdle{};
  State state{};
  std::array<Lane, kLanes> lanes;
  size_t next = 0, busy = 0;
  auto start = [&](size_t lane) {
    if (next == order.size()) return;
    lanes[lane].Start(order[next], texts[order[next]]);
    ++next;
    ++busy;
    for (size_t i = 0; i < 8; ++i) state[i][lane] = kInitial[i];
  };
  for (size_t lane = 0; lane < kLanes; ++lane) start(lane);
  while (busy > 0) {
    std::array<const uint8_t*, kLanes> blocks;
    for (size_t lane = 0; lane < kLanes; ++lane)
      blocks[lane] = lanes[lane].text == SIZE_MAX ? kIdle.data() : lanes[lane].NextBlock();
    compress(state, blocks);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (lanes[lane].text == SIZE_MAX || !lanes[lane].done()) continue;
      Digest& digest = digests[lanes[lane].text];
      for (size_t i = 0; i < 8; ++i) {
        uint32_t word = __builtin_bswap32(state[i][lane]);
        std::memcpy(digest.data() + 4 * i, &word, sizeof(word));
      }
      lanes[lane].text = SIZE_MAX;
      --busy;
      start(lane);
    }
  }
}

}  // namespace

void Sha256Many(std::span<const std::string_view> texts, std::span<Digest> digests) {
  size_t total = 0;
  for (std::string_view text : texts) total += text.size();
  Compress compress = texts.size() >= kLanes ? BestCompress() : nullptr;
  std::vector<size_t> order;
  order.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    // Alone, a text that outlasts the others runs faster.
    if (compress == nullptr || texts[i].size() > total / 4) {
      digests[i] = Sha256::Of(texts[i]);
    } else {
      order.push_back(i);
    }
  }
  // Long ones first, so that the lanes end together.
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return texts[a].size() > texts[b].size(); });
  RunLanes(compress, texts, order, digests);
}

}  // namespace holdfast::stream
