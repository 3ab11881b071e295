// What is to be done about a Backup now. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "operator/custom_resources.h"

namespace holdfast::op {

struct BackupDecision {
  enum class Step {
    kNothing,  // until it is edited
    kWait,     // until `at`
    kRun,
    kUpdate,   // write `at` as status.nextSnapshotAt (none: remove it), then as kWait
    kInvalid,  // `problem` says why; no run, and no retry cures it
  };
  Step step = Step::kNothing;
  std::optional<Clock::Wall> at;
  std::string problem;
};

// A Recurring Backup runs at once when it is new or was One-time, then when its time has come; of
// several runs missed, one is made up. A change of its spec sets its time anew. A One-time Backup
// runs until it has succeeded, and again when its spec changes.
BackupDecision Decide(const BackupObject& backup, Clock::Wall now);

// When a Recurring Backup runs next; kInvalid with the schedule's fault in the reference's words,
// or when it never runs.
Result<Clock::Wall> NextRun(const BackupObject& backup, Clock::Wall after);

// How many archives stay.
int KeepCount(const BackupObject& backup);

}  // namespace holdfast::op
