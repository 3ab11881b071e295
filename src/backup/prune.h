// Retention of archives: which ones belong to one backup, and which of those are given up.
#pragma once

#include <string>
#include <vector>

#include "schedule/retention.h"
#include "storage/catalog.h"
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
// neither counted nor deleted; nor is one dated in the future. kInvalid as RetentionRules::Check().
// storage::Prune() carries it out.
Result<storage::RetentionPlan> PlanPrune(const std::vector<storage::ObjectInfo>& files,
                                         const PruneScope& scope,
                                         const schedule::RetentionRules& rules, Clock::Wall now,
                                         const std::string& just_written = "");

}  // namespace holdfast::backup
