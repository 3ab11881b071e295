// Backups and Restores as the API server has them, read into what the reconcilers need.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/types.h"
#include "operator/conditions.h"
#include "operator/notifications.h"

namespace holdfast::op {

const kube::ResourceType& BackupType();
const kube::ResourceType& RestoreType();
const kube::ResourceType& SecretType();
const kube::ResourceType& ConfigMapType();
const kube::ResourceType& EventType();

// A run is asked for when its value is another one than status.lastRunNow.
inline constexpr std::string_view kRunNow = "holdfast.io/run-now";
// Annotation of a Backup: "true" takes its backups while a restore is unfinished, too.
inline constexpr std::string_view kDuringRestore = "holdfast.io/during-restore";
// Keeps a Backup with deletionPolicy Delete until its archives are gone.
inline constexpr std::string_view kFinalizer = "holdfast.io/archives";

struct ObjectMeta {
  std::string name, uid, resource_version;
  int64_t generation = 0;
  bool deleting = false;
  std::vector<std::string> finalizers;
  std::string run_now;          // the annotation's value
  bool during_restore = false;  // the annotation is "true"
};

struct BackupObject {
  ObjectMeta meta;
  // spec
  std::string resource_set;
  std::optional<std::string>
      s3;  // the text of storageLocation.s3; none: the default store, also where s3 is empty
  std::string encryption_secret;
  std::string schedule;
  int64_t retention_count = 0;  // 0: absent
  std::string time_zone;
  std::chrono::seconds jitter{0};
  bool paused = false;
  std::string verify;  // "Full", "Quick", "None"; "Quick" when absent
  bool delete_archives = false;
  std::optional<Notifications> notifications;  // none: the operator's
  // status
  std::vector<Condition> conditions;
  std::string backup_type;
  std::optional<Clock::Wall> last_snapshot;
  std::optional<Clock::Wall> next_snapshot;
  int64_t observed_generation = 0;
  std::string phase;
  std::string filename;
  std::optional<Clock::Wall> run_started;
  std::string last_run_now;
  std::string history;  // JSON array

  bool recurring() const { return !schedule.empty(); }
};

struct RestoreObject {
  ObjectMeta meta;
  std::string filename;
  std::string backup_name;
  std::optional<std::string> s3;
  std::string encryption_secret;
  bool prune = true;
  std::chrono::seconds delete_timeout{0};
  bool ignore_errors = false;
  bool dry_run = false;
  bool allow_missing_types = false;
  bool recreate_immutable = false;
  bool prune_volumes = false;
  std::string max_deletes;                     // "25" or "10%"; empty: the default
  std::optional<Notifications> notifications;  // none: the operator's
  // status
  std::vector<Condition> conditions;
  int64_t observed_generation = 0;
  std::string completed;  // restoreCompletionTs
  std::string phase;
  std::string backup_source;
  int64_t attempts = 0;
};

// kInternal when the text is no object with a name: the server sent nonsense. Status fields of
// another type than expected are as if absent.
Result<BackupObject> ParseBackup(std::string_view json);
Result<RestoreObject> ParseRestore(std::string_view json);

// What of an object's text, when it changes, makes a pass worth while: uid, generation, deletion
// and the run-now annotation; not its status.
std::string Fingerprint(std::string_view json);

}  // namespace holdfast::op
