// What is written into a Backup's status, as JSON to be merged into it. Pure.
#pragma once

#include <optional>
#include <string>

#include "backup/backup.h"
#include "base/clock.h"
#include "operator/custom_resources.h"

namespace holdfast::op {

struct SuccessfulRun {
  std::string filename;
  std::string store_kind;  // "PV" or "S3"
  std::string result;      // ResultJson()
  std::string summary;
  Clock::Wall ended;
  std::optional<Clock::Wall> next;
};

std::string SuccessStatus(const BackupObject& backup, const SuccessfulRun& run);

struct Failure {
  std::string text;       // StatusText()
  std::string hint;       // shown as status.summary
  bool stalled = false;   // no retry cures it
  bool keep_run = false;  // status.runStarted stays, because an archive of that run is stored
};
std::string FailureStatus(const BackupObject& backup, const Failure& failure, Clock::Wall now);
// A run is due and has to wait.
std::string PendingStatus(const std::string& why);
// A run begins.
std::string StartStatus(const BackupObject& backup, Clock::Wall now);
// No run, but another time for the next one; none: there is none. Takes back what was said of a
// schedule that could not be used.
std::string UpdatedStatus(const BackupObject& backup, std::optional<Clock::Wall> next,
                          Clock::Wall now);
std::string ProgressStatus(const backup::ProgressState& state);

// status.lastResult of a run that `verified` names ("Quick").
// `sha256`: of the archive; "" where it was not read back.
std::string ResultJson(const backup::BackupResult& result, const std::string& verified,
                       const std::string& sha256);
// The same where only the file is known.
std::string AdoptedJson(const std::string& filename, uint64_t archive_bytes,
                        const std::string& verified);

// `history` (a JSON array) with one more entry in front, ten at most.
std::string AddToHistory(const std::string& history, const std::string& filename,
                         const std::string& result, const std::string& message, Clock::Wall time);

}  // namespace holdfast::op
