#include "stream/sha256_many.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace holdfast::stream {
namespace {

std::vector<ShaWay> Ways() {
  std::vector<ShaWay> ways{ShaWay::kOneByOne};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) ways.push_back(ShaWay::kAvx2);
  if (__builtin_cpu_supports("avx512f")) ways.push_back(ShaWay::kAvx512);
#endif
  return ways;
}

void Compare(const std::vector<std::string>& messages) {
  std::vector<std::string_view> views(messages.begin(), messages.end());
  for (ShaWay way : Ways()) {
    std::vector<Digest> digests(messages.size());
    Sha256Many(views, digests, way);
    for (size_t i = 0; i < messages.size(); ++i) {
      ASSERT_EQ(digests[i], Sha256::Of(messages[i]))
          << "way " << int(way) << " message " << i << " of " << messages[i].size();
    }
  }
}

std::string Random(std::mt19937& random, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = char(random());
  return text;
}

TEST(Sha256Many, EveryLengthAroundTheBlocks) {
  std::mt19937 random(1);
  std::vector<std::string> messages;
  for (size_t size = 0; size < 260; ++size) messages.push_back(Random(random, size));
  Compare(messages);
}

TEST(Sha256Many, AnyNumber) {
  std::mt19937 random(2);
  for (size_t count : {0, 1, 2, 7, 8, 9, 15, 16, 17, 40}) {
    std::vector<std::string> messages;
    for (size_t i = 0; i < count; ++i) messages.push_back(Random(random, 1000 + random() % 300));
    Compare(messages);
  }
}

TEST(Sha256Many, VeryUnequal) {
  std::mt19937 random(3);
  std::vector<std::string> messages;
  for (size_t i = 0; i < 100; ++i) messages.push_back(Random(random, size_t{1} << random() % 16));
  messages.push_back(Random(random, 1 << 20));
  Compare(messages);
}

}  // namespace
}  // namespace holdfast::stream
