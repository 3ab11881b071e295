#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/rfc3339.h"
#include "operator/restore_reconciler.h"

namespace holdfast::op {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostFailures = 20;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Conditions(std::vector<Condition> conditions, const RestoreObject& restore, Clock::Wall now) {
  return Json::parse(ToJson(WithTimes(std::move(conditions), restore.conditions, now)));
}

void AddReport(Json& status, const restore::Report& report) {
  const restore::Counts& counts = report.counts;
  status["counts"] = {{"objects", counts.objects},      {"created", counts.created},
                      {"updated", counts.updated},      {"unchanged", counts.unchanged},
                      {"skipped", counts.skipped},      {"deleted", counts.deleted},
                      {"failed", report.failures.total}};
  status["summary"] = Summary(report);
  Json failures = Json::array();
  for (const restore::ObjectNote& note : report.failures.notes)
    if (failures.size() < kMostFailures)
      failures.push_back({{"object", note.object}, {"reason", note.text.substr(0, 500)}});
  status["failures"] = failures;
}

}  // namespace

std::string Summary(const restore::Report& report) {
  const restore::Counts& c = report.counts;
  std::string text =
      fmt::format("{}{} created, {} updated, {} unchanged, {} skipped, {} deleted, {} failed",
                  report.plan_only ? "would be: " : "", c.created, c.updated, c.unchanged,
                  c.skipped, c.deleted, report.failures.total);
  if (report.leftovers.total > 0)
    text += fmt::format("; {} deleted objects are still there", report.leftovers.total);
  if (report.nothing_to_do) text += "; the cluster was as the archive has it";
  return text;
}

std::string RestoredStatus(const RestoreObject& restore, const restore::Report& report,
                           const std::string& store_kind, const std::string& plan_config_map,
                           Clock::Wall now) {
  Json status;
  status["observedGeneration"] = restore.meta.generation;
  status["backupSource"] = store_kind;
  status["phase"] = "Completed";
  status["progress"] = nullptr;
  status["conditions"] = Conditions(Succeeded(false), restore, now);
  if (restore.dry_run) {
    // Not finished for ever: without dryRun it runs.
    status["planConfigMap"] = plan_config_map;
  } else {
    status["restoreCompletionTs"] = FormatRfc3339(now);
  }
  AddReport(status, report);
  return Dump(status);
}

std::string RestoreFailureStatus(const RestoreObject& restore, const std::string& text,
                                 const std::string& hint, bool stalled,
                                 const restore::Report* report, Clock::Wall now) {
  Json status;
  status["phase"] = "Failed";
  status["progress"] = nullptr;
  status["attempts"] = restore.attempts + 1;
  status["conditions"] = Conditions(Failed(false, false, text, stalled), restore, now);
  status["summary"] = hint.empty() ? Json(nullptr) : Json(hint);
  if (stalled) status["observedGeneration"] = restore.meta.generation;
  if (report != nullptr) AddReport(status, *report);
  return Dump(status);
}

}  // namespace holdfast::op
