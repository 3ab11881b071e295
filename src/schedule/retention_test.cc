#include "schedule/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace holdfast::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Later than every file here.
const Clock::Wall kNow = *ParseRfc3339("2027-01-01T00:00:00Z");

RetentionFile File(const std::string& time) { return {time, *ParseRfc3339(time), std::nullopt}; }

std::vector<RetentionFile> Files(const std::vector<std::string>& times) {
  std::vector<RetentionFile> files;
  for (const auto& time : times) files.push_back(File(time));
  return files;
}

std::vector<std::string> Kept(std::vector<RetentionFile> files, const RetentionRules& rules,
                              const std::string& just_written = "", Clock::Wall now = kNow) {
  std::vector<std::string> kept;
  auto verdicts = DecideRetention(std::move(files), rules, now, just_written);
  EXPECT_TRUE(verdicts);
  for (const auto& verdict : *verdicts) {
    EXPECT_NE(verdict.reason, "");
    if (verdict.keep) kept.push_back(verdict.name);
  }
  return kept;
}

TEST(Retention, KeepsTheNewestByTimeNotByOrder) {
  auto files = Files({"2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-01T00:00:00Z",
                      "2026-01-03T00:00:00Z"});
  EXPECT_THAT(Kept(files, {.newest = 2}),
              ElementsAre("2026-01-04T00:00:00Z", "2026-01-03T00:00:00Z"));
  EXPECT_EQ(Kept(files, {.newest = 4}).size(), 4u);
  EXPECT_EQ(Kept(files, {.newest = 9}).size(), 4u);
  EXPECT_THAT(Kept({}, {.newest = 1}), ElementsAre());
}

TEST(Retention, RefusesRulesThatKeepNothing) {
  auto nothing = DecideRetention(Files({"2026-01-02T00:00:00Z"}), {}, kNow);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind(), ErrorKind::kInvalid);
  EXPECT_FALSE(DecideRetention({}, {.newest = 1, .daily = -1}, kNow));
  EXPECT_FALSE(DecideRetention({}, {.newest = 1, .max_age = std::chrono::hours(-1)}, kNow));
  EXPECT_TRUE(DecideRetention({}, {.max_age = std::chrono::hours(1)}, kNow));
}

TEST(Retention, WhatWasJustWrittenStays) {
  // Its time is the start of the run: another run may have overtaken it, or the clock was set back.
  auto files = Files({"2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-01T00:00:00Z"});
  EXPECT_THAT(Kept(files, {.newest = 1}, "2026-01-01T00:00:00Z"),
              ElementsAre("2026-01-04T00:00:00Z", "2026-01-01T00:00:00Z"));
}

TEST(Retention, FailuresEvictNothing) {
  auto files = Files({"2026-01-04T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z",
                      "2026-01-01T00:00:00Z"});
  files[0].not_good = files[1].not_good = "it is empty";
  auto verdicts = DecideRetention(files, {.newest = 1, .daily = 1}, kNow);
  ASSERT_TRUE(verdicts);
  EXPECT_TRUE((*verdicts)[0].keep);
  EXPECT_THAT((*verdicts)[0].reason, HasSubstr("it is empty"));
  EXPECT_TRUE((*verdicts)[2].keep);
  EXPECT_THAT((*verdicts)[2].reason, HasSubstr("1 of the newest 1; day 2026-01-02"));
  EXPECT_FALSE((*verdicts)[3].keep);
}

TEST(Retention, KeepsTheNewestOfEachDay) {
  auto files = Files({"2026-01-05T23:59:59Z", "2026-01-05T00:00:00Z", "2026-01-04T23:59:59Z",
                      "2026-01-04T12:00:00Z", "2026-01-01T12:00:00Z", "2025-12-31T12:00:00Z"});
  // Days without a backup are not counted.
  EXPECT_THAT(Kept(files, {.daily = 3}),
              ElementsAre("2026-01-05T23:59:59Z", "2026-01-04T23:59:59Z", "2026-01-01T12:00:00Z"));
}

TEST(Retention, WeeksAreThoseOfIso8601) {
  // 2026-01-04 is a Sunday; 2025-12-29 to 2026-01-04 is week 1 of 2026.
  auto files = Files({"2026-01-05T00:00:00Z", "2026-01-04T00:00:00Z", "2025-12-29T00:00:00Z",
                      "2025-12-28T00:00:00Z"});
  auto verdicts = DecideRetention(files, {.weekly = 9}, kNow);
  ASSERT_TRUE(verdicts);
  EXPECT_EQ((*verdicts)[0].reason, "week 2026-W02");
  EXPECT_EQ((*verdicts)[1].reason, "week 2026-W01");
  EXPECT_FALSE((*verdicts)[2].keep);
  EXPECT_EQ((*verdicts)[3].reason, "week 2025-W52");
}

TEST(Retention, GrandfatherFatherSon) {
  // One backup a day for three years, at 02:00.
  std::vector<RetentionFile> files;
  auto first = *ParseRfc3339("2023-01-01T02:00:00Z");
  for (int day = 0; day < 1096; ++day) {
    auto time = first + std::chrono::hours(24 * day);
    files.push_back({FormatRfc3339(time), time, std::nullopt});
  }
  // The newest is Wednesday 2025-12-31.
  EXPECT_THAT(Kept(files, {.newest = 1, .daily = 3, .weekly = 3, .monthly = 3, .yearly = 2}),
              ElementsAre("2025-12-31T02:00:00Z", "2025-12-30T02:00:00Z", "2025-12-29T02:00:00Z",
                          "2025-12-28T02:00:00Z", "2025-12-21T02:00:00Z", "2025-11-30T02:00:00Z",
                          "2025-10-31T02:00:00Z", "2024-12-31T02:00:00Z"));
}

TEST(Retention, TheNewestStaysWhateverTheRules) {
  for (RetentionRules rules :
       {RetentionRules{.newest = 1}, RetentionRules{.daily = 1}, RetentionRules{.weekly = 1},
        RetentionRules{.monthly = 1}, RetentionRules{.yearly = 1}}) {
    EXPECT_THAT(Kept(Files({"2026-01-05T00:00:00Z", "2026-01-04T23:00:00Z"}), rules),
                testing::Contains("2026-01-05T00:00:00Z"));
  }
}

// A later run with the same rules deletes nothing of what the earlier one kept.
TEST(Retention, IsStable) {
  std::vector<RetentionFile> files;
  auto first = *ParseRfc3339("2024-02-27T02:00:00Z");
  for (int i = 0; i < 3000; ++i) {
    auto time = first + std::chrono::hours(7 * i);
    files.push_back({FormatRfc3339(time), time, std::nullopt});
  }
  RetentionRules rules{.newest = 5, .daily = 7, .weekly = 4, .monthly = 12, .yearly = 3};
  auto kept = Kept(files, rules);
  EXPECT_EQ(Kept(Files(kept), rules), kept);
}

// A machine whose clock was years ahead for one night must not cost the history.
TEST(Retention, FilesDatedInTheFutureHoldNoPlaces) {
  auto files = Files({"2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z", "2026-01-31T00:00:00Z",
                      "2026-01-30T00:00:00Z", "2026-01-29T00:00:00Z"});
  EXPECT_THAT(Kept(files, {.newest = 2}),
              ElementsAre("2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z", "2026-01-31T00:00:00Z",
                          "2026-01-30T00:00:00Z"));
  auto verdicts = DecideRetention(files, {.yearly = 2, .max_age = std::chrono::hours(1)}, kNow);
  ASSERT_TRUE(verdicts);
  EXPECT_TRUE((*verdicts)[0].not_counted);
  EXPECT_THAT((*verdicts)[0].reason, HasSubstr("dated in the future (2030-01-02T00:00:00Z)"));
  EXPECT_FALSE((*verdicts)[2].not_counted);
  EXPECT_TRUE((*verdicts)[2].keep);
  EXPECT_FALSE((*verdicts)[3].keep);
  // Nothing but such files: all of them stay.
  files.resize(2);
  EXPECT_EQ(Kept(files, {.newest = 1}).size(), 2u);
}

TEST(Retention, ClocksMayDifferALittle) {
  auto files = Files({"2026-01-04T00:14:59Z", "2026-01-03T00:00:00Z"});
  EXPECT_THAT(Kept(files, {.newest = 1}, "", *ParseRfc3339("2026-01-04T00:00:00Z")),
              ElementsAre("2026-01-04T00:14:59Z"));
  // What was just written counts, although the clock was set back since it began.
  EXPECT_THAT(
      Kept(files, {.newest = 1}, "2026-01-04T00:14:59Z", *ParseRfc3339("2026-01-03T12:00:00Z")),
      ElementsAre("2026-01-04T00:14:59Z"));
}

TEST(Retention, AgeKeepsWhatIsYoung) {
  auto files = Files({"2026-01-04T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z"});
  auto now = *ParseRfc3339("2026-01-05T00:00:00Z");
  EXPECT_THAT(Kept(files, {.max_age = std::chrono::hours(49)}, "", now),
              ElementsAre("2026-01-04T00:00:00Z", "2026-01-03T00:00:00Z"));
  // The newest stays however old it is.
  EXPECT_THAT(Kept(files, {.max_age = std::chrono::hours(1)}, "", now),
              ElementsAre("2026-01-04T00:00:00Z"));
}

}  // namespace
}  // namespace holdfast::schedule
