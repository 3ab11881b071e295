#include "base/go_duration.h"

#include <cstdint>
#include <utility>

namespace holdfast {
namespace {

// Longer units before those that they begin with.
constexpr std::pair<std::string_view, int64_t> kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\u00b5s", 1'000},    {"\u03bcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::chrono::nanoseconds> ParseGoDuration(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    int64_t whole = 0;
    int64_t fraction = 0;
    int64_t scale = 1;
    bool digits = false;
    for (; !text.empty() && IsDigit(text[0]); text.remove_prefix(1)) {
      digits = true;
      if (__builtin_mul_overflow(whole, 10, &whole) ||
          __builtin_add_overflow(whole, text[0] - '0', &whole))
        return std::nullopt;
    }
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      for (; !text.empty() && IsDigit(text[0]); text.remove_prefix(1)) {
        digits = true;
        if (scale >= 1'000'000'000) continue;  // finer than any unit needs
        fraction = fraction * 10 + (text[0] - '0');
        scale *= 10;
      }
    }
    if (!digits) return std::nullopt;
    int64_t unit = 0;
    for (auto [name, size] : kUnits) {
      if (!text.starts_with(name)) continue;
      text.remove_prefix(name.size());
      unit = size;
      break;
    }
    if (unit == 0) return std::nullopt;
    int64_t part = static_cast<int64_t>(static_cast<double>(fraction) *
                                        (static_cast<double>(unit) / static_cast<double>(scale)));
    if (__builtin_mul_overflow(whole, unit, &whole) ||
        __builtin_add_overflow(total, whole, &total) || __builtin_add_overflow(total, part, &total))
      return std::nullopt;
  }
  return std::chrono::nanoseconds(negative ? -total : total);
}

}  // namespace holdfast
