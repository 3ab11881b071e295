#include "schedule/cron.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace holdfast::schedule {
namespace {

using ::testing::ElementsAreArray;

std::string ErrorOf(std::string_view text, std::string_view zone = "") {
  auto schedule = Schedule::Parse(text, zone);
  EXPECT_TRUE(schedule || schedule.error().kind() == ErrorKind::kInvalid);
  return schedule ? "accepted" : schedule.error().message();
}

std::vector<std::string> Runs(std::string_view text, std::string_view after, size_t count,
                              std::string_view zone = "UTC") {
  std::vector<std::string> runs;
  auto schedule = Schedule::Parse(text, zone);
  if (!schedule) return {schedule.error().ToString()};
  Clock::Wall at = ParseRfc3339(after).value();
  for (size_t i = 0; i < count; ++i) {
    auto next = schedule->Next(at);
    runs.push_back(next ? FormatRfc3339(*next) : "none");
    if (!next) break;
    EXPECT_GT(*next, at) << text;
    at = *next;
  }
  return runs;
}

TEST(Cron, RefusesInTheParsersWords) {
  const std::pair<const char*, const char*> kCases[] = {
      {"", "empty spec string"},
      {"kldsnd", "expected exactly 5 fields, found 1: [kldsnd]"},
      {"* * * *", "expected exactly 5 fields, found 4: [* * * *]"},
      {"0 0 2 * * *", "expected exactly 5 fields, found 6: [0 0 2 * * *]"},
      {"0 0 * * 7", "end of range (7) above maximum (6): 7"},
      {"60 * * * *", "end of range (60) above maximum (59): 60"},
      {"* 24 * * *", "end of range (24) above maximum (23): 24"},
      {"* * 0 * *", "beginning of range (0) below minimum (1): 0"},
      {"* * * 0 *", "beginning of range (0) below minimum (1): 0"},
      {"* * * 13 *", "end of range (13) above maximum (12): 13"},
      {"5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"},
      {"*/0 * * * *", "step of range should be a positive number: */0"},
      {"1-2-3 * * * *", "too many hyphens: 1-2-3"},
      {"1/2/3 * * * *", "too many slashes: 1/2/3"},
      {"*/-1 * * * *", "negative number (-1) not allowed: -1"},
      {"a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"},
      {"-5 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"},
      {"99999999999999999999 * * * *",
       "failed to parse int from 99999999999999999999: strconv.Atoi: parsing "
       "\"99999999999999999999\": value out of range"},
      {"* * L * *", "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax"},
      {"@foo", "unrecognized descriptor: @foo"},
      {"@every x", "failed to parse duration @every x: time: invalid duration \"x\""},
      {"TZ=Nope 0 0 * * *", "provided bad location Nope: unknown time zone Nope"},
      {"CRON_TZ=../../etc/passwd 0 0 * * *",
       "provided bad location ../../etc/passwd: unknown time zone ../../etc/passwd"},
      {"TZ=/usr/share/zoneinfo/UTC 0 0 * * *",
       "provided bad location /usr/share/zoneinfo/UTC: unknown time zone /usr/share/zoneinfo/UTC"},
      {"TZ=UTC", "expected exactly 5 fields, found 0: []"},
      {"TZ=", "expected exactly 5 fields, found 0: []"},
  };
  for (auto [text, message] : kCases) EXPECT_EQ(ErrorOf(text), message) << text;
  EXPECT_EQ(ErrorOf("@daily", "Nope"), "provided bad location Nope: unknown time zone Nope");
}

struct Case {
  const char* text;
  const char* after;
  std::vector<std::string> runs;
  const char* zone = "UTC";
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    EXPECT_THAT(Runs(c.text, c.after, c.runs.size(), c.zone), ElementsAreArray(c.runs)) << c.text;
}

TEST(Cron, Runs) {
  Check({
      {"0 2 * * *", "2026-01-27T01:59:59Z", {"2026-01-27T02:00:00Z", "2026-01-28T02:00:00Z"}},
      {"0 2 * * *", "2026-01-27T02:00:00Z", {"2026-01-28T02:00:00Z"}},
      {"*/15 * * * *", "2026-01-27T01:46:00Z", {"2026-01-27T02:00:00Z", "2026-01-27T02:15:00Z"}},
      {"7/20 * * * *",
       "2026-01-27T00:00:00Z",
       {"2026-01-27T00:07:00Z", "2026-01-27T00:27:00Z", "2026-01-27T00:47:00Z",
        "2026-01-27T01:07:00Z"}},
      // A Friday.
      {"0 9-17/4 * * mon-FRI",
       "2026-01-30T10:00:00Z",
       {"2026-01-30T13:00:00Z", "2026-01-30T17:00:00Z", "2026-02-02T09:00:00Z"}},
      // Either day field, when both are restricted.
      {"0 0 1 * 1",
       "2026-01-27T00:00:00Z",
       {"2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z"}},
      {"0 0 */2 * 1",
       "2026-02-01T00:00:00Z",
       {"2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-05T00:00:00Z"}},
      // A star, also with step 1, restricts nothing.
      {"0 0 */1 * 1", "2026-02-03T00:00:00Z", {"2026-02-09T00:00:00Z", "2026-02-16T00:00:00Z"}},
      {"0 0 ? * 0", "2026-02-03T00:00:00Z", {"2026-02-08T00:00:00Z"}},
      {"0 0 29 feb *", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
      {"0 0 31 2 *", "2026-01-01T00:00:00Z", {"none"}},
      {", * * * *", "2026-01-01T00:00:00Z", {"none"}},
      {"5,1,,3 4 1 JAN,jul *",
       "2026-01-01T04:03:00Z",
       {"2026-01-01T04:05:00Z", "2026-07-01T04:01:00Z"}},
      {"@yearly", "2026-01-27T00:00:00Z", {"2027-01-01T00:00:00Z"}},
      {"@annually", "2026-01-27T00:00:00Z", {"2027-01-01T00:00:00Z"}},
      {"@monthly", "2026-01-27T00:00:00Z", {"2026-02-01T00:00:00Z"}},
      {"@weekly", "2026-01-27T00:00:00Z", {"2026-02-01T00:00:00Z"}},
      {"@daily", "2026-01-27T00:00:00Z", {"2026-01-28T00:00:00Z"}},
      {"@midnight", "2026-01-27T00:00:00Z", {"2026-01-28T00:00:00Z"}},
      {"@hourly", "2026-01-27T00:00:00Z", {"2026-01-27T01:00:00Z"}},
      {"@every 5s", "2026-01-27T00:00:01.9Z", {"2026-01-27T00:00:06Z"}},
      {"@every 1h30m", "2026-01-27T00:00:00Z", {"2026-01-27T01:30:00Z"}},
      {"@every 10ms", "2026-01-27T00:00:00Z", {"2026-01-27T00:00:01Z"}},
      {"@every 1500ms", "2026-01-27T00:00:00Z", {"2026-01-27T00:00:01Z"}},
      {"@every -3s", "2026-01-27T00:00:00Z", {"2026-01-27T00:00:01Z"}},
  });
}

TEST(Cron, RunsInTimeZones) {
  Check({
      {"CRON_TZ=Asia/Tokyo 0 2 * * *", "2026-01-27T00:00:00Z", {"2026-01-27T17:00:00Z"}},
      {"TZ=Asia/Tokyo 0 2 * * *",
       "2026-01-27T00:00:00Z",
       {"2026-01-27T17:00:00Z"},
       "Europe/Berlin"},
      {"0 2 * * *", "2026-01-27T00:00:00Z", {"2026-01-27T17:00:00Z"}, "Asia/Tokyo"},
      {"0 0 * * *", "2026-01-27T00:00:00Z", {"2026-01-27T18:15:00Z"}, "Asia/Kathmandu"},
      // Berlin, 2026-03-29: 02:00 becomes 03:00. What is skipped does not run.
      {"30 2 * * *",
       "2026-03-28T00:00:00Z",
       {"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"},
       "Europe/Berlin"},
      {"*/30 2,3 * * *",
       "2026-03-29T00:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"},
       "Europe/Berlin"},
      // 2026-10-25: 03:00 becomes 02:00. What comes twice runs twice.
      {"30 2 * * *",
       "2026-10-25T00:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"},
       "Europe/Berlin"},
      {"0 * * * *",
       "2026-10-24T23:30:00Z",
       {"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
       "Europe/Berlin"},
      // New York.
      {"30 2 * * *", "2026-03-07T12:00:00Z", {"2026-03-09T06:30:00Z"}, "America/New_York"},
      {"30 1 * * *",
       "2026-11-01T00:00:00Z",
       {"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"},
       "America/New_York"},
      // Beirut skips midnight itself (2026-03-29).
      {"0 0 * * *", "2026-03-28T00:00:00Z", {"2026-03-29T21:00:00Z"}, "Asia/Beirut"},
      {"30 * 29 3 *", "2026-03-28T12:00:00Z", {"2026-03-28T22:30:00Z"}, "Asia/Beirut"},
      // Lord Howe moves by half an hour: 2026-04-05 02:00 becomes 01:30.
      {"45 1 * * *",
       "2026-04-04T12:00:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-05T15:15:00Z"},
       "Australia/Lord_Howe"},
      // Long after the last rule that the database spells out.
      {"0 12 1 7 *", "2090-01-01T00:00:00Z", {"2090-07-01T10:00:00Z"}, "Europe/Berlin"},
  });
}

// The definition itself, minute by minute, over a year with its changes of clocks.
TEST(Cron, IsEveryMinuteWhoseLocalTimeMatches) {
  auto schedule = Schedule::Parse("10,50 1-3 * * *", "America/New_York").value();
  Clock::Wall at = ParseRfc3339("2026-01-01T05:00:00Z").value();
  Clock::Wall end = ParseRfc3339("2027-01-01T05:00:00Z").value();
  std::set<std::string> days;
  size_t runs = 0;
  for (auto next = schedule.Next(at); next && *next < end; next = schedule.Next(*next)) ++runs;
  // Six a day; two fewer in spring (02:10, 02:50), two more in autumn (01:10, 01:50).
  EXPECT_EQ(runs, 6u * 365 - 2 + 2);
}

TEST(Cron, JitterIsSteadyAndSpread) {
  using std::chrono::seconds;
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    seconds jitter = Jitter("uid-" + std::to_string(i), seconds(60));
    EXPECT_EQ(jitter, Jitter("uid-" + std::to_string(i), seconds(60)));
    EXPECT_GE(jitter, seconds(0));
    EXPECT_LE(jitter, seconds(60));
    seen.insert(jitter.count());
  }
  EXPECT_GT(seen.size(), 40u);
  EXPECT_EQ(Jitter("a", seconds(0)), seconds(0));
}

}  // namespace
}  // namespace holdfast::schedule
