#include "backup/prune.h"

#include <set>
#include <utility>

#include "archive/own_files.h"

namespace holdfast::backup {

std::vector<PruneScope> FindScopes(const std::vector<storage::ObjectInfo>& files) {
  std::set<std::pair<std::string, std::string>> scopes;
  for (const auto& file : files) {
    auto name = archive::ParseName(file.name);
    if (name && !name->old_form) scopes.emplace(name->backup, name->uid);
  }
  std::vector<PruneScope> found;
  for (const auto& [name, uid] : scopes) found.push_back({name, uid});
  return found;
}

Result<storage::RetentionPlan> PlanPrune(const std::vector<storage::ObjectInfo>& files,
                                         const PruneScope& scope,
                                         const schedule::RetentionRules& rules, Clock::Wall now,
                                         const std::string& just_written) {
  std::vector<storage::OwnFile> own;
  for (const auto& file : files) {
    auto name = archive::OwnedBy(file.name, scope.name, scope.uid);
    if (!name) continue;
    storage::OwnFile entry{file, name->time, std::nullopt};
    if (file.size == 0) entry.not_good = "it is empty";
    own.push_back(std::move(entry));
  }
  return storage::PlanRetention(std::move(own), rules, now, just_written);
}

}  // namespace holdfast::backup
