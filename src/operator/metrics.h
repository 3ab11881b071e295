// The operator's metrics: the reference's, by name, labels, help and buckets, and ours.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "observe/metrics.h"
#include "operator/settings.h"

namespace holdfast::op {

struct Metrics {
  Metrics(observe::Registry& registry, const Settings& settings);

  // Sets the gauges that describe the objects, from their texts, so that a scrape sees all of them
  // or none. A text that cannot be read is left out.
  void DescribeBackups(const std::vector<std::string>& objects);
  void DescribeRestores(const std::vector<std::string>& objects);
  // After each run that got past the schedule check.
  void BackupProcessed(const std::string& name, bool ok, std::chrono::milliseconds took,
                       Clock::Wall now);

  observe::Registry& registry;
  observe::Family &backup_info, &backup_count, &restore_info, &restore_count;
  observe::Family &attempted, &failed, &duration, &last_processed;
  // Ours.
  observe::Family &objects, &archive_bytes, &last_success, &next_run, &verified, &phase_seconds;
  observe::Family &retention_failures, &heartbeat_failures, &restore_failed, &queue_depth, &leader;
  // By kind of object ("Backup", "Restore") and name, see RunWatch; and by operation.
  observe::Family &store_reachable, &keys_readable, &store_seconds;
  observe::Family &api_requests, &api_retries, &api_bytes;
};

}  // namespace holdfast::op
