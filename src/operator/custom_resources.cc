#include "operator/custom_resources.h"

#include <algorithm>
#include <charconv>

#include "base/json_scan.h"
#include "base/rfc3339.h"
#include "operator/json_fields.h"

namespace holdfast::op {
namespace {

using Json = nlohmann::json;
using kube::ResourceType;

ResourceType Ours(std::string plural, std::string kind) {
  ResourceType type;
  type.gv = {"resources.cattle.io", "v1"};
  type.plural = std::move(plural);
  type.kind = std::move(kind);
  type.has_status = true;
  return type;
}

ResourceType Core(std::string plural, std::string kind) {
  ResourceType type;
  type.gv = {"", "v1"};
  type.plural = std::move(plural);
  type.kind = std::move(kind);
  type.namespaced = true;
  return type;
}

int64_t Number(const Json& object, const char* key) {
  const Json& value = At(object, key);
  return value.is_number_integer() ? value.get<int64_t>() : 0;
}

bool Flag(const Json& object, const char* key, bool absent = false) {
  const Json& value = At(object, key);
  return value.is_boolean() ? value.get<bool>() : absent;
}

std::optional<Clock::Wall> Time(const Json& object, const char* key) {
  auto time = ParseRfc3339(Text(object, key));
  if (!time) return std::nullopt;  // also "0001-01-01T00:00:00Z"
  return *time;
}

std::string MaxDeletes(const Json& spec) {
  const Json& value = At(spec, "maxDeletes");
  return value.is_number_integer() ? value.dump() : Text(spec, "maxDeletes");
}

std::optional<std::string> S3Of(const Json& spec) {
  const Json& s3 = At(At(spec, "storageLocation"), "s3");
  if (!s3.is_object()) return std::nullopt;
  bool empty = std::all_of(s3.begin(), s3.end(), [](const Json& field) { return field.is_null(); });
  if (empty) return std::nullopt;
  return s3.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Notifications> NotificationsOf(const Json& spec) {
  const Json& given = At(spec, "notifications");
  if (!given.is_object()) return std::nullopt;
  return ParseNotifications(given.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::vector<Condition> ConditionsOf(const Json& status) {
  std::vector<Condition> conditions;
  const Json& list = At(status, "conditions");
  if (!list.is_array()) return conditions;
  for (const Json& item : list)
    conditions.push_back({Text(item, "type"), Text(item, "status"), Text(item, "reason"),
                          Text(item, "message"), Text(item, "lastUpdateTime")});
  return conditions;
}

Result<Json> Parse(std::string_view text, ObjectMeta& meta) {
  Json json = Json::parse(text, nullptr, false);
  const Json& metadata = At(json, "metadata");
  meta.name = Text(metadata, "name");
  meta.uid = Text(metadata, "uid");
  if (meta.name.empty() || meta.uid.empty())
    return Fail(ErrorKind::kInternal, "the API server sent an object without name or uid");
  meta.resource_version = Text(metadata, "resourceVersion");
  meta.generation = Number(metadata, "generation");
  meta.deleting = At(metadata, "deletionTimestamp").is_string();
  if (const Json& list = At(metadata, "finalizers"); list.is_array())
    for (const Json& item : list)
      if (item.is_string()) meta.finalizers.push_back(item.get<std::string>());
  meta.run_now = Text(At(metadata, "annotations"), std::string(kRunNow).c_str());
  meta.during_restore =
      Text(At(metadata, "annotations"), std::string(kDuringRestore).c_str()) == "true";
  return json;
}

}  // namespace

const ResourceType& BackupType() {
  static const ResourceType type = Ours("backups", "Backup");
  return type;
}
const ResourceType& RestoreType() {
  static const ResourceType type = Ours("restores", "Restore");
  return type;
}
const ResourceType& SecretType() {
  static const ResourceType type = Core("secrets", "Secret");
  return type;
}
const ResourceType& ConfigMapType() {
  static const ResourceType type = Core("configmaps", "ConfigMap");
  return type;
}
const ResourceType& EventType() {
  static const ResourceType type = Core("events", "Event");
  return type;
}

Result<BackupObject> ParseBackup(std::string_view text) {
  BackupObject backup;
  HF_ASSIGN(Json json, Parse(text, backup.meta));
  const Json& spec = At(json, "spec");
  backup.resource_set = Text(spec, "resourceSetName");
  backup.s3 = S3Of(spec);
  backup.encryption_secret = Text(spec, "encryptionConfigSecretName");
  backup.schedule = Text(spec, "schedule");
  backup.retention_count = Number(spec, "retentionCount");
  backup.time_zone = Text(spec, "timeZone");
  backup.jitter = std::chrono::seconds(Number(spec, "jitterSeconds"));
  backup.paused = Flag(spec, "paused");
  backup.verify = Text(spec, "verify");
  if (backup.verify.empty()) backup.verify = "Quick";
  backup.delete_archives = Text(spec, "deletionPolicy") == "Delete";
  backup.notifications = NotificationsOf(spec);

  const Json& status = At(json, "status");
  backup.conditions = ConditionsOf(status);
  backup.backup_type = Text(status, "backupType");
  backup.last_snapshot = Time(status, "lastSnapshotTs");
  backup.next_snapshot = Time(status, "nextSnapshotAt");
  backup.observed_generation = Number(status, "observedGeneration");
  backup.phase = Text(status, "phase");
  backup.filename = Text(status, "filename");
  backup.run_started = Time(status, "runStarted");
  backup.last_run_now = Text(status, "lastRunNow");
  const Json& history = At(status, "history");
  backup.history =
      history.is_array() ? history.dump(-1, ' ', false, Json::error_handler_t::replace) : "[]";
  return backup;
}

Result<RestoreObject> ParseRestore(std::string_view text) {
  RestoreObject restore;
  HF_ASSIGN(Json json, Parse(text, restore.meta));
  const Json& spec = At(json, "spec");
  restore.filename = Text(spec, "backupFilename");
  restore.backup_name = Text(spec, "backupName");
  restore.s3 = S3Of(spec);
  restore.encryption_secret = Text(spec, "encryptionConfigSecretName");
  restore.prune = Flag(spec, "prune", true);
  int64_t timeout = Number(spec, "deleteTimeoutSeconds");
  restore.delete_timeout = std::chrono::seconds(timeout < 0 ? 0 : timeout);
  restore.ignore_errors = Flag(spec, "ignoreErrors");
  restore.dry_run = Flag(spec, "dryRun");
  restore.allow_missing_types = Flag(spec, "allowMissingTypes");
  restore.recreate_immutable = Flag(spec, "recreateImmutable");
  restore.prune_volumes = Flag(spec, "pruneVolumes");
  restore.max_deletes = MaxDeletes(spec);
  restore.notifications = NotificationsOf(spec);

  const Json& status = At(json, "status");
  restore.conditions = ConditionsOf(status);
  restore.observed_generation = Number(status, "observedGeneration");
  restore.completed = Text(status, "restoreCompletionTs");
  restore.phase = Text(status, "phase");
  restore.backup_source = Text(status, "backupSource");
  restore.attempts = Number(status, "attempts");
  return restore;
}

std::string Fingerprint(std::string_view json) {
  std::string print;
  for (std::string_view key : {"uid", "generation", "deletionTimestamp"})
    print += std::string(json::Find(json, {"metadata", key}).value_or("")) + " ";
  return print + std::string(json::Find(json, {"metadata", "annotations", kRunNow}).value_or(""));
}

}  // namespace holdfast::op
