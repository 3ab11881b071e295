// The records of bucket "key": every change of every key that was not compacted away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::etcd {

struct Revision {
  int64_t main = 0;  // the store's revision; one transaction has one
  int64_t sub = 0;   // which change of the transaction
  auto operator<=>(const Revision&) const = default;
};

// 17 bytes. A deletion's key has a `t` behind.
std::string EncodeRevision(Revision revision);
struct RecordKey {
  Revision revision;
  bool tombstone = false;  // the key was deleted
};
// kCorrupt where `key` is no revision.
Result<RecordKey> ParseRecordKey(std::string_view key);

// A view into the record. A deletion has the key only.
struct KeyValue {
  std::string_view key;  // empty: the mark that a revision bump wrote; no key of a user
  std::string_view value;
  int64_t create_revision = 0;
  int64_t mod_revision = 0;
  int64_t version = 0;
  int64_t lease = 0;
};
// kCorrupt where it is no KeyValue message.
Result<KeyValue> ParseKeyValue(std::string_view bytes);

}  // namespace holdfast::etcd
