// Snapshots that others have put into a store, or that were renamed, taken into its catalogue.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "crypto/transformer.h"
#include "etcd/snapshot_meta.h"
#include "storage/store.h"

namespace holdfast::etcd {

struct AdoptOptions {
  std::string name;    // of the file in the store
  std::string series;  // to move it into; empty: it keeps its name
  // Id of its cluster, hexadecimal; empty: as the description it was renamed away from says, else
  // that of the only cluster which has snapshots in the same series.
  std::string cluster;
  // When it was taken; none: from that description, else the time in its name, else when the store
  // got it.
  std::optional<Clock::Wall> time;
  const crypto::Transformers* keys = nullptr;  // as OpenOptions
  std::filesystem::path scratch;               // as OpenOptions
};

struct Adopted {
  SnapshotMeta meta;
  std::vector<std::string> warnings;
};

// Proves the snapshot (Verify()) and only then stores NAME.meta beside it. With a series it is
// first stored under the series' name, whole, and the file of the old name is deleted last. A file
// that is no good snapshot is left as it is.
//
// kConflict: it is in the catalogue already, the new name is taken, or a NAME.meta is there that
// does not describe it; kInvalid: its cluster is not clear; kCorrupt:
// damaged; kNotFound. Blocks.
Result<Adopted> Adopt(storage::Store& store, const AdoptOptions& options, const Waits& waits);

}  // namespace holdfast::etcd
