#include "restore/uid.h"

namespace holdfast::restore {
namespace {

constexpr uint64_t kOdd = ~uint64_t{0};  // the high half of those in the side table

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool IsDashPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

Uid UidTable::Pack(std::string_view text) {
  if (text.empty()) return {};
  bool uuid = text.size() == 36;
  uint64_t halves[2] = {0, 0};
  size_t digits = 0;
  for (size_t i = 0; uuid && i < text.size(); ++i) {
    if (IsDashPlace(i)) {
      uuid = text[i] == '-';
      continue;
    }
    int digit = HexDigit(text[i]);
    if (digit < 0) {
      uuid = false;
      break;
    }
    uint64_t& half = halves[digits++ / 16];
    half = half << 4 | static_cast<uint64_t>(digit);
  }
  Uid uid{halves[0], halves[1]};
  if (uuid && uid.high != kOdd && !uid.empty()) return uid;
  std::lock_guard lock(mutex_);
  if (auto known = numbers_.find(text); known != numbers_.end()) return {kOdd, known->second};
  const uint64_t number = odd_.size();
  numbers_.emplace(odd_.emplace_back(text), number);
  return {kOdd, number};
}

std::string UidTable::Text(const Uid& uid) const {
  if (uid.empty()) return {};
  if (uid.high == kOdd) {
    std::lock_guard lock(mutex_);
    return odd_[uid.low];
  }
  std::string text;
  text.reserve(36);
  for (size_t digit = 0; digit < 32; ++digit) {
    if (IsDashPlace(text.size())) text += '-';
    uint64_t half = digit < 16 ? uid.high : uid.low;
    text += "0123456789abcdef"[half >> (60 - 4 * (digit % 16)) & 15];
  }
  return text;
}

}  // namespace holdfast::restore
