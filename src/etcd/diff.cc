#include "etcd/diff.h"

#include "etcd/key_table.h"
#include "stream/hash128.h"

namespace holdfast::etcd {
namespace {

int64_t ValueHash(std::string_view value) {
  return static_cast<int64_t>(stream::FastHash::Of(value)[0]);
}

}  // namespace

Status DiffLive(const DiffSides& sides, std::string_view prefix, const LookOptions& options,
                const std::function<void(Change, std::string_view key)>& report) {
  // create_revision holds the hash of the left value, version 1 says that the right side has the
  // key.
  KeyTable keys;
  HF_TRY_CONTEXT(VisitLive(sides.left, prefix, sides.left_revision, options,
                           [&](const Record& record) {
                             bool found;
                             keys.At(record.kv.key, found).create_revision =
                                 ValueHash(record.kv.value);
                             return true;
                           }),
                 "the left side");
  HF_TRY_CONTEXT(VisitLive(sides.right, prefix, sides.right_revision, options,
                           [&](const Record& record) {
                             bool found;
                             KeyState& state = keys.At(record.kv.key, found);
                             state.version = 1;
                             if (!found)
                               report(Change::kOnlyRight, record.kv.key);
                             else if (state.create_revision != ValueHash(record.kv.value))
                               report(Change::kChanged, record.kv.key);
                             return true;
                           }),
                 "the right side");
  return VisitLive(sides.left, prefix, sides.left_revision, options, [&](const Record& record) {
    bool found;
    if (keys.At(record.kv.key, found).version == 0) report(Change::kOnlyLeft, record.kv.key);
    return true;
  });
}

}  // namespace holdfast::etcd
