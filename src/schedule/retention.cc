#include "schedule/retention.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/rfc3339.h"

namespace holdfast::schedule {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

std::string Text(const char* form, int year, unsigned a = 0, unsigned b = 0) {
  char text[48];
  std::snprintf(text, sizeof text, form, year, a, b);
  return text;
}

std::string Day(sys_days day) {
  year_month_day date(day);
  return Text("day %04d-%02u-%02u", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

// A week belongs to the year that has its Thursday (ISO 8601).
std::string Week(sys_days day) {
  std::chrono::weekday weekday(day);
  sys_days thursday = day + days(4 - int(weekday.iso_encoding()));
  auto year = year_month_day(thursday).year();
  auto number = (thursday - sys_days(year / std::chrono::January / 1)).count() / 7 + 1;
  return Text("week %04d-W%02u", int(year), unsigned(number));
}

std::string Month(sys_days day) {
  year_month_day date(day);
  return Text("month %04d-%02u", int(date.year()), unsigned(date.month()));
}

std::string Year(sys_days day) { return Text("year %04d", int(year_month_day(day).year())); }

// Counts spans from the newest back.
struct SpanRule {
  int left;
  std::string (*span_of)(sys_days);
  std::string last;

  // The name of the span that this file stands for; empty when it stands for none.
  std::string Claim(sys_days day) {
    std::string span = span_of(day);
    if (left == 0 || span == last) return "";
    last = span;
    --left;
    return span;
  }
};

void AddReason(RetentionVerdict& verdict, const std::string& reason) {
  verdict.keep = true;
  verdict.reason += (verdict.reason.empty() ? "" : "; ") + reason;
}

}  // namespace

Status RetentionRules::Check() const {
  int largest = 0;
  for (int count : {newest, daily, weekly, monthly, yearly}) {
    if (count < 0) {
      return Fail(ErrorKind::kInvalid, "retention: " + std::to_string(count) + " is negative");
    }
    largest = std::max(largest, count);
  }
  if (max_age.count() < 0) return Fail(ErrorKind::kInvalid, "retention: a negative age");
  if (largest > 0 || max_age.count() > 0) return {};
  return Fail(Error(ErrorKind::kInvalid, "retention: no rule keeps anything")
                  .Hint("keep at least the newest one"));
}

Result<std::vector<RetentionVerdict>> DecideRetention(std::vector<RetentionFile> files,
                                                      const RetentionRules& rules, Clock::Wall now,
                                                      const std::string& just_written) {
  HF_TRY(rules.Check());
  std::sort(files.begin(), files.end(), [](const RetentionFile& a, const RetentionFile& b) {
    return a.time != b.time ? a.time > b.time : a.name > b.name;
  });
  SpanRule spans[] = {{rules.daily, Day, ""},
                      {rules.weekly, Week, ""},
                      {rules.monthly, Month, ""},
                      {rules.yearly, Year, ""}};
  std::vector<RetentionVerdict> verdicts;
  int good = 0;
  for (RetentionFile& file : files) {
    RetentionVerdict verdict{std::move(file.name), file.time};
    verdict.keep = false;
    // What was just written counts even when the clock was set back meanwhile.
    if (!file.not_good && file.time > now + kClockSkew && verdict.name != just_written)
      file.not_good = "it is dated in the future (" + FormatRfc3339(file.time) + ")";
    if (file.not_good) {
      AddReason(verdict, "not counted and not deleted: " + *file.not_good);
      verdict.not_counted = true;
      verdicts.push_back(std::move(verdict));
      continue;
    }
    ++good;
    if (good <= rules.newest) {
      AddReason(verdict, std::to_string(good) + " of the newest " + std::to_string(rules.newest));
    }
    auto day = std::chrono::floor<days>(file.time);
    for (SpanRule& rule : spans) {
      if (std::string span = rule.Claim(day); !span.empty()) AddReason(verdict, span);
    }
    if (rules.max_age.count() > 0 && now - file.time < rules.max_age)
      AddReason(verdict, "younger than what the rules keep");
    if (verdict.name == just_written) AddReason(verdict, "just written");
    if (good == 1 && !verdict.keep) AddReason(verdict, "the newest");
    if (!verdict.keep) verdict.reason = "older than what the rules keep";
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace holdfast::schedule
