#include "etcd/status.h"

#include <fmt/format.h>

#include "etcd/crc32c.h"
#include "etcd/cursor.h"
#include "etcd/key_table.h"
#include "etcd/mvcc.h"
#include "etcd/store.h"

namespace holdfast::etcd {
namespace {

Status AddRecord(const Element& row, KeyTable& keys, SnapshotStatus& status) {
  HF_ASSIGN(RecordKey key, ParseRecordKey(row.key));
  HF_ASSIGN_CONTEXT(KeyValue kv, ParseKeyValue(row.value),
                    fmt::format("revision {}", key.revision.main));
  bool found;
  keys.At(kv.key, found).deleted = key.tombstone;
  status.revision = key.revision.main;
  ++status.records;
  return {};
}

}  // namespace

Result<SnapshotStatus> ReadStatus(const Database& database, std::stop_token stop) {
  SnapshotStatus status{.size = database.size()};
  PageSet reached(database.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(database, reached));
  KeyTable keys;
  for (const Bucket& bucket : buckets) {
    status.hash = Crc32c(bucket.name, status.hash);
    Cursor cursor(database, bucket, reached);
    const std::string where = fmt::format("reading bucket \"{}\"", bucket.name);
    while (true) {
      auto row = cursor.Next();
      if (!row) return Fail(std::move(row).error().With(where));
      if (!*row) break;
      status.hash = Crc32c((*row)->value, Crc32c((*row)->key, status.hash));
      ++status.rows;
      if (bucket.name == kKeyBucket) HF_TRY_CONTEXT(AddRecord(**row, keys, status), where);
      if (bucket.name == "meta" && (*row)->key == "storageVersion") status.version = (*row)->value;
      if (status.rows % 1024 == 0 && stop.stop_requested())
        return Fail(ErrorKind::kCancelled, "stopped");
    }
  }
  status.keys = keys.CountLive();
  return status;
}

}  // namespace holdfast::etcd
