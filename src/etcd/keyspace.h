// Looking into a store's keys: the state at a revision, one key's history, what fills the space.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "etcd/database.h"
#include "etcd/mvcc.h"

namespace holdfast::etcd {

struct LookOptions {
  // Go on behind pages and records that cannot be read; each is told to `damaged`. Without it the
  // first one ends the work with kCorrupt.
  bool tolerate_corruption = false;
  std::function<void(const Error&)> damaged;
  std::stop_token stop;
};

struct Record {
  Revision revision;
  bool tombstone = false;
  KeyValue kv;  // views, valid while it is handed out
};

// Every record, oldest first or newest first, until `visit` returns false. The marks of raised
// revisions are left out. `pages`: how many were read on the way, those of the list of buckets
// among them. Blocks on the disk.
Status VisitRecords(const Database& database, bool newest_first, const LookOptions& options,
                    const std::function<bool(const Record&)>& visit, uint64_t* pages = nullptr);

// The state of the store at `revision` (0: the last): every key that was there then, whose text
// starts with `prefix`, with its record; in the order of revisions, newest first. kExpired where
// the revision was compacted away, kInvalid where it is beyond the last. Holds 27 to 48 bytes a
// key.
Status VisitLive(const Database& database, std::string_view prefix, int64_t revision,
                 const LookOptions& options, const std::function<bool(const Record&)>& visit);

// An owning copy.
struct StoredRecord {
  Revision revision;
  bool tombstone = false;
  std::string key, value;
  int64_t create_revision = 0, version = 0, lease = 0;
};
StoredRecord Own(const Record& record);

// The record of `key` at `revision` (0: the last). kNotFound where it was not there then (saying
// when it was deleted). Reads from the newest record on and stops where it is found.
Result<StoredRecord> GetKey(const Database& database, std::string_view key, int64_t revision,
                            const LookOptions& options);

// Refuses what cannot be answered: kExpired below the compaction (at it, the state is complete),
// kInvalid beyond the last revision.
Status CheckRevision(const Database& database, int64_t revision);

}  // namespace holdfast::etcd
