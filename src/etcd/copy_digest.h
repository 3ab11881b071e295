// Copying a snapshot and taking its digest in one pass.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "etcd/file.h"
#include "stream/sha256.h"

namespace holdfast::etcd {

// Copies the first `bytes` of `source` into the empty file `out` (open for reading and writing):
// shared where the file system can (reflink), copied by the kernel where it can, read and written
// elsewhere. With `digest` the SHA-256 of the copy is taken meanwhile, on a thread of its own, from
// the copy itself: what was checked is what is there. The copy is not synced, but its writing to
// disk has begun. Memory is constant. Blocks; kCancelled when `stop` is requested.
Result<std::optional<stream::Digest>> CopyWithDigest(const File& source, uint64_t bytes, int out,
                                                     bool digest, std::stop_token stop);

}  // namespace holdfast::etcd
