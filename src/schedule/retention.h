// Which files retention keeps. Pure: no clock, no store. The caller passes the files of one series
// (storage/catalog.h) and acts on the verdicts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::schedule {

// A file is kept when any rule keeps it. Each number counts files (newest) or spans of UTC that
// have a file in them (daily, weekly, ...), from the newest back; spans without one are not
// counted, so that a pause in the backups costs none. Of a span its newest file is kept.
struct RetentionRules {
  int newest = 0;   // spec.retentionCount
  int daily = 0;    // calendar days
  int weekly = 0;   // Monday to Sunday (ISO 8601)
  int monthly = 0;  // calendar months
  int yearly = 0;
  // Files younger than this are kept; 0: age keeps nothing.
  std::chrono::seconds max_age{0};

  // kInvalid: a negative number, or all of them zero (which would delete everything).
  Status Check() const;
};

// How far the clocks of the machines that write to one store may differ. A file dated later than
// now plus this was written under a wrong clock (or `now` is wrong).
inline constexpr std::chrono::minutes kClockSkew{15};

struct RetentionFile {
  std::string name;
  Clock::Wall time;  // when the backup began
  // Why nothing could be restored from this file, such as "it is empty"; else nothing. Such a file
  // is neither counted nor deleted: a person should look at it.
  std::optional<std::string> not_good;
};

struct RetentionVerdict {
  std::string name;
  Clock::Wall time;
  bool keep = true;
  // "1 of the newest 3; day 2026-01-27" or "older than what the rules keep".
  std::string reason;
  // Kept, but holds no place among those that the rules count: not good, or dated in the future.
  bool not_counted = false;
};

// Newest first; files of the same time by name, backwards. The newest good file is always kept, and
// so is `just_written` (a name; may be empty), which counts like any other. A file dated after
// `now` plus kClockSkew is kept and not counted, so that it cannot push good files out. kInvalid as
// Check().
Result<std::vector<RetentionVerdict>> DecideRetention(std::vector<RetentionFile> files,
                                                      const RetentionRules& rules, Clock::Wall now,
                                                      const std::string& just_written = "");

}  // namespace holdfast::schedule
