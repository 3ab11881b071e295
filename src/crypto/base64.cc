#include "crypto/base64.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace holdfast::crypto {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two characters for every 12 bits.
struct CharPair {
  char text[2];
};
constexpr auto kPairs = [] {
  std::array<CharPair, 4096> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {{kAlphabet[i >> 6], kAlphabet[i & 63]}};
  return pairs;
}();

constexpr uint32_t kBad = 0xff000000;
constexpr uint8_t kNoDigit = 0xff;

constexpr auto kDigits = [] {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return digits;
}();

// kParts[k][c] is what character c at place k of four adds to three bytes, the first byte lowest.
constexpr auto kParts = [] {
  std::array<std::array<uint32_t, 256>, 4> parts{};
  for (size_t c = 0; c < 256; ++c) {
    uint32_t v = kDigits[c];
    if (v == kNoDigit) {
      for (auto& part : parts) part[c] = kBad;
      continue;
    }
    parts[0][c] = v << 2;
    parts[1][c] = v >> 4 | (v & 15) << 12;
    parts[2][c] = (v >> 2) << 8 | (v & 3) << 22;
    parts[3][c] = v << 16;
  }
  return parts;
}();

uint64_t LoadBigEndian(const char* in) {
  uint64_t word;
  std::memcpy(&word, in, sizeof word);
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

void StoreLittleEndian(uint32_t word, char* out) {
  if (std::endian::native != std::endian::little) word = __builtin_bswap32(word);
  std::memcpy(out, &word, sizeof word);
}

uint32_t Quad(const char* in) {
  auto c = [in](int i) { return static_cast<unsigned char>(in[i]); };
  return kParts[0][c(0)] | kParts[1][c(1)] | kParts[2][c(2)] | kParts[3][c(3)];
}

bool IsNewline(char c) { return c == '\n' || c == '\r'; }

// The rest of the text, character by character: newlines, padding, and where it is wrong.
std::optional<size_t> DecodeSlowly(std::string_view text, size_t pos, std::string& out) {
  auto skip_newlines = [&] {
    while (pos < text.size() && IsNewline(text[pos])) ++pos;
  };
  uint32_t bits = 0;
  int digits = 0;
  for (;;) {
    skip_newlines();
    if (pos == text.size()) break;
    uint8_t digit = kDigits[static_cast<unsigned char>(text[pos])];
    if (digit == kNoDigit) break;
    ++pos;
    bits = bits << 6 | digit;
    if (++digits < 4) continue;
    out += static_cast<char>(bits >> 16);
    out += static_cast<char>(bits >> 8);
    out += static_cast<char>(bits);
    bits = 0;
    digits = 0;
  }
  // Go reports a text that ends early at the last character read that could begin the lack.
  if (pos == text.size()) {
    if (digits == 0) return std::nullopt;
    return pos - static_cast<size_t>(digits);
  }
  if (text[pos] != '=' || digits < 2) return pos;
  ++pos;
  if (digits == 2) {
    skip_newlines();
    if (pos == text.size()) return pos;
    if (text[pos] != '=') return pos - 1;
    ++pos;
  }
  skip_newlines();
  if (pos != text.size()) return pos;
  out += static_cast<char>(digits == 2 ? bits >> 4 : bits >> 10);
  if (digits == 3) out += static_cast<char>(bits >> 2);
  return std::nullopt;
}

}  // namespace

void Base64Encode(const char* in, size_t size, char* out) {
  // Six bytes at a time; everything is loaded before anything is stored, so that an input at the
  // end of the output is read before it is overwritten.
  while (size >= 8) {
    uint64_t word = LoadBigEndian(in);
    CharPair pairs[4] = {kPairs[word >> 52], kPairs[word >> 40 & 0xfff], kPairs[word >> 28 & 0xfff],
                         kPairs[word >> 16 & 0xfff]};
    std::memcpy(out, pairs, sizeof pairs);
    in += 6;
    out += 8;
    size -= 6;
  }
  while (size > 0) {
    size_t taken = size < 3 ? size : 3;
    uint32_t word = 0;
    for (size_t i = 0; i < 3; ++i)
      word = word << 8 | (i < taken ? static_cast<unsigned char>(in[i]) : 0u);
    CharPair pairs[2] = {kPairs[word >> 12], kPairs[word & 0xfff]};
    std::memcpy(out, pairs, sizeof pairs);
    if (taken < 3) out[3] = '=';
    if (taken < 2) out[2] = '=';
    in += taken;
    out += 4;
    size -= taken;
  }
}

std::optional<size_t> Base64Decode(std::string_view text, std::string& out) {
  out.resize(text.size() / 4 * 3 + 4);  // the last store of the fast path may run over by one byte
  const char* in = text.data();
  size_t left = text.size();
  char* to = out.data();
  while (left >= 16) {
    uint32_t quads[4] = {Quad(in), Quad(in + 4), Quad(in + 8), Quad(in + 12)};
    if (((quads[0] | quads[1] | quads[2] | quads[3]) & kBad) != 0) break;
    for (uint32_t quad : quads) {
      StoreLittleEndian(quad, to);
      to += 3;
    }
    in += 16;
    left -= 16;
  }
  out.resize(static_cast<size_t>(to - out.data()));
  return DecodeSlowly(text, text.size() - left, out);
}

}  // namespace holdfast::crypto
