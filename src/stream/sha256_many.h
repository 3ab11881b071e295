// SHA-256 of many messages at once, in the lanes of AVX-512 or AVX2.
#pragma once

#include <span>
#include <string_view>

#include "stream/sha256.h"

namespace holdfast::stream {

enum class ShaWay {
  kOneByOne,  // OpenSSL; also the best where the CPU has SHA instructions
  kAvx2,      // eight at once
  kAvx512,    // sixteen at once
};
// The fastest way that this CPU has.
ShaWay BestShaWay();

// digests[i] becomes Sha256::Of(texts[i]); the spans are of the same size. On CPUs without SHA
// instructions several times as fast as one by one, when there are some dozens of texts of similar
// length; any number and any lengths are right. Does not block; any number of threads may call it.
void Sha256Many(std::span<const std::string_view> texts, std::span<Digest> digests,
                ShaWay way = BestShaWay());

}  // namespace holdfast::stream
