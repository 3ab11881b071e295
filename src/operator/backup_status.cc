#include "operator/backup_status.h"

#include <nlohmann/json.hpp>

#include "base/rfc3339.h"

namespace holdfast::op {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostHistory = 10;
constexpr size_t kMostWarnings = 20;
constexpr size_t kMostText = 4000;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Conditions(std::vector<Condition> conditions, const BackupObject& backup, Clock::Wall now) {
  return Json::parse(ToJson(WithTimes(std::move(conditions), backup.conditions, now)));
}

const char* TypeOf(const BackupObject& backup) {
  return backup.recurring() ? "Recurring" : "One-time";
}

Json TimeOrNull(std::optional<Clock::Wall> time) {
  return time ? Json(FormatRfc3339(*time)) : Json(nullptr);
}

}  // namespace

std::string SuccessStatus(const BackupObject& backup, const SuccessfulRun& run) {
  Json status;
  status["conditions"] = Conditions(Succeeded(true), backup, run.ended);
  status["backupType"] = TypeOf(backup);
  status["lastSnapshotTs"] = FormatRfc3339(run.ended);
  status["nextSnapshotAt"] = TimeOrNull(run.next);
  status["observedGeneration"] = backup.meta.generation;
  status["storageLocation"] = run.store_kind;
  status["filename"] = run.filename;
  status["phase"] = "Completed";
  status["runStarted"] = nullptr;
  status["progress"] = nullptr;
  status["summary"] = run.summary;
  if (!backup.meta.run_now.empty()) status["lastRunNow"] = backup.meta.run_now;
  status["lastResult"] = Json::parse(run.result);
  status["history"] =
      Json::parse(AddToHistory(backup.history, run.filename, "Completed", "", run.ended));
  return Dump(status);
}

std::string FailureStatus(const BackupObject& backup, const Failure& failure, Clock::Wall now) {
  const std::string& text = failure.text;
  bool stalled = failure.stalled, keep_run = failure.keep_run;
  Json status;
  bool before = backup.last_snapshot.has_value();
  status["conditions"] = Conditions(Failed(true, before, text, stalled), backup, now);
  status["backupType"] = TypeOf(backup);
  status["phase"] = "Failed";
  status["summary"] = failure.hint.empty() ? Json(nullptr) : Json(failure.hint);
  status["progress"] = nullptr;
  if (!keep_run) status["runStarted"] = nullptr;
  if (!AlreadySaid(backup.conditions, text))
    status["history"] = Json::parse(AddToHistory(backup.history, "", "Failed", text, now));
  return Dump(status);
}

std::string PendingStatus(const std::string& why) {
  return Dump({{"phase", "Pending"}, {"summary", why}, {"progress", nullptr}});
}

std::string StartStatus(const BackupObject& backup, Clock::Wall now) {
  Json status;
  status["backupType"] = TypeOf(backup);
  status["phase"] = "InProgress";
  status["runStarted"] = FormatRfc3339(now);
  return Dump(status);
}

std::string UpdatedStatus(const BackupObject& backup, std::optional<Clock::Wall> next,
                          Clock::Wall now) {
  Json status;
  status["backupType"] = TypeOf(backup);
  status["observedGeneration"] = backup.meta.generation;
  status["nextSnapshotAt"] = TimeOrNull(next);
  if (Find(backup.conditions, "Stalled") != nullptr && backup.last_snapshot) {
    // The schedule was wrong and is right again.
    auto conditions = WithTimes(Succeeded(true), backup.conditions, now);
    status["conditions"] = Json::parse(ToJson(conditions));
    status["phase"] = "Completed";
    status["summary"] = nullptr;
  }
  return Dump(status);
}

std::string ProgressStatus(const backup::ProgressState& state) {
  Json progress;
  progress["kinds"] = state.kinds_done;
  progress["kindsTotal"] = state.kinds_total;
  progress["objects"] = state.objects;
  progress["bytes"] = state.bytes;
  return Dump({{"progress", progress}});
}

std::string ResultJson(const backup::BackupResult& result, const std::string& verified,
                       const std::string& sha256) {
  Json json;
  json["filename"] = result.filename;
  json["started"] = FormatRfc3339(result.manifest.info.started);
  json["finished"] = FormatRfc3339(result.manifest.info.finished);
  json["revision"] = result.revision;
  json["kinds"] = result.kinds;
  json["objects"] = result.objects;
  json["bytes"] = result.bytes;
  json["archiveBytes"] = result.archive_bytes;
  if (!sha256.empty()) json["sha256"] = sha256;
  json["milliseconds"] = result.durations.total.count();
  json["verified"] = verified;
  Json warnings = Json::array();
  for (const std::string& warning : result.warnings)
    if (warnings.size() < kMostWarnings) warnings.push_back(warning.substr(0, kMostText));
  json["warnings"] = warnings;
  return Dump(json);
}

std::string AdoptedJson(const std::string& filename, uint64_t archive_bytes,
                        const std::string& verified) {
  return Dump({{"filename", filename},
               {"archiveBytes", archive_bytes},
               {"verified", verified},
               {"warnings", {"stored by a run whose end could not be told"}}});
}

std::string AddToHistory(const std::string& history, const std::string& filename,
                         const std::string& result, const std::string& message, Clock::Wall time) {
  Json entry = {{"time", FormatRfc3339(time)}, {"result", result}};
  if (!filename.empty()) entry["filename"] = filename;
  if (!message.empty()) entry["message"] = message.substr(0, 500);
  Json list = Json::array({entry});
  Json old = Json::parse(history, nullptr, false);
  if (old.is_array())
    for (const Json& item : old)
      if (list.size() < kMostHistory) list.push_back(item);
  return Dump(list);
}

}  // namespace holdfast::op
