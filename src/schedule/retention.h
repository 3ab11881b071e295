// What retention keeps. Pure: no clock, no store; the caller hands over the files of ONE backup
// (archive/own_files.h finds them) and acts on the verdicts.
#pragma once

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

  // kInvalid: a negative number, or all of them zero (which would delete everything).
  Status Check() const;
};

struct RetentionFile {
  std::string name;
  Clock::Wall time;  // when the backup began
  // Why this one is no archive that could be restored from, such as "it is empty"; else nothing. It
  // takes nobody's place and is not deleted either: a person should look at it.
  std::optional<std::string> not_good;
};

struct RetentionVerdict {
  std::string name;
  Clock::Wall time;
  bool keep = true;
  // "1 of the newest 3; day 2026-01-27" or "older than what the rules keep".
  std::string reason;
};

// Newest first; files of the same time by name, backwards. The newest good file is always kept, and
// so is `just_written` (a name; may be empty), which counts like any other. kInvalid as Check().
Result<std::vector<RetentionVerdict>> DecideRetention(std::vector<RetentionFile> files,
                                                      const RetentionRules& rules,
                                                      const std::string& just_written = "");

}  // namespace holdfast::schedule
