// The snapshots of a store: which there are, which of them retention gives up, and their going.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/retry.h"
#include "etcd/snapshot_meta.h"
#include "schedule/retention.h"
#include "storage/store.h"

namespace holdfast::etcd {

struct Snapshot {
  SnapshotMeta meta;
  storage::ObjectInfo file;
  // Why nothing could be restored from it ("it has 5 bytes, not 100"); else nothing.
  std::optional<std::string> not_good;
};

struct Catalog {
  std::vector<Snapshot> snapshots;   // newest first
  std::vector<std::string> orphans;  // .meta files whose snapshot is gone
  std::vector<std::string> others;   // files that nothing describes
};

// Reads what describes each snapshot (one small file each). A description that cannot be understood
// makes its snapshot not good. Blocks.
Result<Catalog> ReadCatalog(storage::Store& store, const Waits& waits);

// "etcd-2026-01-27T02-00-00Z.db", with .gz, .zst and .enc as they apply.
std::string SnapshotName(std::string_view series, Clock::Wall time, std::string_view compression,
                         bool encrypted);
// The series that such a name belongs to; empty for other names.
std::string SeriesOf(std::string_view name);

struct SnapshotRules {
  schedule::RetentionRules counts;  // all zero: none of them
  std::chrono::seconds max_age{0};  // kept while younger; 0: age keeps nothing

  // kInvalid: negative numbers, or nothing that would be kept.
  Status Check() const;
};

// Of one series and one cluster: a snapshot is kept when any rule keeps it. The newest good one
// always is, and so is `just_written`. Those that are not good take nobody's place and are kept.
// Newest first.
Result<std::vector<schedule::RetentionVerdict>> DecideSnapshots(
    const std::vector<Snapshot>& snapshots, const SnapshotRules& rules, Clock::Wall now,
    const std::string& just_written = "");

struct PruneReport {
  std::vector<std::string> deleted;
  std::vector<std::string> failed;  // and why
};
// Deletes what the verdicts say, oldest first, each before what describes it, and then `orphans`.
// Goes on after failures, ends early when stopped. Blocks.
PruneReport PruneSnapshots(storage::Store& store,
                           const std::vector<schedule::RetentionVerdict>& verdicts,
                           const std::vector<std::string>& orphans, const Waits& waits);

}  // namespace holdfast::etcd
