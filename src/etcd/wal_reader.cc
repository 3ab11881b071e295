#include "etcd/wal_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/crc32c.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kSector = 512;

auto Damaged(std::string text) { return Fail(ErrorKind::kCorrupt, std::move(text)); }

// Whether one of the sectors that the record lies in is all zero: a write that a crash cut off.
bool IsTorn(std::string_view bytes, size_t begin, size_t end) {
  end = std::min(end, bytes.size());
  for (size_t at = begin; at < end;) {
    size_t next = std::min(end, (at / kSector + 1) * kSector);
    std::string_view piece = bytes.substr(at, next - at);
    if (piece.find_first_not_of('\0') == std::string_view::npos) return true;
    at = next;
  }
  return false;
}

// The numbers of a message's first fields; false where it is none.
bool Numbers(std::string_view message, uint64_t (&fields)[6]) {
  WireField field;
  WireReader reader(message);
  while (reader.Next(field))
    if (field.type == 0 && field.number < 6) fields[field.number] = field.value;
  return reader.ok();
}

}  // namespace

Status WalReader::Read(std::string_view bytes, bool last) {
  if (summary_.torn) return Damaged("a file follows one whose end is torn");
  bool first_record = true;
  for (size_t at = 0; at + 8 <= bytes.size();) {
    uint64_t length = Le64(bytes.data() + at);
    if (length == 0) return {};
    uint64_t size = length & 0x00ffffffffffffff;
    uint64_t padding = (length >> 63) != 0 ? (length >> 56) & 7 : 0;
    size_t begin = at + 8;
    bool fits = size <= bytes.size() - begin && padding <= bytes.size() - begin - size;
    if (!fits) {
      if (!last) return Damaged(fmt::format("the record at byte {} runs out of the file", at));
      summary_.torn = true;
      return {};
    }
    WalSummary before = summary_;
    uint32_t crc = crc_;
    Status record = Record(bytes.substr(begin, size));
    if (record && first_record && !begun_) record = Damaged("it does not begin with a checksum");
    if (!record) {
      summary_ = before;
      crc_ = crc;
      if (last && IsTorn(bytes, begin, begin + size)) {
        summary_.torn = true;
        return {};
      }
      return Fail(std::move(record).error().With(fmt::format("the record at byte {}", at)));
    }
    first_record = false;
    at = begin + size + padding;
  }
  return {};
}

Status WalReader::Record(std::string_view bytes) {
  uint64_t type = 0, crc = 0;
  std::string_view data;
  WireField field;
  WireReader reader(bytes);
  while (reader.Next(field)) {
    if (field.IsNumber(1)) type = field.value;
    if (field.IsNumber(2)) crc = field.value;
    if (field.IsBytes(3)) data = field.bytes;
  }
  if (!reader.ok()) return Damaged("no record");
  if (type == static_cast<uint64_t>(WalType::kCrc)) {
    if (crc != crc_) return Damaged("the checksum does not go on from the file before");
    begun_ = true;
    ++summary_.records;
    return {};
  }
  crc_ = Crc32c(data, crc_);
  if (crc != crc_) return Damaged("its checksum does not match");
  ++summary_.records;
  return Data(static_cast<WalType>(type), data);
}

Status WalReader::Data(WalType type, std::string_view data) {
  uint64_t f[6] = {};
  if (type == WalType::kEntry) return Entry(data);
  if (!Numbers(data, f)) return Damaged("its content is no message");
  switch (type) {
    case WalType::kMetadata:
      if (summary_.member != 0 && (f[1] != summary_.member || f[2] != summary_.cluster))
        return Damaged("it names another member or cluster than the one before");
      summary_.member = f[1];
      summary_.cluster = f[2];
      return {};
    case WalType::kState: summary_.commit = f[3]; return {};
    case WalType::kSnapshot:
      summary_.snapshot_index = f[1];
      summary_.snapshot_term = f[2];
      return {};
    default: return Damaged(fmt::format("unknown type {}", static_cast<uint64_t>(type)));
  }
}

Status WalReader::Entry(std::string_view data) {
  uint64_t f[6] = {};
  if (!Numbers(data, f)) return Damaged("its content is no entry");
  uint64_t index = f[3];
  if (summary_.entries == 0) {
    first_index_ = index;
  } else if (index > summary_.last_index + 1) {
    return Damaged(fmt::format("entry {} follows entry {}", index, summary_.last_index));
  }
  first_index_ = std::min(first_index_, index);
  summary_.last_index = index;
  summary_.entries = index - first_index_ + 1;
  return {};
}

}  // namespace holdfast::etcd
