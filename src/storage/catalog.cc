#include "storage/catalog.h"

#include <algorithm>
#include <utility>

namespace holdfast::storage {
namespace {

// One that is gone is what was asked for.
Status DeleteFile(Store& store, const std::string& name, const Waits& waits) {
  if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  Status deleted = store.Delete(name, waits);
  if (!deleted && deleted.error().kind() == ErrorKind::kNotFound) return {};
  return deleted;
}

// Nothing is deleted on a doubt: only kNotFound proves that the described file is gone.
Result<bool> IsGone(Store& store, const std::string& name, const Waits& waits) {
  auto there = store.Stat(name, waits);
  if (there) return false;
  if (there.error().kind() == ErrorKind::kNotFound) return true;
  return Fail(std::move(there).error());
}

}  // namespace

std::vector<schedule::RetentionVerdict> RetentionPlan::NotCounted() const {
  std::vector<schedule::RetentionVerdict> found;
  for (const auto& verdict : verdicts)
    if (verdict.not_counted) found.push_back(verdict);
  return found;
}

Result<RetentionPlan> PlanRetention(std::vector<OwnFile> files,
                                    const schedule::RetentionRules& rules, Clock::Wall now,
                                    const std::string& just_written) {
  std::vector<schedule::RetentionFile> dated;
  for (OwnFile& own : files)
    dated.push_back({std::move(own.file.name), own.time, std::move(own.not_good)});
  RetentionPlan plan;
  HF_ASSIGN(plan.verdicts, schedule::DecideRetention(std::move(dated), rules, now, just_written));
  return plan;
}

bool PruneReport::only_locked() const {
  return std::all_of(failed.begin(), failed.end(), [](const PruneFailure& failure) {
    return failure.error.kind() == ErrorKind::kConflict;
  });
}

std::vector<std::string> PruneReport::FailedTexts() const {
  std::vector<std::string> texts;
  for (const PruneFailure& failure : failed) texts.push_back(failure.ToString());
  return texts;
}

PruneReport Prune(Store& store, const RetentionPlan& plan, const Waits& waits) {
  PruneReport report;
  for (auto verdict = plan.verdicts.rbegin(); verdict != plan.verdicts.rend(); ++verdict) {
    if (verdict->keep) continue;
    if (Status deleted = DeleteFile(store, verdict->name, waits); !deleted) {
      report.failed.push_back({verdict->name, std::move(deleted).error()});
      continue;
    }
    report.deleted.push_back(verdict->name);
    if (plan.description_suffix.empty()) continue;
    std::string description = verdict->name + plan.description_suffix;
    if (Status deleted = DeleteFile(store, description, waits); !deleted)
      report.failed.push_back({description, std::move(deleted).error()});
  }
  for (const std::string& orphan : plan.orphans) {
    std::string file = orphan.substr(0, orphan.size() - plan.description_suffix.size());
    auto gone = IsGone(store, file, waits);
    if (gone && !*gone) continue;  // it has come since the list
    Status deleted = gone ? DeleteFile(store, orphan, waits) : Fail(std::move(gone).error());
    if (deleted)
      report.deleted_orphans.push_back(orphan);
    else
      report.failed.push_back({orphan, std::move(deleted).error()});
  }
  return report;
}

}  // namespace holdfast::storage
