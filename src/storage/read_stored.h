// Reading a file of a store to its end: what lies there, by length and SHA-256.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/retry.h"
#include "storage/store.h"
#include "stream/spool.h"

namespace holdfast::storage {

struct StoredBytes {
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal
};

// Reads the file to its end, into `spool` too where that is not null (and flushes it). Blocks.
// kNotFound, kUnavailable; kUnavailable also where the store had announced another length;
// kCancelled.
Result<StoredBytes> ReadStored(Store& store, const std::string& name, stream::Spool* spool,
                               const Waits& waits);

}  // namespace holdfast::storage
