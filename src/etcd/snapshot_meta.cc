#include "etcd/snapshot_meta.h"

#include <charconv>

#include <fmt/format.h>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/rfc3339.h"

namespace holdfast::etcd {
namespace {

template <typename Number>
void ReadNumber(std::string_view json, std::string_view field, Number& number) {
  auto text = json::Find(json, {field});
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
}
void ReadText(std::string_view json, std::string_view field, std::string& text) {
  if (auto found = json::FindString(json, {field})) text = std::move(*found);
}
Status ReadTime(std::string_view json, std::string_view field, Clock::Wall& time) {
  HF_ASSIGN(time, ParseRfc3339(json::FindString(json, {field}).value_or("")));
  return {};
}

}  // namespace

std::string SnapshotMeta::ToJson() const {
  return fmt::format(
      R"({{"name":{},"cluster":{},"member":{},"endpoint":{},"etcdVersion":{},)"
      R"("storageVersion":{},"revision":{},"compactRevision":{},"keys":{},"size":{},)"
      R"("compression":{},"encryption":{},"storedSize":{},"sha256":{},"started":"{}",)"
      R"("finished":"{}"}})",
      json::Quote(name), json::Quote(cluster), json::Quote(member), json::Quote(endpoint),
      json::Quote(etcd_version), json::Quote(storage_version), revision, compact_revision, keys,
      size, json::Quote(compression), json::Quote(encryption), stored_size, json::Quote(sha256),
      FormatRfc3339Millis(started), FormatRfc3339Millis(finished));
}

Result<SnapshotMeta> ParseSnapshotMeta(std::string_view json) {
  auto wrong = [](std::string text) { return Fail(ErrorKind::kCorrupt, std::move(text)); };
  if (!json::Validate(json) || json::TypeOf(json) != json::Type::kObject)
    return wrong("it is no JSON object");
  SnapshotMeta meta;
  ReadText(json, "name", meta.name);
  ReadText(json, "cluster", meta.cluster);
  ReadText(json, "member", meta.member);
  ReadText(json, "endpoint", meta.endpoint);
  ReadText(json, "etcdVersion", meta.etcd_version);
  ReadText(json, "storageVersion", meta.storage_version);
  ReadText(json, "compression", meta.compression);
  ReadText(json, "encryption", meta.encryption);
  ReadText(json, "sha256", meta.sha256);
  ReadNumber(json, "revision", meta.revision);
  ReadNumber(json, "compactRevision", meta.compact_revision);
  ReadNumber(json, "keys", meta.keys);
  ReadNumber(json, "size", meta.size);
  ReadNumber(json, "storedSize", meta.stored_size);
  if (meta.name.empty()) return wrong("it names no snapshot");
  if (meta.size == 0 || meta.stored_size == 0) return wrong("it gives no size");
  if (!ReadTime(json, "started", meta.started)) return wrong("it gives no time");
  if (!ReadTime(json, "finished", meta.finished)) meta.finished = meta.started;
  return meta;
}

}  // namespace holdfast::etcd
