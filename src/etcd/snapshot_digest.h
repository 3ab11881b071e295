// The SHA-256 that a snapshot file ends with.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "etcd/file.h"
#include "stream/sha256.h"

namespace holdfast::etcd {

enum class DigestState { kMatches, kDiffers, kMissing };

// Reads the whole file. Blocks; kCancelled when `stop` is requested.
Result<DigestState> CheckDigest(const File& file, std::stop_token stop);

}  // namespace holdfast::etcd
