// The small facts that an etcd store keeps beside its keys: buckets meta, cluster, members, alarm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/cursor.h"
#include "etcd/database.h"

namespace holdfast::etcd {

inline constexpr std::string_view kKeyBucket = "key";

enum class Alarm : uint32_t { kNone = 0, kNoSpace = 1, kCorrupt = 2 };
struct AlarmRow {
  uint64_t member = 0;
  Alarm alarm = Alarm::kNone;
};
std::string AlarmName(Alarm alarm);  // "NOSPACE"

// Rows of a small bucket in memory. kCorrupt where they cannot be read or are over `max_bytes` in
// all. A bucket that is not there has none.
Result<std::vector<Row>> ReadSmallBucket(const Database& database,
                                         const std::vector<Bucket>& buckets, std::string_view name,
                                         uint64_t max_bytes = uint64_t{64} << 20);
const Bucket* FindBucket(const std::vector<Bucket>& buckets, std::string_view name);

struct StoreFacts {
  std::string storage_version;  // "3.6.0"; empty before 3.6
  std::string cluster_version;
  std::optional<uint64_t> consistent_index;
  std::optional<uint64_t> term;
  int64_t scheduled_compaction = 0;  // revisions; 0: none
  int64_t finished_compaction = 0;
  std::vector<AlarmRow> alarms;
  bool auth_enabled = false;
};
// What cannot be understood is described in `problems` and left out.
Result<StoreFacts> ReadFacts(const Database& database, const std::vector<Bucket>& buckets,
                             std::vector<std::string>& problems);

// The greatest revision in bucket "key", from its last row; {} where it is empty.
Result<int64_t> LastRevision(const Database& database, const std::vector<Bucket>& buckets);

// Whether the last-written keys are Kubernetes' (an API server's): the prefix that they lie under
// ("/registry"), found by the key of namespace kube-system; none for other stores. Walks all of
// bucket "key" when there is none.
Result<std::optional<std::string>> KubernetesPrefix(const Database& database,
                                                    const std::vector<Bucket>& buckets);

}  // namespace holdfast::etcd
