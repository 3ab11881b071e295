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

Result<std::vector<schedule::RetentionVerdict>> PlanPrune(
    const std::vector<storage::ObjectInfo>& files, const PruneScope& scope,
    const schedule::RetentionRules& rules, const std::string& just_written) {
  std::vector<schedule::RetentionFile> own;
  for (const auto& file : files) {
    auto name = archive::OwnedBy(file.name, scope.name, scope.uid);
    if (!name) continue;
    schedule::RetentionFile entry{file.name, name->time, std::nullopt};
    if (file.size == 0) entry.not_good = "it is empty";
    own.push_back(std::move(entry));
  }
  return schedule::DecideRetention(std::move(own), rules, just_written);
}

PruneResult DoPrune(storage::Store& store, const std::vector<schedule::RetentionVerdict>& verdicts,
                    const Waits& waits) {
  PruneResult result;
  for (auto verdict = verdicts.rbegin(); verdict != verdicts.rend(); ++verdict) {
    if (verdict->keep) continue;
    Status deleted = store.Delete(verdict->name, waits);
    if (deleted || deleted.error().kind() == ErrorKind::kNotFound)
      result.deleted.push_back(verdict->name);
    else
      result.failed.push_back(verdict->name + ": " + deleted.error().ToString());
  }
  return result;
}

}  // namespace holdfast::backup
