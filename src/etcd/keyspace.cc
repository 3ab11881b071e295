#include "etcd/keyspace.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "etcd/cursor.h"
#include "etcd/key_table.h"
#include "etcd/store.h"

namespace holdfast::etcd {
namespace {

// Whether the work goes on behind an error.
bool PassOver(const Error& error, const LookOptions& options) {
  if (!options.tolerate_corruption || error.kind() != ErrorKind::kCorrupt) return false;
  if (options.damaged) options.damaged(error);
  return true;
}

Result<Record> ParseRow(const Element& row) {
  HF_ASSIGN(RecordKey key, ParseRecordKey(row.key));
  HF_ASSIGN_CONTEXT(KeyValue kv, ParseKeyValue(row.value),
                    fmt::format("revision {}.{}", key.revision.main, key.revision.sub));
  return Record{key.revision, key.tombstone, kv};
}

Error NotThere(std::string_view key, int64_t revision) {
  return Error(ErrorKind::kNotFound, revision == 0
                                         ? fmt::format("there is no key \"{}\"", Printable(key))
                                         : fmt::format("there was no key \"{}\" at revision {}",
                                                       Printable(key), revision));
}

}  // namespace

Status VisitRecords(const Database& database, bool newest_first, const LookOptions& options,
                    const std::function<bool(const Record&)>& visit, uint64_t* pages) {
  PageSet reached(database.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(database, reached));
  if (pages != nullptr) *pages = reached.size();
  const Bucket* keys = FindBucket(buckets, kKeyBucket);
  if (keys == nullptr) return {};
  Cursor cursor(database, *keys, reached,
                newest_first ? Direction::kBackward : Direction::kForward);
  for (uint64_t count = 1;; ++count) {
    if (count % 1024 == 0 && options.stop.stop_requested())
      return Fail(ErrorKind::kCancelled, "stopped");
    auto row = cursor.Next();
    if (!row) {
      if (PassOver(row.error(), options)) continue;
      return Fail(std::move(row).error().With("reading the keys"));
    }
    if (pages != nullptr) *pages = reached.size();
    if (!*row) return {};
    auto record = ParseRow(**row);
    if (!record) {
      if (PassOver(record.error(), options)) continue;
      return Fail(std::move(record).error().With("reading the keys"));
    }
    if (record->kv.key.empty()) continue;
    if (!visit(*record)) return {};
  }
}

Status CheckRevision(const Database& database, int64_t revision) {
  if (revision == 0) return {};
  PageSet reached(database.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(database, reached));
  std::vector<std::string> problems;
  HF_ASSIGN(StoreFacts facts, ReadFacts(database, buckets, problems));
  HF_ASSIGN(int64_t last, LastRevision(database, buckets));
  int64_t compacted = std::max(facts.scheduled_compaction, facts.finished_compaction);
  if (revision < compacted) {
    return Fail(Error(ErrorKind::kExpired, fmt::format("revision {} was compacted away; the oldest "
                                                       "that is left is {}",
                                                       revision, compacted))
                    .Hint("an older snapshot may still have it"));
  }
  if (revision < 0 || revision > std::max(last, compacted)) {
    return Fail(
        ErrorKind::kInvalid,
        fmt::format("revision {} is not in the snapshot, whose last is {}", revision, last));
  }
  return {};
}

Status VisitLive(const Database& database, std::string_view prefix, int64_t revision,
                 const LookOptions& options, const std::function<bool(const Record&)>& visit) {
  HF_TRY(CheckRevision(database, revision));
  KeyTable seen;
  return VisitRecords(database, true, options, [&](const Record& record) {
    if (revision != 0 && record.revision.main > revision) return true;
    if (!record.kv.key.starts_with(prefix)) return true;
    bool found;
    seen.At(record.kv.key, found);
    return found || record.tombstone || visit(record);
  });
}

StoredRecord Own(const Record& record) {
  return {record.revision,
          record.tombstone,
          std::string(record.kv.key),
          std::string(record.kv.value),
          record.kv.create_revision,
          record.kv.version,
          record.kv.lease};
}

Result<StoredRecord> GetKey(const Database& database, std::string_view key, int64_t revision,
                            const LookOptions& options) {
  HF_TRY(CheckRevision(database, revision));
  std::optional<StoredRecord> found;
  HF_TRY(VisitRecords(database, true, options, [&](const Record& record) {
    if (revision != 0 && record.revision.main > revision) return true;
    if (record.kv.key != key) return true;
    found = Own(record);
    return false;
  }));
  if (!found) return Fail(NotThere(key, revision));
  if (found->tombstone) {
    return Fail(
        NotThere(key, revision)
            .Hint(fmt::format("it was deleted at revision {}; `holdfast etcd history` lists "
                              "the revisions that are left",
                              found->revision.main)));
  }
  return std::move(*found);
}

}  // namespace holdfast::etcd
