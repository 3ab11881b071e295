// Snapshots at an interval, for as long as the program runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "etcd/catalog.h"

namespace holdfast::etcd {

// One snapshot taken, or not.
struct Round {
  std::string name;
  Clock::Wall started;
  std::chrono::nanoseconds took{0};
  std::optional<SnapshotMeta> meta;  // of the snapshot that was stored
  std::optional<Error> error;        // why there is none
  // Files named as snapshots of the series that nothing describes: retention leaves them alone.
  std::vector<std::string> not_described;
  storage::PruneReport pruned;
  // Snapshots that hold no place among those that are kept, and why.
  std::vector<schedule::RetentionVerdict> not_counted;
  std::optional<Error> prune_error;
  size_t kept = 0;  // good snapshots of the series there are now; known after a success
  int failures_in_a_row = 0;
  std::chrono::nanoseconds wait{0};  // until the next one
};

struct RecurringOptions {
  std::string series = "etcd";
  std::chrono::seconds interval{300};
  schedule::RetentionRules rules;
  std::string compression = "none";  // for the names
  bool encrypted = false;
  // Called as each round begins: the place to read again what may have changed. May be empty.
  std::function<void()> begin;
  // Stores a snapshot that is proved, under exactly this name, or fails and leaves nothing.
  std::function<Result<SnapshotMeta>(const std::string& name)> take;
  // The id of the cluster that snapshots are taken of, from etcd itself. Needed only when room must
  // be made before the first snapshot; without it nothing is deleted then.
  std::function<Result<std::string>()> cluster;
  // Bytes that the store's disk has left; none where that is not known.
  std::function<std::optional<uint64_t>()> free_bytes;
  std::function<void(const Round&)> report;  // after each
  Clock* clock = &Clock::Real();
};

// Takes a snapshot every interval, from start to start; one that is overdue is taken at once, those
// missed are not made up for. After a start the first one is due an interval after the newest good
// one in the store. After a failure the next try comes after 30 s, then twice as long each time, up
// to the interval.
//
// Old snapshots of the series and the same cluster go after a success only, and as
// PlanSnapshots() says: a failure costs no good snapshot. When the disk has too little room for
// one more, those that the rules give up anyway go first; when that is not enough the round fails
// and says so.
//
// Returns when `stop` is requested. kInvalid: rules that keep nothing, an interval below a second.
Status RunRecurring(storage::Store& store, const RecurringOptions& options, std::stop_token stop);

}  // namespace holdfast::etcd
