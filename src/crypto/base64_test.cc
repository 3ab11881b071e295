#include "crypto/base64.h"

#include <gtest/gtest.h>

namespace holdfast::crypto {
namespace {

// Written for clarity, to compare with.
std::string SimpleEncode(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    unsigned digit = 0;
    for (size_t b = bit; b < bit + 6; ++b) {
      unsigned byte = b / 8 < bytes.size() ? static_cast<unsigned char>(bytes[b / 8]) : 0;
      digit = digit << 1 | (byte >> (7 - b % 8) & 1);
    }
    out += kAlphabet[digit];
  }
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string Noise(size_t size) {
  std::string bytes;
  uint32_t state = 12345 + static_cast<uint32_t>(size);
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(Base64, EncodesAndDecodesEveryLength) {
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes = Noise(size);
    std::string text(Base64Size(size), '#');
    Base64Encode(bytes.data(), size, text.data());
    ASSERT_EQ(text, SimpleEncode(bytes));
    std::string back = "left over";
    ASSERT_EQ(Base64Decode(text, back), std::nullopt);
    ASSERT_EQ(back, bytes);
  }
}

TEST(Base64, EncodesWhereTheInputLies) {
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes = Noise(size);
    std::string room(Base64Size(size), '#');
    char* in = room.data() + room.size() - size;
    bytes.copy(in, size);
    Base64Encode(in, size, room.data());
    ASSERT_EQ(room, SimpleEncode(bytes));
  }
}

// The offsets are those that Go's encoding/base64 reports.
TEST(Base64, SaysWhereItIsWrong) {
  struct Case {
    std::string_view text;
    size_t offset;
  };
  for (auto [text, offset] :
       {Case{"a", 0}, Case{"YW", 0}, Case{"YWI", 0}, Case{"YWI==", 4}, Case{"YW=x", 2},
        Case{"YW=", 3}, Case{"YWJj!", 4}, Case{"YWJjZ*Jj", 5}, Case{"=", 0}, Case{"YQ==Y", 4},
        Case{"YQ", 0}, Case{"YW=\n", 4}, Case{"Y===", 1}, Case{"YWJjYWJjYWJjYWJjYWJ-", 19}}) {
    std::string out;
    EXPECT_EQ(Base64Decode(text, out), offset) << text;
  }
}

TEST(Base64, FindsABadCharacterAnywhere) {
  std::string text = SimpleEncode(Noise(48));
  for (size_t i = 0; i < text.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string bad = text;
      bad[i] = static_cast<char>(c);
      bool digit = std::isalnum(c) != 0 || c == '+' || c == '/';
      bool newline = c == '\n' || c == '\r';
      std::string out;
      auto offset = Base64Decode(bad, out);
      if (digit) {
        EXPECT_EQ(offset, std::nullopt);
      } else if (newline) {
        EXPECT_EQ(offset, text.size() - 3);  // one digit is lacking at the end
      } else if (c != '=') {
        EXPECT_EQ(offset, i);
      } else {
        EXPECT_NE(offset.has_value(), i + 1 == text.size());
      }
    }
  }
}

TEST(Base64, TakesNewlinesAndUnusedBits) {
  std::string out;
  EXPECT_EQ(Base64Decode("YW\r\nJj\n", out), std::nullopt);
  EXPECT_EQ(out, "abc");
  EXPECT_EQ(Base64Decode("YQ=\n=\n", out), std::nullopt);
  EXPECT_EQ(out, "a");
  EXPECT_EQ(Base64Decode("YR==", out), std::nullopt);
  EXPECT_EQ(out, "a");
  EXPECT_EQ(Base64Decode("", out), std::nullopt);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace holdfast::crypto
