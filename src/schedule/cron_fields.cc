#include "schedule/cron_fields.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace holdfast::schedule {
namespace {

struct Bounds {
  unsigned min, max;
  const char* const* names;  // nullptr: numbers only
  unsigned first_name;       // the value of names[0]
  unsigned name_count;
};

constexpr const char* kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr const char* kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr Bounds kMinute{0, 59, nullptr, 0, 0};
constexpr Bounds kHour{0, 23, nullptr, 0, 0};
constexpr Bounds kDay{1, 31, nullptr, 0, 0};
constexpr Bounds kMonth{1, 12, kMonths, 1, 12};
constexpr Bounds kWeekday{0, 6, kDays, 0, 7};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Keeps empty pieces, as strings.Split does.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (true) {
    size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

Result<unsigned> ParseNumber(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return Fail(ErrorKind::kInvalid, "failed to parse int from " + std::string(text) +
                                         ": strconv.Atoi: parsing " + Quoted(text) + ": " +
                                         std::string(why));
  };
  std::string_view digits = text;
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || digits[0] == '-' || end != digits.data() + digits.size())
    return bad("invalid syntax");
  if (error != std::errc()) return bad("value out of range");
  if (negative && value != 0)
    return Fail(ErrorKind::kInvalid, "negative number (-" + std::to_string(value) +
                                         ") not allowed: " + std::string(text));
  constexpr int64_t kFarBeyond = 1'000'000;  // every bound is much lower
  return static_cast<unsigned>(std::min(value, kFarBeyond));
}

Result<unsigned> ParseValue(std::string_view text, const Bounds& bounds) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (unsigned i = 0; i < bounds.name_count; ++i)
    if (lower == bounds.names[i]) return bounds.first_name + i;
  return ParseNumber(text);
}

Result<uint64_t> ParseItem(std::string_view item, const Bounds& bounds) {
  auto fail = [&](std::string why) {
    return Fail(ErrorKind::kInvalid, std::move(why) + ": " + std::string(item));
  };
  std::vector<std::string_view> parts = Split(item, '/');
  std::vector<std::string_view> ends = Split(parts[0], '-');
  unsigned first = bounds.min, last = bounds.max, step = 1;
  uint64_t star = 0;
  if (ends[0] == "*" || ends[0] == "?") {
    star = kStar;
  } else {
    HF_ASSIGN(first, ParseValue(ends[0], bounds));
    if (ends.size() > 2) return fail("too many hyphens");
    last = first;
    if (ends.size() == 2) {
      HF_ASSIGN(last, ParseValue(ends[1], bounds));
    }
  }
  if (parts.size() > 2) return fail("too many slashes");
  if (parts.size() == 2) {
    HF_ASSIGN(step, ParseNumber(parts[1]));
    if (ends.size() == 1) last = bounds.max;  // n/step: from n on
    if (step > 1) star = 0;
  }
  auto number = [](unsigned n) { return "(" + std::to_string(n) + ")"; };
  if (first < bounds.min)
    return fail("beginning of range " + number(first) + " below minimum " + number(bounds.min));
  if (last > bounds.max)
    return fail("end of range " + number(last) + " above maximum " + number(bounds.max));
  if (first > last)
    return fail("beginning of range " + number(first) + " beyond end of range " + number(last));
  if (step == 0) return fail("step of range should be a positive number");
  uint64_t bits = star;
  for (unsigned n = first; n <= last; n += step) bits |= uint64_t{1} << n;
  return bits;
}

Result<uint64_t> ParseField(std::string_view field, const Bounds& bounds) {
  uint64_t bits = 0;
  for (std::string_view item : Split(field, ',')) {
    if (item.empty()) continue;
    HF_ASSIGN(uint64_t more, ParseItem(item, bounds));
    bits |= more;
  }
  return bits;
}

}  // namespace

bool CronFields::MatchesDay(int of_month, int of_week) const {
  bool month_day = (day >> of_month & 1) != 0;
  bool week_day = (weekday >> of_week & 1) != 0;
  return (day & kStar) != 0 || (weekday & kStar) != 0 ? month_day && week_day
                                                      : month_day || week_day;
}

Result<CronFields> ParseCronFields(std::string_view text) {
  std::vector<std::string_view> fields;
  std::string joined;
  for (size_t at = 0; at < text.size();) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !IsSpace(text[end])) ++end;
    fields.push_back(text.substr(at, end - at));
    joined += (joined.empty() ? "" : " ") + std::string(fields.back());
    at = end;
  }
  if (fields.size() != 5)
    return Fail(ErrorKind::kInvalid, "expected exactly 5 fields, found " +
                                         std::to_string(fields.size()) + ": [" + joined + "]");
  CronFields cron;
  HF_ASSIGN(cron.minute, ParseField(fields[0], kMinute));
  HF_ASSIGN(cron.hour, ParseField(fields[1], kHour));
  HF_ASSIGN(cron.day, ParseField(fields[2], kDay));
  HF_ASSIGN(cron.month, ParseField(fields[3], kMonth));
  HF_ASSIGN(cron.weekday, ParseField(fields[4], kWeekday));
  return cron;
}

}  // namespace holdfast::schedule
