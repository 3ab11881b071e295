#include "stream/sha256_many.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::stream {
namespace {

void ExpectSame(const std::vector<std::string>& texts) {
  std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<Digest> digests(texts.size());
  Sha256Many(views, digests);
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(Hex(digests[i]), Hex(Sha256::Of(texts[i]))) << i << ": " << texts[i].size();
}

std::string Text(size_t size, char seed) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(seed + 31 * i + i / 7);
  return text;
}

TEST(Sha256ManyTest, EveryLengthAroundTheBlocks) {
  std::vector<std::string> texts;
  for (size_t size = 0; size < 200; ++size) texts.push_back(Text(size, static_cast<char>(size)));
  ExpectSame(texts);
}

TEST(Sha256ManyTest, AnyNumberOfTexts) {
  for (size_t count : {0u, 1u, 7u, 8u, 9u, 17u}) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) texts.push_back(Text(100 + 13 * i, static_cast<char>(i)));
    ExpectSame(texts);
  }
}

TEST(Sha256ManyTest, LongOnesAmongShortOnes) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < 20; ++i) texts.push_back(Text(i * 50, 'a'));
  texts.push_back(Text(300'000, 'b'));
  texts.push_back(Text(64 * 100, 'c'));
  texts.push_back(Text(64 * 100 - 9, 'd'));
  texts.push_back(Text(64 * 100 - 8, 'e'));
  ExpectSame(texts);
}

}  // namespace
}  // namespace holdfast::stream
