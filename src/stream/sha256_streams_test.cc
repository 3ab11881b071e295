#include "stream/sha256_streams.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::stream {
namespace {

std::string Bytes(size_t size, uint32_t seed) {
  std::string bytes;
  for (uint32_t i = seed; bytes.size() < size; i = i * 1664525 + 1013904223)
    bytes += static_cast<char>(i >> 24);
  return bytes;
}

bool Has(ShaWay way) {
#if defined(__x86_64__)
  return way == ShaWay::kAvx512 ? __builtin_cpu_supports("avx512f")
                                : __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

TEST(Sha256Streams, EveryCountAndEveryLength) {
  for (ShaWay way : {ShaWay::kAvx2, ShaWay::kAvx512}) {
    if (!Has(way)) continue;
    for (size_t count = 1; count <= Sha256Streams::AtOnce(way); ++count) {
      for (size_t size : {0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4096}) {
        std::vector<std::string> texts;
        std::vector<const uint8_t*> data;
        for (size_t i = 0; i < count; ++i) texts.push_back(Bytes(size, uint32_t(i) + 1));
        for (auto& text : texts) data.push_back(reinterpret_cast<const uint8_t*>(text.data()));
        Sha256Streams streams(count, way);
        streams.Update(data.data(), size / 128);
        for (auto& pointer : data) pointer += size / 128 * 64;
        streams.Update(data.data(), size / 64 - size / 128);
        for (auto& pointer : data) pointer += (size / 64 - size / 128) * 64;
        auto digests = streams.Final(data.data(), size % 64);
        ASSERT_EQ(digests.size(), count);
        for (size_t i = 0; i < count; ++i)
          EXPECT_EQ(digests[i], Sha256::Of(texts[i])) << count << " of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace holdfast::stream
