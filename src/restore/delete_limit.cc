#include "restore/delete_limit.h"

#include <algorithm>
#include <charconv>

namespace holdfast::restore {

uint64_t DeleteLimit::Most(uint64_t selected) const {
  if (count) return *count;
  if (!percent) return UINT64_MAX;
  // Rounded down: 20 % of 9 objects is 1. Divided first where the product would not fit.
  uint64_t share =
      selected > UINT64_MAX / 100 ? selected / 100 * *percent : selected * *percent / 100;
  return std::max(share, always);
}

std::string DeleteLimit::ToString() const {
  if (count) return std::to_string(*count) + " objects";
  if (!percent) return "no limit";
  return std::to_string(*percent) + " %";
}

Result<DeleteLimit> ParseDeleteLimit(std::string_view text) {
  std::string_view digits = text;
  bool is_percent = digits.ends_with('%');
  if (is_percent) digits.remove_suffix(1);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      (is_percent && value > 100)) {
    return Fail(ErrorKind::kInvalid, "\"" + std::string(text.substr(0, 40)) +
                                         "\" is no limit of deletes: give a number of objects "
                                         "(25) or a percentage from 0% to 100% (10%)");
  }
  DeleteLimit limit;
  limit.always = 0;
  limit.percent.reset();
  if (is_percent)
    limit.percent = static_cast<uint32_t>(value);
  else
    limit.count = value;
  return limit;
}

}  // namespace holdfast::restore
