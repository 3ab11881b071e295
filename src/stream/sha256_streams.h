// SHA-256 of several streams of one length, side by side in the lanes of sha256_many.h: for texts
// too long to hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stream/sha256.h"
#include "stream/sha256_many.h"

namespace holdfast::stream {

class Sha256Streams {
 public:
  // How many streams `way` takes at once: 16, 8, or 1 where there are no lanes.
  static size_t AtOnce(ShaWay way = BestShaWay());

  // `count` from 1 to AtOnce(way); `way` with lanes.
  explicit Sha256Streams(size_t count, ShaWay way = BestShaWay());
  // The next 64 * `blocks` bytes of each stream.
  void Update(const uint8_t* const* data, size_t blocks);
  // The digests, after the last bytes of each stream, fewer than 64; nothing may follow.
  std::vector<Digest> Final(const uint8_t* const* tails, size_t tail_size);

 private:
  const size_t count_;
  const ShaWay way_;
  uint64_t size_ = 0;  // bytes of each stream
  alignas(64) std::array<uint32_t, 8 * 16> state_;
};

}  // namespace holdfast::stream
