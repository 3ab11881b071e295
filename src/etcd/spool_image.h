// Snapshots that do not lie in a plain file: in a spool, or compressed.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "etcd/file.h"
#include "stream/spool.h"

namespace holdfast::etcd {

// What was flushed to `spool`, which outlives it.
std::unique_ptr<File> FileOfSpool(const stream::Spool& spool, std::string name);

// Opens a snapshot; one that is compressed (gzip, zstd, by its first bytes) is first decompressed
// into a file without a name in `scratch`. kCorrupt where that is cut off or damaged.
Result<std::unique_ptr<File>> OpenSnapshotFile(const std::filesystem::path& path,
                                               const std::filesystem::path& scratch);

}  // namespace holdfast::etcd
