#include "etcd/mvcc.h"

#include <fmt/format.h>

#include "base/protobuf_wire.h"
#include "etcd/bytes.h"

namespace holdfast::etcd {

std::string EncodeRevision(Revision revision) {
  std::string key;
  AppendBe64(key, static_cast<uint64_t>(revision.main));
  key += '_';
  AppendBe64(key, static_cast<uint64_t>(revision.sub));
  return key;
}

Result<RecordKey> ParseRecordKey(std::string_view key) {
  bool tombstone = key.size() == 18 && key[17] == 't';
  if ((key.size() != 17 && !tombstone) || key[8] != '_')
    return Fail(ErrorKind::kCorrupt, fmt::format("a key of {} bytes is no revision", key.size()));
  auto main = static_cast<int64_t>(Be64(key.data()));
  auto sub = static_cast<int64_t>(Be64(key.data() + 9));
  if (main < 0 || sub < 0) return Fail(ErrorKind::kCorrupt, "a revision beyond 63 bits");
  return RecordKey{{main, sub}, tombstone};
}

Result<KeyValue> ParseKeyValue(std::string_view bytes) {
  KeyValue kv;
  WireField field;
  WireReader reader(bytes);
  bool sound = true;
  while (reader.Next(field)) {
    switch (field.number) {
      case 1: kv.key = field.bytes; break;
      case 2: kv.create_revision = static_cast<int64_t>(field.value); break;
      case 3: kv.mod_revision = static_cast<int64_t>(field.value); break;
      case 4: kv.version = static_cast<int64_t>(field.value); break;
      case 5: kv.value = field.bytes; break;
      case 6: kv.lease = static_cast<int64_t>(field.value); break;
      default: continue;
    }
    bool is_bytes = field.number == 1 || field.number == 5;
    sound = sound && field.type == (is_bytes ? 2u : 0u);
  }
  if (!reader.ok() || !sound) return Fail(ErrorKind::kCorrupt, "the record is no KeyValue message");
  return kv;
}

}  // namespace holdfast::etcd
