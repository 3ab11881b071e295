// What `etcdutl snapshot status` tells about a snapshot.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "etcd/database.h"

namespace holdfast::etcd {

struct SnapshotStatus {
  uint32_t hash = 0;     // CRC-32C of every bucket's name, keys and values
  int64_t revision = 0;  // of the last record
  uint64_t keys = 0;     // not deleted; etcdutl 3.6 counts them so
  uint64_t records = 0;  // rows of bucket "key"
  uint64_t rows = 0;     // of all buckets together; etcdutl up to 3.5 calls these totalKey
  uint64_t size = 0;     // bytes of the database
  std::string version;   // storage version; empty before etcd 3.6
};

// Reads everything; kCorrupt at the first damage. Blocks; kCancelled when `stop` is requested.
Result<SnapshotStatus> ReadStatus(const Database& database, std::stop_token stop);

}  // namespace holdfast::etcd
