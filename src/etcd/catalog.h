// The snapshots of a store: which there are, to which series and cluster they belong, and which of
// them retention gives up.
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
#include "storage/catalog.h"
#include "storage/store.h"

namespace holdfast::etcd {

struct Snapshot {
  SnapshotMeta meta;
  storage::ObjectInfo file;
  // Why nothing could be restored from it ("it has 5 bytes, not 100"); else nothing.
  std::optional<std::string> not_good;
};

// A description of a snapshot that is not there. Its content was understood and names that
// snapshot, which has a name of a series.
struct Orphan {
  std::string name;
  SnapshotMeta meta;
};

struct Catalog {
  std::vector<Snapshot> snapshots;  // newest first
  std::vector<Orphan> orphans;
  std::vector<std::string> others;  // all other files: nothing of ours describes them
};

// Reads what describes each snapshot (one small file each). A description that cannot be understood
// or that the store refuses to show makes its snapshot not good. Blocks.
Result<Catalog> ReadCatalog(storage::Store& store, const Waits& waits);

// Stores NAME.meta beside the snapshot that `meta` names. One that is there already is a success
// when it describes the same snapshot, else kConflict. Blocks.
Status PutDescription(storage::Store& store, const SnapshotMeta& meta, const Waits& waits);

// Deletes what was just stored and is to leave nothing: also after a stop or a deadline of `waits`,
// for up to 30 s. The error says that the file is still there. Blocks.
Status RemoveAgain(storage::Store& store, const std::string& name, const Waits& waits);

// "etcd-2026-01-27T02-00-00Z.db", with .gz, .zst and .enc as they apply.
std::string SnapshotName(std::string_view series, Clock::Wall time, std::string_view compression,
                         bool encrypted);
// The series that such a name belongs to; empty for other names.
std::string SeriesOf(std::string_view name);

// The time in such a name; none for other names.
std::optional<Clock::Wall> TimeIn(std::string_view name);

// Which snapshots retention is for: those of one series of names and of one cluster.
struct SnapshotScope {
  std::string series;
  std::string cluster;  // id; empty: of those whose description names none
};

// Snapshots of exactly that series and cluster, newest first. Those whose description cannot be
// understood are of any cluster (they are never deleted).
std::vector<Snapshot> OwnSnapshots(const Catalog& catalog, const SnapshotScope& scope);

// What retention would keep and delete among them, and the orphans of the same series and cluster.
// A snapshot is as old as its description says; when that or its name is dated in the future it is
// neither counted nor deleted. kInvalid as RetentionRules::Check(). storage::Prune() carries it
// out.
Result<storage::RetentionPlan> PlanSnapshots(const Catalog& catalog, const SnapshotScope& scope,
                                             const schedule::RetentionRules& rules, Clock::Wall now,
                                             const std::string& just_written = "");

}  // namespace holdfast::etcd
