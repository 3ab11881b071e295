#include "operator/metrics.h"

#include <map>

#include "base/json_scan.h"
#include "operator/custom_resources.h"

namespace holdfast::op {
namespace {

using observe::LabelValues;

double Seconds(Clock::Wall time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// As it stands in the object: times are not read and written again.
std::string TextOf(std::string_view object, std::initializer_list<std::string_view> path) {
  return json::FindString(object, path).value_or("");
}

std::string FirstMessage(const std::vector<Condition>& conditions) {
  return conditions.empty() ? "" : conditions[0].message;
}

}  // namespace

Metrics::Metrics(observe::Registry& r, const Settings& settings)
    : registry(r),
      backup_info(r.Gauge("rancher_backup_info", "Details on a specific Rancher Backup CR",
                          {"name", "status", "resourceSetName", "retentionCount", "backupType",
                           "filename", "storageLocation", "nextSnapshot", "lastSnapshot"})),
      backup_count(r.Gauge("rancher_backup_count", "Number of existing Rancher Backup CRs")),
      restore_info(
          r.Gauge("rancher_restore_info", "Details on a specific Rancher Restore CR",
                  {"name", "status", "fileName", "prune", "storageLocation", "restoreTime"})),
      restore_count(r.Gauge("rancher_restore_count", "Number of existing Rancher Restore CRs")),
      attempted(r.Counter("rancher_backups_attempted_total",
                          "Number of Rancher Backups processed by this operator", {"name"})),
      failed(r.Counter("rancher_backups_failed_total",
                       "Number of failed Rancher Backups processed by this operator", {"name"})),
      duration(r.Histogram("rancher_backup_duration_seconds",
                           "Duration of each backup processed by this operator in seconds",
                           {"name"}, settings.duration_buckets)),
      last_processed(r.Gauge("rancher_backup_last_processed_timestamp_seconds",
                             "Unix time of when the last Backup was processed (in seconds)",
                             {"name"})),
      objects(r.Gauge("holdfast_backup_objects", "Objects in the newest archive", {"name"})),
      archive_bytes(
          r.Gauge("holdfast_backup_archive_bytes", "Size of the newest archive", {"name"})),
      last_success(r.Gauge("holdfast_backup_last_success_timestamp_seconds",
                           "Unix time of the newest stored and verified archive",
                           {"name", "recurring"})),
      next_run(r.Gauge("holdfast_backup_next_run_timestamp_seconds",
                       "Unix time at which a Recurring Backup runs next", {"name"})),
      verified(r.Gauge("holdfast_backup_verified",
                       "1 when the newest archive was read back from its store", {"name"})),
      phase_seconds(r.Gauge("holdfast_backup_phase_seconds",
                            "Time that the phases of the newest run took", {"name", "phase"})),
      retention_failures(r.Counter("holdfast_retention_failures_total",
                                   "Failures to delete old archives", {"name"})),
      heartbeat_failures(r.Counter("holdfast_heartbeat_failures_total",
                                   "Heartbeats that did not arrive", {"name"})),
      restore_failed(r.Gauge("holdfast_restore_failed",
                             "1 while the newest attempt of a Restore has failed", {"name"})),
      queue_depth(r.Gauge("holdfast_queue_depth", "Objects waiting for a worker", {"kind"})),
      leader(r.Gauge("holdfast_leader", "1 when this replica leads")),
      store_reachable(r.Gauge("holdfast_store_reachable",
                              "0 when the store could not be used when it was last needed",
                              {"kind", "name"})),
      keys_readable(r.Gauge("holdfast_encryption_keys_readable",
                            "0 when the encryption keys could not be read when last needed",
                            {"kind", "name"})),
      store_seconds(r.Histogram("holdfast_store_seconds", "Time that requests to stores took",
                                {"operation"}, {0.01, 0.1, 1, 10, 60, 300})),
      api_requests(r.Counter("holdfast_api_requests_total", "Requests to the API server")),
      api_retries(r.Counter("holdfast_api_retries_total",
                            "Requests to the API server that were sent again")),
      api_bytes(
          r.Counter("holdfast_api_received_bytes_total", "Bytes of answers of the API server")) {
  for (observe::Family* family : {&backup_count, &restore_count, &leader}) family->Set({}, 0);
  for (const char* kind : {"Backup", "Restore"}) queue_depth.Set({kind}, 0);
}

void Metrics::DescribeBackups(const std::vector<std::string>& texts) {
  std::map<LabelValues, double> info, success, next, good;
  for (const std::string& text : texts) {
    auto backup = ParseBackup(text);
    if (!backup) continue;
    const std::string& name = backup->meta.name;
    std::string next_text =
        backup->recurring() ? TextOf(text, {"status", "nextSnapshotAt"}) : "N/A - One-time Backup";
    info[{name, FirstMessage(backup->conditions), backup->resource_set,
          std::to_string(backup->retention_count), backup->backup_type, backup->filename,
          TextOf(text, {"status", "storageLocation"}), next_text,
          TextOf(text, {"status", "lastSnapshotTs"})}] = 1;
    if (backup->last_snapshot)
      success[{name, backup->recurring() ? "true" : "false"}] = Seconds(*backup->last_snapshot);
    if (backup->recurring() && backup->next_snapshot && !backup->paused)
      next[{name}] = Seconds(*backup->next_snapshot);
    std::string verified_how = TextOf(text, {"status", "lastResult", "verified"});
    if (!verified_how.empty()) good[{name}] = verified_how == "None" ? 0 : 1;
  }
  registry.Together([&] {
    backup_info.Replace(std::move(info));
    backup_count.Set({}, static_cast<double>(texts.size()));
    last_success.Replace(std::move(success));
    next_run.Replace(std::move(next));
    verified.Replace(std::move(good));
  });
}

void Metrics::DescribeRestores(const std::vector<std::string>& texts) {
  std::map<LabelValues, double> info, bad;
  for (const std::string& text : texts) {
    auto restore = ParseRestore(text);
    if (!restore) continue;
    info[{restore->meta.name, FirstMessage(restore->conditions), restore->filename,
          restore->prune ? "true" : "false", restore->backup_source, restore->completed}] = 1;
    bad[{restore->meta.name}] = restore->phase == "Failed" ? 1 : 0;
  }
  registry.Together([&] {
    restore_info.Replace(std::move(info));
    restore_count.Set({}, static_cast<double>(texts.size()));
    restore_failed.Replace(std::move(bad));
  });
}

void Metrics::BackupProcessed(const std::string& name, bool ok, std::chrono::milliseconds took,
                              Clock::Wall now) {
  attempted.Add({name}, 1);
  failed.Add({name}, ok ? 0 : 1);
  duration.Observe({name}, std::chrono::duration<double>(took).count());
  last_processed.Set({name}, Seconds(now));
}

}  // namespace holdfast::op
