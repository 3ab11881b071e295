// The archives that one Backup of one cluster has made in a store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/name.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "storage/catalog.h"
#include "storage/store.h"
#include "stream/hash128.h"

namespace holdfast::op {

struct OwnArchive {
  archive::ArchiveName name;
  storage::ObjectInfo file;
};

// Newest first. None where the place itself is missing. Blocks.
Result<std::vector<OwnArchive>> ListOwn(storage::Store& store, const std::string& backup,
                                        const std::string& cluster_id, const Waits& waits);

struct Retained {
  storage::PruneReport report;
  // Archives that hold no place (empty, or dated in the future), with the reason.
  std::vector<schedule::RetentionVerdict> not_counted;
};
// Deletes what retention does not keep, oldest first, never `just_written`. What cannot be deleted
// is in the report, and the rest is done; an error only where nothing could be listed. Blocks.
Result<Retained> Retain(storage::Store& store, const std::string& backup,
                        const std::string& cluster_id, int keep, const std::string& just_written,
                        const Waits& waits);

// Deletes all of them, as Retain() does. Blocks.
Result<storage::PruneReport> DeleteOwn(storage::Store& store, const std::string& backup,
                                       const std::string& cluster_id, const Waits& waits);

// Reads a stored archive back. "None": not at all; "Quick": container and digests; "Full": every
// object is decrypted and looked at, too. kCorrupt when anything is wrong. Blocks.
Status VerifyStored(storage::Store& store, const std::string& file, const std::string& how,
                    const crypto::Transformers& keys, const Waits& waits);

// The same for an archive that was just proved and then stored: "Quick" compares what lies in the
// store with `hash`, that of the proved bytes; each of them is known to be good, so that none has
// to be unpacked again. The SHA-256 of what lies there, in hexadecimal; "" for "None". Blocks.
Result<std::string> VerifyNew(storage::Store& store, const std::string& file,
                              const std::string& how, const stream::Hash128& hash,
                              const crypto::Transformers& keys, const Waits& waits);

// The newest archive of the Backup that is whole: of this cluster, else of any (after a disaster
// the cluster is a new one). kNotFound when there is none. Blocks.
Result<std::string> NewestGood(storage::Store& store, const std::string& backup,
                               const std::string& cluster_id, const crypto::Transformers& keys,
                               const Waits& waits);

}  // namespace holdfast::op
