// What lies beside a snapshot in a store: NAME.meta, a JSON document (docs/formats/etcd.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::etcd {

inline constexpr std::string_view kMetaSuffix = ".meta";

struct SnapshotMeta {
  std::string name;
  std::string cluster, member;  // ids, hexadecimal
  std::string endpoint;
  std::string etcd_version, storage_version;
  int64_t revision = 0;
  int64_t compact_revision = 0;
  uint64_t keys = 0;
  uint64_t size = 0;         // bytes of the snapshot, its digest included
  uint64_t stored_size = 0;  // compressed and encrypted
  std::string compression = "none";
  std::string encryption;  // provider and key; empty: none
  std::string sha256;      // of the database, as the snapshot ends with it
  Clock::Wall started, finished;

  std::string ToJson() const;
};

// Fields that are missing keep their defaults, unknown ones are passed over. kCorrupt where the
// text is no JSON object or has no name, no size or no time.
Result<SnapshotMeta> ParseSnapshotMeta(std::string_view json);

}  // namespace holdfast::etcd
