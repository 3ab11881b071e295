#include "cli/etcd_run_metrics.h"

namespace holdfast::cli {
namespace {

double Seconds(Clock::Wall time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

EtcdRunMetrics::EtcdRunMetrics(observe::Registry& registry,
                               std::function<std::optional<uint64_t>()> free_bytes)
    : rounds_(
          registry.Counter("holdfast_etcd_snapshots_total", "Snapshots by result.", {"result"})),
      last_success_(registry.Gauge("holdfast_etcd_last_success_timestamp_seconds",
                                   "When the last good snapshot was begun.")),
      last_failure_(registry.Gauge("holdfast_etcd_last_failure_timestamp_seconds",
                                   "When the last snapshot that failed was begun.")),
      failures_(registry.Gauge("holdfast_etcd_failures_in_a_row",
                               "Snapshots that failed since the last good one.")),
      duration_(registry.Gauge("holdfast_etcd_last_duration_seconds",
                               "How long the last good snapshot took.")),
      size_(registry.Gauge("holdfast_etcd_last_size_bytes", "Size of the last good snapshot.")),
      stored_(registry.Gauge("holdfast_etcd_last_stored_bytes",
                             "Bytes that the last good snapshot takes in the store.")),
      revision_(
          registry.Gauge("holdfast_etcd_last_revision", "Revision of the last good snapshot.")),
      keys_(registry.Gauge("holdfast_etcd_last_keys", "Live keys in the last good snapshot.")),
      kept_(registry.Gauge("holdfast_etcd_stored_snapshots", "Good snapshots in the store.")),
      deleted_(registry.Counter("holdfast_etcd_deleted_snapshots_total",
                                "Snapshots that retention deleted.")),
      prune_errors_(registry.Counter("holdfast_etcd_retention_errors_total",
                                     "Snapshots that should have been deleted and were not.")),
      free_(registry.Gauge("holdfast_etcd_store_free_bytes", "Room left on the store's disk.")) {
  for (const char* result : {"success", "failure"}) rounds_.Add({result}, 0);
  failures_.Set({}, 0);
  deleted_.Add({}, 0);
  prune_errors_.Add({}, 0);
  registry.BeforeScrape([&free = free_, free_bytes = std::move(free_bytes)] {
    if (auto bytes = free_bytes()) free.Set({}, static_cast<double>(*bytes));
  });
}

void EtcdRunMetrics::Note(const etcd::Round& round) {
  rounds_.Add({round.error ? "failure" : "success"}, 1);
  failures_.Set({}, round.failures_in_a_row);
  deleted_.Add({}, static_cast<double>(round.pruned.deleted.size()));
  prune_errors_.Add({},
                    static_cast<double>(round.pruned.failed.size()) + (round.prune_error ? 1 : 0));
  if (!round.meta) {
    last_failure_.Set({}, Seconds(round.started));
    return;
  }
  last_success_.Set({}, Seconds(round.started));
  duration_.Set({}, std::chrono::duration<double>(round.took).count());
  size_.Set({}, static_cast<double>(round.meta->size));
  stored_.Set({}, static_cast<double>(round.meta->stored_size));
  revision_.Set({}, static_cast<double>(round.meta->revision));
  keys_.Set({}, static_cast<double>(round.meta->keys));
  if (!round.prune_error) kept_.Set({}, static_cast<double>(round.kept));
}

}  // namespace holdfast::cli
