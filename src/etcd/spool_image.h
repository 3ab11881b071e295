// Snapshots that do not lie in a plain file: in a spool or a store, packed, encrypted.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/retry.h"
#include "crypto/transformer.h"
#include "etcd/file.h"
#include "etcd/snapshot_meta.h"
#include "etcd/zip_snapshot.h"
#include "storage/store.h"
#include "stream/spool.h"

namespace holdfast::etcd {

// What was flushed to `spool`, which outlives it.
std::unique_ptr<File> FileOfSpool(const stream::Spool& spool, std::string name);

struct OpenOptions {
  // Folder for what has to be unpacked; files there have no name.
  std::filesystem::path scratch;
  // Keys of encrypted snapshots; none: such a one is refused, saying which key it needs.
  const crypto::Transformers* keys = nullptr;
};

// The snapshot in a file as it lies on disk or in a store: decrypted on the way where it is
// encrypted, unpacked first where it is packed (gzip, zstd, zip; told by its first bytes). What was
// encrypted is encrypted in the scratch folder too, with a key that is only in memory. kCorrupt
// where it is cut off or damaged. A zip may hold other files too (FindSnapshotInZip()).
// `found` gets compression and encryption, as a description of the snapshot has them; may be null.
Result<std::unique_ptr<File>> Unwrap(std::unique_ptr<File> file, const OpenOptions& options,
                                     SnapshotMeta* found = nullptr);
Result<std::unique_ptr<File>> OpenSnapshotFile(const std::filesystem::path& path,
                                               const OpenOptions& options);
// Copies a file of the store into `spool` and flushes it. kNotFound; kCancelled when stopped.
// Blocks.
Status FetchInto(storage::Store& store, const std::string& name, stream::Spool& spool,
                 const Waits& waits);
// A file as it lies in the store, fetched into the scratch folder. kNotFound when the store has
// none of that name. Blocks.
Result<std::unique_ptr<File>> FetchStored(storage::Store& store, const std::string& name,
                                          const OpenOptions& options, const Waits& waits);
// The snapshot in it. Blocks.
Result<std::unique_ptr<File>> OpenStoredSnapshot(storage::Store& store, const std::string& name,
                                                 const OpenOptions& options, const Waits& waits);

// The state file that lies beside the snapshot in a zip. kInvalid: not a zip; else as
// ReadStateFile().
Result<StateFile> ReadStateBeside(std::unique_ptr<File> file, const OpenOptions& options);

}  // namespace holdfast::etcd
