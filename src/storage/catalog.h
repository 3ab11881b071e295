// Retention in a store: what is planned for the files of one series, and the only code that deletes
// them. Archives (backup/prune.h) and snapshots (etcd/catalog.h) find their own files and come
// here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "schedule/retention.h"
#include "storage/store.h"

namespace holdfast::storage {

// A file that belongs to exactly the series and cluster retention runs for. Nothing else may be
// passed: every file that is passed may be deleted.
struct OwnFile {
  ObjectInfo file;
  Clock::Wall time;                     // when the backup began
  std::optional<std::string> not_good;  // as schedule::RetentionFile
};

struct RetentionPlan {
  std::vector<schedule::RetentionVerdict> verdicts;  // newest first
  // What follows a file's name in the name of the file that describes it (".meta"); empty: nothing
  // describes these files. A description is deleted after its file.
  std::string description_suffix;
  // Descriptions of this series whose file is gone, by name.
  std::vector<std::string> orphans;

  // The verdicts on files that hold no place: not good, or dated in the future.
  std::vector<schedule::RetentionVerdict> NotCounted() const;
};

// kInvalid as RetentionRules::Check().
Result<RetentionPlan> PlanRetention(std::vector<OwnFile> files,
                                    const schedule::RetentionRules& rules, Clock::Wall now,
                                    const std::string& just_written = "");

struct PruneFailure {
  std::string name;
  Error error;  // kConflict: the file is locked

  std::string ToString() const { return name + ": " + error.ToString(); }
};

struct PruneReport {
  std::vector<std::string> deleted;  // files; one that was gone already counts
  std::vector<std::string> deleted_orphans;
  std::vector<PruneFailure> failed;  // files and descriptions that are still there

  // Every failure is a lock: trying again before the lock ends is of no use.
  bool only_locked() const;
  std::vector<std::string> FailedTexts() const;
};

// Deletes what the verdicts give up, oldest first, then the orphans. An orphan is deleted only when
// a second look (Stat) finds its file missing still: a list of a shared folder may show a new
// description before its file. Goes on after failures; when stopped, what is left is in `failed`.
// Blocks.
PruneReport Prune(Store& store, const RetentionPlan& plan, const Waits& waits);

}  // namespace holdfast::storage
