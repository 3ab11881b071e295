#include "etcd/raft_files.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/crc32c.h"

namespace holdfast::etcd {
namespace {

// Record types of the WAL.
enum : uint64_t { kMetadata = 1, kEntry = 2, kState = 3, kCrc = 4, kSnapshot = 5 };
constexpr uint64_t kTerm = 1;

class WalBytes {
 public:
  // The checksum goes on over all records.
  void Add(uint64_t type, std::string_view data) {
    crc_ = Crc32c(data, crc_);
    std::string record;
    AppendNumber(record, 1, type);
    AppendNumber(record, 2, crc_);
    AppendBytes(record, 3, data);
    Frame(record);
  }
  void AddCrc() {
    std::string record;
    AppendNumber(record, 1, kCrc);
    AppendNumber(record, 2, crc_);
    Frame(record);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  // Records are padded to 8 bytes; the length says by how many.
  void Frame(std::string_view record) {
    uint64_t padding = (8 - record.size() % 8) % 8;
    uint64_t length = record.size();
    if (padding > 0) length |= (0x80 | padding) << 56;
    AppendLe(bytes_, length);
    bytes_ += record;
    bytes_.append(padding, '\0');
  }

  std::string bytes_;
  uint32_t crc_ = 0;
};

std::string ConfState(const Membership& membership) {
  std::string state;
  for (const Member& member : membership.members) AppendNumber(state, 1, member.id);
  AppendNumber(state, 5, 0);  // auto_leave
  return state;
}

std::string AddMember(const Member& member, uint64_t index) {
  std::string change;
  AppendNumber(change, 1, 0);  // id
  AppendNumber(change, 2, 0);  // add a voter
  AppendNumber(change, 3, member.id);
  AppendBytes(change, 4, member.ToJson());
  std::string entry;
  AppendNumber(entry, 1, 1);  // a configuration change
  AppendNumber(entry, 2, kTerm);
  AppendNumber(entry, 3, index);
  AppendBytes(entry, 4, change);
  return entry;
}

std::string Node(std::string_view path, uint64_t index, std::string_view value,
                 std::string_view children) {
  return fmt::format(
      R"({{"Path":{},"CreatedIndex":{},"ModifiedIndex":{},"ExpireTime":"0001-01-01T00:00:00Z",)"
      R"("Value":{},"Children":{}}})",
      json::Quote(path), index, index, json::Quote(value), children);
}

// The store of etcd's old API, where members up to 3.5 look for their cluster.
std::string OldStore(const Membership& membership) {
  std::string members;
  uint64_t index = 0;
  for (const Member& member : membership.members) {
    ++index;
    std::string urls;
    for (const std::string& url : member.peer_urls)
      urls += (urls.empty() ? "" : ",") + json::Quote(url);
    std::string path = fmt::format("/0/members/{:x}", member.id);
    std::string leaf =
        Node(path + "/raftAttributes", index, "{\"peerURLs\":[" + urls + "]}", "null");
    std::string folder = Node(path, index, "", "{\"raftAttributes\":" + leaf + "}");
    members += fmt::format("{}\"{:x}\":{}", index > 1 ? "," : "", member.id, folder);
  }
  std::string zero =
      Node("/0", 0, "", "{\"members\":" + Node("/0/members", 1, "", "{" + members + "}") + "}");
  std::string root = Node("/", 0, "", "{\"0\":" + zero + ",\"1\":" + Node("/1", 0, "", "{}") + "}");
  std::string events;
  for (int i = 0; i < 1000; ++i) events += i == 0 ? "null" : ",null";
  return fmt::format(
      R"({{"Root":{},"WatcherHub":{{"EventHistory":{{"Queue":{{"Events":[{}],"Size":0,"Front":0,)"
      R"("Back":0,"Capacity":1000}},"StartIndex":0,"LastIndex":0}}}},"CurrentIndex":{},)"
      R"("Stats":{{}},"CurrentVersion":2}})",
      root, events, index);
}

}  // namespace

std::string FirstWal(const Membership& membership) {
  WalBytes wal;
  uint64_t count = membership.members.size();
  wal.AddCrc();
  std::string metadata;
  AppendNumber(metadata, 1, membership.members[membership.self].id);
  AppendNumber(metadata, 2, membership.cluster_id);
  wal.Add(kMetadata, metadata);
  std::string nothing;
  AppendNumber(nothing, 1, 0);
  AppendNumber(nothing, 2, 0);
  wal.Add(kSnapshot, nothing);
  for (uint64_t i = 0; i < count; ++i) wal.Add(kEntry, AddMember(membership.members[i], i + 1));
  std::string state;
  AppendNumber(state, 1, kTerm);
  AppendNumber(state, 2, membership.members.front().id);  // vote
  AppendNumber(state, 3, count);                          // commit
  wal.Add(kState, state);
  std::string snapshot;
  AppendNumber(snapshot, 1, count);
  AppendNumber(snapshot, 2, kTerm);
  AppendBytes(snapshot, 3, ConfState(membership));
  wal.Add(kSnapshot, snapshot);
  return wal.Take();
}

std::string FirstSnap(const Membership& membership) {
  std::string metadata;
  AppendBytes(metadata, 1, ConfState(membership));
  AppendNumber(metadata, 2, membership.members.size());
  AppendNumber(metadata, 3, kTerm);
  std::string snapshot;
  AppendBytes(snapshot, 1, OldStore(membership));
  AppendBytes(snapshot, 2, metadata);
  std::string file;
  AppendNumber(file, 1, Crc32c(snapshot));
  AppendBytes(file, 2, snapshot);
  return file;
}

std::string FirstSnapName(const Membership& membership) {
  return fmt::format("{:016x}-{:016x}.snap", kTerm, membership.members.size());
}

}  // namespace holdfast::etcd
