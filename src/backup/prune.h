// Retention: which archives of one backup go, and their going.
#pragma once

#include <string>
#include <vector>

#include "base/retry.h"
#include "schedule/retention.h"
#include "storage/store.h"

namespace holdfast::backup {

// Whose archives: files named exactly `<name>-<uid>-<time>.tar.gz[.enc]`. Plain and encrypted ones
// are counted together.
struct PruneScope {
  std::string name;
  std::string uid;  // of the cluster
};

// The backups that have archives among these files, by name and uid, sorted.
std::vector<PruneScope> FindScopes(const std::vector<storage::ObjectInfo>& files);

// What retention would keep and delete among `files`. A file of no bytes is no archive: it is
// neither counted nor deleted. kInvalid as RetentionRules::Check().
Result<std::vector<schedule::RetentionVerdict>> PlanPrune(
    const std::vector<storage::ObjectInfo>& files, const PruneScope& scope,
    const schedule::RetentionRules& rules, const std::string& just_written = "");

struct PruneResult {
  std::vector<std::string> deleted;
  // Those that could not be deleted, and why. The backups stand, and the next run tries again.
  std::vector<std::string> failed;
};

// Deletes what the verdicts say, oldest first, on after failures; one that is gone already counts
// as deleted. Ends early when stopped (what is left is in `failed`). Blocks.
PruneResult DoPrune(storage::Store& store, const std::vector<schedule::RetentionVerdict>& verdicts,
                    const Waits& waits);

}  // namespace holdfast::backup
