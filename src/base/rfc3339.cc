#include "base/rfc3339.h"

#include <chrono>
#include <cstdio>

namespace holdfast {
namespace {

std::string Format(Clock::Wall time, int digits) {
  using namespace std::chrono;
  auto whole = floor<seconds>(time);
  auto day = floor<days>(whole);
  year_month_day date(day);
  hh_mm_ss clock(whole - day);
  auto nanos = duration_cast<nanoseconds>(time - whole).count();
  char text[64];
  int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                           unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                           int(clock.minutes().count()), int(clock.seconds().count()));
  std::string out(text, size_t(size));
  if (digits > 0) {
    std::snprintf(text, sizeof text, "%09lld", static_cast<long long>(nanos));
    out += '.';
    out.append(text, size_t(digits));
  }
  return out + 'Z';
}

// Reads exactly `digits` digits at the front of `text`; -1 when there are none.
int TakeNumber(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct Fields {
  int year, month, day, hour, minute, second;
  int64_t nanos = 0;
  int offset_minutes = 0;
};

bool TakeFraction(std::string_view& text, int64_t& nanos) {
  size_t digits = 0;
  int64_t value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 9) return false;
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0) return false;
  text.remove_prefix(digits);
  for (; digits < 9; ++digits) value *= 10;
  nanos = value;
  return true;
}

bool TakeZone(std::string_view& text, int& offset_minutes) {
  if (Take(text, 'Z') || Take(text, 'z')) return true;
  int sign = Take(text, '+') ? 1 : Take(text, '-') ? -1 : 0;
  if (sign == 0) return false;
  int hours = TakeNumber(text, 2);
  if (hours < 0 || hours > 23 || !Take(text, ':')) return false;
  int minutes = TakeNumber(text, 2);
  if (minutes < 0 || minutes > 59) return false;
  offset_minutes = sign * (hours * 60 + minutes);
  return true;
}

bool TakeAll(std::string_view text, Fields& f) {
  if ((f.year = TakeNumber(text, 4)) < 1970 || f.year > 2261 || !Take(text, '-')) return false;
  if ((f.month = TakeNumber(text, 2)) < 0 || !Take(text, '-')) return false;
  if ((f.day = TakeNumber(text, 2)) < 0) return false;
  if (!Take(text, 'T') && !Take(text, 't')) return false;
  if ((f.hour = TakeNumber(text, 2)) < 0 || f.hour > 23 || !Take(text, ':')) return false;
  if ((f.minute = TakeNumber(text, 2)) < 0 || f.minute > 59 || !Take(text, ':')) return false;
  if ((f.second = TakeNumber(text, 2)) < 0 || f.second > 60) return false;  // 60: a leap second
  if (Take(text, '.') && !TakeFraction(text, f.nanos)) return false;
  return TakeZone(text, f.offset_minutes) && text.empty();
}

}  // namespace

std::string FormatRfc3339(Clock::Wall time) { return Format(time, 0); }
std::string FormatRfc3339Millis(Clock::Wall time) { return Format(time, 3); }
std::string FormatRfc3339Micros(Clock::Wall time) { return Format(time, 6); }

Result<Clock::Wall> ParseRfc3339(std::string_view text) {
  using namespace std::chrono;
  Fields f;
  bool good = TakeAll(text, f);
  year_month_day date;
  if (good) {
    date = year_month_day(year(f.year), month(unsigned(f.month)), day(unsigned(f.day)));
    good = date.ok();
  }
  if (!good) {
    std::string shown(text.substr(0, 64));
    return Fail(ErrorKind::kInvalid, "not a time of RFC 3339: \"" + shown + "\"");
  }
  auto time = sys_days(date) + hours(f.hour) + minutes(f.minute - f.offset_minutes) +
              seconds(f.second) + nanoseconds(f.nanos);
  return time_point_cast<Clock::Wall::duration>(time);
}

}  // namespace holdfast
