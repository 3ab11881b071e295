#include "stream/zstd.h"

#include <gtest/gtest.h>

namespace holdfast::stream {
namespace {

std::string Text() {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 10007);
  return text;
}

std::string Compress(std::string_view text) {
  StringSink out;
  ZstdSink zstd(out);
  for (size_t at = 0; at < text.size(); at += 50'000)
    EXPECT_TRUE(zstd.Write(text.substr(at, 50'000)));
  EXPECT_TRUE(zstd.Close());
  return out.Take();
}

Result<std::string> Decompress(std::string_view bytes, const UnzstdLimits& limits = {}) {
  StringSource in(bytes);
  UnzstdSource zstd(in, limits);
  return ReadAll(zstd, 64 << 20);
}

TEST(Zstd, RoundTrip) {
  for (const std::string& text : {Text(), std::string(), std::string("x")}) {
    auto again = Decompress(Compress(text));
    ASSERT_TRUE(again) << again.error().ToString();
    EXPECT_EQ(*again, text);
  }
  EXPECT_EQ(*Decompress(Compress("a") + Compress("b")), "ab");
}

TEST(Zstd, DamageIsFound) {
  std::string bytes = Compress(Text());
  EXPECT_LT(bytes.size(), Text().size());
  for (size_t size : {size_t{0}, size_t{1}, bytes.size() / 2, bytes.size() - 1}) {
    auto cut = Decompress(bytes.substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().kind(), ErrorKind::kCorrupt);
  }
  for (size_t at = 0; at < bytes.size(); at += 997) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 16);
    auto read = Decompress(changed);
    EXPECT_TRUE(!read || *read == Text()) << at;
  }
  EXPECT_FALSE(Decompress("no zstd at all"));
}

TEST(Zstd, Limits) {
  auto much = Decompress(Compress(Text()), {.max_output = 1000});
  ASSERT_FALSE(much);
  EXPECT_EQ(much.error().kind(), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace holdfast::stream
