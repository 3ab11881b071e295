#include "etcd/store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/printable.h"
#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/mvcc.h"

namespace holdfast::etcd {
namespace {

const std::string* Value(const std::vector<Row>& rows, std::string_view key) {
  for (const Row& row : rows)
    if (row.key == key) return &row.value;
  return nullptr;
}

std::optional<uint64_t> Number(const std::vector<Row>& rows, std::string_view bucket,
                               std::string_view key, std::vector<std::string>& problems) {
  const std::string* value = Value(rows, key);
  if (value == nullptr) return std::nullopt;
  if (value->size() == 8) return Be64(value->data());
  problems.push_back(fmt::format("{}/{} has {} bytes, not 8", bucket, key, value->size()));
  return std::nullopt;
}

int64_t CompactRevision(const std::vector<Row>& rows, std::string_view key,
                        std::vector<std::string>& problems) {
  const std::string* value = Value(rows, key);
  if (value == nullptr) return 0;
  if (auto parsed = ParseRecordKey(*value); parsed && !parsed->tombstone)
    return parsed->revision.main;
  problems.push_back(fmt::format("meta/{} is no revision", key));
  return 0;
}

std::string Text(const std::vector<Row>& rows, std::string_view key) {
  const std::string* value = Value(rows, key);
  return value == nullptr ? "" : Printable(*value, 64);
}

}  // namespace

std::string AlarmName(Alarm alarm) {
  switch (alarm) {
    case Alarm::kNone: return "NONE";
    case Alarm::kNoSpace: return "NOSPACE";
    case Alarm::kCorrupt: return "CORRUPT";
  }
  return fmt::format("alarm {}", static_cast<uint32_t>(alarm));
}

const Bucket* FindBucket(const std::vector<Bucket>& buckets, std::string_view name) {
  auto found = std::find_if(buckets.begin(), buckets.end(),
                            [&](const Bucket& bucket) { return bucket.name == name; });
  return found == buckets.end() ? nullptr : &*found;
}

Result<std::vector<Row>> ReadSmallBucket(const Database& database,
                                         const std::vector<Bucket>& buckets, std::string_view name,
                                         uint64_t max_bytes) {
  std::vector<Row> rows;
  const Bucket* bucket = FindBucket(buckets, name);
  if (bucket == nullptr) return rows;
  PageSet reached(database.meta().high_water);
  Cursor cursor(database, *bucket, reached);
  uint64_t bytes = 0;
  while (true) {
    HF_ASSIGN_CONTEXT(auto row, cursor.Next(), fmt::format("reading bucket \"{}\"", name));
    if (!row) return rows;
    bytes += row->key.size() + row->value.size();
    if (bytes > max_bytes) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("bucket \"{}\" is over {} bytes", name, max_bytes));
    }
    rows.push_back({std::string(row->key), std::string(row->value), row->bucket});
  }
}

Result<StoreFacts> ReadFacts(const Database& database, const std::vector<Bucket>& buckets,
                             std::vector<std::string>& problems) {
  StoreFacts facts;
  HF_ASSIGN(auto meta, ReadSmallBucket(database, buckets, "meta"));
  facts.storage_version = Text(meta, "storageVersion");
  facts.consistent_index = Number(meta, "meta", "consistent_index", problems);
  facts.term = Number(meta, "meta", "term", problems);
  facts.scheduled_compaction = CompactRevision(meta, "scheduledCompactRev", problems);
  facts.finished_compaction = CompactRevision(meta, "finishedCompactRev", problems);
  HF_ASSIGN(auto cluster, ReadSmallBucket(database, buckets, "cluster"));
  facts.cluster_version = Text(cluster, "clusterVersion");
  HF_ASSIGN(auto alarms, ReadSmallBucket(database, buckets, "alarm"));
  for (const Row& row : alarms) {
    AlarmRow alarm;
    WireField field;
    WireReader reader(row.key);
    while (reader.Next(field)) {
      if (field.IsNumber(1)) alarm.member = field.value;
      if (field.IsNumber(2)) alarm.alarm = static_cast<Alarm>(field.value);
    }
    if (reader.ok())
      facts.alarms.push_back(alarm);
    else
      problems.push_back("a row of bucket \"alarm\" is no alarm");
  }
  HF_ASSIGN(auto auth, ReadSmallBucket(database, buckets, "auth"));
  const std::string* enabled = Value(auth, "authEnabled");
  facts.auth_enabled = enabled != nullptr && *enabled == std::string_view("\1", 1);
  return facts;
}

Result<int64_t> LastRevision(const Database& database, const std::vector<Bucket>& buckets) {
  const Bucket* keys = FindBucket(buckets, kKeyBucket);
  if (keys == nullptr) return 0;
  PageSet reached(database.meta().high_water);
  Cursor cursor(database, *keys, reached, Direction::kBackward);
  HF_ASSIGN_CONTEXT(auto row, cursor.Next(), "looking for the last revision");
  if (!row) return 0;
  HF_ASSIGN_CONTEXT(RecordKey key, ParseRecordKey(row->key), "looking for the last revision");
  return key.revision.main;
}

Result<std::optional<std::string>> KubernetesPrefix(const Database& database,
                                                    const std::vector<Bucket>& buckets) {
  static constexpr std::string_view kMark = "/namespaces/kube-system";
  const Bucket* keys = FindBucket(buckets, kKeyBucket);
  if (keys == nullptr) return std::nullopt;
  PageSet reached(database.meta().high_water);
  Cursor cursor(database, *keys, reached);
  while (true) {
    HF_ASSIGN_CONTEXT(auto row, cursor.Next(), "looking for Kubernetes' keys");
    if (!row) return std::optional<std::string>();
    auto record = ParseKeyValue(row->value);
    if (record && record->key.ends_with(kMark))
      return std::optional(std::string(record->key.substr(0, record->key.size() - kMark.size())));
  }
}

}  // namespace holdfast::etcd
