#include "operator/backup_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"

namespace holdfast::op {
namespace {

using Step = BackupDecision::Step;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Clock::Wall At(const char* text) { return ParseRfc3339(text).value(); }

const Clock::Wall kNow = At("2026-01-27T10:00:00Z");

// Seen, done, and unchanged since.
BackupObject Done(std::string schedule, const char* last, const char* next) {
  BackupObject backup;
  backup.meta = {"nightly", "uid-1", "5", 3, false, {}, ""};
  backup.schedule = std::move(schedule);
  backup.observed_generation = 3;
  backup.backup_type = backup.recurring() ? "Recurring" : "One-time";
  if (*last) backup.last_snapshot = At(last);
  if (*next) backup.next_snapshot = At(next);
  return backup;
}

BackupObject New(std::string schedule) {
  BackupObject backup = Done(std::move(schedule), "", "");
  backup.observed_generation = 0;
  backup.backup_type = "";
  return backup;
}

TEST(Decide, OneTime) {
  EXPECT_EQ(Decide(New(""), kNow).step, Step::kRun);
  BackupObject done = Done("", "2026-01-27T09:00:00Z", "");
  EXPECT_EQ(Decide(done, kNow).step, Step::kNothing);
  done.meta.generation = 4;  // its spec was edited
  EXPECT_EQ(Decide(done, kNow).step, Step::kRun);
}

TEST(Decide, RecurringRunsAtOnceAndThenInTime) {
  EXPECT_EQ(Decide(New("0 2 * * *"), kNow).step, Step::kRun);
  BackupDecision wait =
      Decide(Done("0 2 * * *", "2026-01-27T02:00:05Z", "2026-01-28T02:00:00Z"), kNow);
  EXPECT_EQ(wait.step, Step::kWait);
  EXPECT_EQ(*wait.at, At("2026-01-28T02:00:00Z"));
  // One of many runs missed is made up.
  EXPECT_EQ(Decide(Done("0 * * * *", "2026-01-20T02:00:05Z", "2026-01-20T03:00:00Z"), kNow).step,
            Step::kRun);
  EXPECT_EQ(Decide(Done("@every 5s", "2026-01-27T09:59:55Z", "2026-01-27T10:00:00Z"), kNow).step,
            Step::kRun);
}

TEST(Decide, AChangedScheduleTakesEffectAtOnce) {
  BackupObject edited = Done("0 12 * * *", "2026-01-27T02:00:05Z", "2026-01-28T02:00:00Z");
  edited.meta.generation = 4;
  BackupDecision decision = Decide(edited, kNow);
  EXPECT_EQ(decision.step, Step::kUpdate);
  EXPECT_EQ(*decision.at, At("2026-01-27T12:00:00Z"));
  // Delays count from the last run.
  edited.schedule = "@every 10h";
  EXPECT_EQ(*Decide(edited, kNow).at, At("2026-01-27T12:00:05Z"));
  edited.schedule = "@every 1h";
  EXPECT_EQ(Decide(edited, kNow).step, Step::kRun);
}

TEST(Decide, OneKindBecomesTheOther) {
  BackupObject one_time = Done("", "2026-01-27T02:00:05Z", "2026-01-28T02:00:00Z");
  one_time.backup_type = "Recurring";
  one_time.meta.generation = 4;
  BackupDecision decision = Decide(one_time, kNow);
  EXPECT_EQ(decision.step, Step::kUpdate);
  EXPECT_FALSE(decision.at);
  one_time.next_snapshot = At("2026-01-27T09:59:59Z");
  EXPECT_EQ(Decide(one_time, kNow).step, Step::kRun);

  BackupObject recurring = Done("@daily", "2026-01-27T02:00:05Z", "");
  recurring.backup_type = "One-time";
  EXPECT_EQ(Decide(recurring, kNow).step, Step::kRun);
}

TEST(Decide, PausedUnlessAsked) {
  for (const char* schedule : {"", "@hourly"}) {
    BackupObject paused = New(schedule);
    paused.paused = true;
    EXPECT_EQ(Decide(paused, kNow).step, Step::kNothing) << schedule;
    paused.meta.run_now = "1";
    EXPECT_EQ(Decide(paused, kNow).step, Step::kRun) << schedule;
    paused.last_run_now = "1";
    EXPECT_EQ(Decide(paused, kNow).step, Step::kNothing) << schedule;
  }
  BackupObject done = Done("", "2026-01-27T09:00:00Z", "");
  done.meta.run_now = "again";
  EXPECT_EQ(Decide(done, kNow).step, Step::kRun);
}

TEST(Decide, AScheduleThatIsNoneIsSaidSo) {
  BackupObject bad = New("kldsnd");
  bad.meta.run_now = "1";
  BackupDecision decision = Decide(bad, kNow);
  EXPECT_EQ(decision.step, Step::kInvalid);
  EXPECT_THAT(decision.problem,
              StartsWith("error parsing invalid cron string for schedule: expected exactly 5 "
                         "fields, found 1: [kldsnd]"));
  bad.schedule = "0 0 31 2 *";
  EXPECT_THAT(Decide(bad, kNow).problem, HasSubstr("does not fire within five years"));
  bad.schedule = "@daily";
  bad.time_zone = "Nope";
  EXPECT_THAT(Decide(bad, kNow).problem, HasSubstr("unknown time zone Nope"));
}

TEST(Decide, JitterIsPartOfTheTime) {
  BackupObject backup = Done("@daily", "2026-01-27T00:00:05Z", "");
  backup.jitter = std::chrono::minutes(30);
  Clock::Wall next = *Decide(backup, kNow).at;
  EXPECT_GE(next, At("2026-01-28T00:00:00Z"));
  EXPECT_LE(next, At("2026-01-28T00:30:00Z"));
  EXPECT_EQ(*Decide(backup, kNow).at, next);
}

TEST(Decide, KeepsTenUnlessTold) {
  BackupObject backup = New("@daily");
  EXPECT_EQ(KeepCount(backup), 10);
  backup.retention_count = 3;
  EXPECT_EQ(KeepCount(backup), 3);
}

}  // namespace
}  // namespace holdfast::op
