#include "operator/backup_decision.h"

#include <algorithm>
#include <utility>

#include "schedule/cron.h"

namespace holdfast::op {
namespace {

using Step = BackupDecision::Step;

constexpr std::string_view kBadSchedule = "error parsing invalid cron string for schedule";
constexpr int kDefaultKeep = 10;

BackupDecision OneTime(const BackupObject& backup, Clock::Wall now) {
  bool done = backup.last_snapshot.has_value();
  if (done && backup.backup_type == "Recurring") {
    // It had a schedule until now: what is due runs still.
    if (backup.next_snapshot && *backup.next_snapshot > now) return {Step::kUpdate, {}, ""};
    return {Step::kRun, {}, ""};
  }
  if (done && backup.observed_generation == backup.meta.generation) return {};
  return {Step::kRun, {}, ""};
}

BackupDecision Recurring(const BackupObject& backup, Clock::Wall now) {
  auto next = NextRun(backup, now);
  if (!next) {
    // The reference's words first; what helps stays in the text.
    return {Step::kInvalid, {}, next.error().ToString()};
  }
  if (backup.paused) return {};
  if (!backup.last_snapshot || backup.backup_type == "One-time") return {Step::kRun, {}, ""};
  if (backup.next_snapshot && *backup.next_snapshot <= now) return {Step::kRun, {}, ""};
  if (backup.next_snapshot && backup.observed_generation == backup.meta.generation)
    return {Step::kWait, backup.next_snapshot, ""};
  // The spec has changed, or somebody removed the time. Delays count from the last run.
  auto schedule = schedule::Schedule::Parse(backup.schedule, backup.time_zone);
  if (schedule && schedule->every()) {
    auto since_last = NextRun(backup, *backup.last_snapshot);
    if (since_last && *since_last <= now) return {Step::kRun, {}, ""};
    if (since_last) return {Step::kUpdate, *since_last, ""};
  }
  return {Step::kUpdate, *next, ""};
}

}  // namespace

Result<Clock::Wall> NextRun(const BackupObject& backup, Clock::Wall after) {
  auto schedule = schedule::Schedule::Parse(backup.schedule, backup.time_zone);
  if (!schedule) return Fail(std::move(schedule).error().With(std::string(kBadSchedule)));
  auto next = schedule->Next(after);
  if (!next)
    return Fail(Error(ErrorKind::kInvalid, "it does not fire within five years: " + backup.schedule)
                    .With(std::string(kBadSchedule)));
  return *next + schedule::Jitter(backup.meta.uid, backup.jitter);
}

int KeepCount(const BackupObject& backup) {
  constexpr int64_t kMost = 1'000'000'000;
  return backup.retention_count > 0 ? static_cast<int>(std::min(backup.retention_count, kMost))
                                    : kDefaultKeep;
}

BackupDecision Decide(const BackupObject& backup, Clock::Wall now) {
  BackupDecision decision = backup.recurring() ? Recurring(backup, now) : OneTime(backup, now);
  bool asked = !backup.meta.run_now.empty() && backup.meta.run_now != backup.last_run_now;
  if (decision.step == Step::kInvalid) return decision;
  if (asked) return {Step::kRun, {}, ""};
  if (backup.paused) return {};
  return decision;
}

}  // namespace holdfast::op
