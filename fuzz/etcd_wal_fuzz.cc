// The WAL reader: checksums are mended first, so that the fuzzer gets behind them.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/crc32c.h"
#include "etcd/wal_reader.h"

namespace {

using namespace holdfast;
using namespace holdfast::etcd;

// A log of the records that the input describes: type, length, data.
std::string Build(const uint8_t* data, size_t size) {
  std::string wal;
  uint32_t crc = 0;
  for (size_t at = 0; at + 2 <= size;) {
    uint64_t type = data[at] % 7;
    size_t length = std::min<size_t>(data[at + 1], size - at - 2);
    std::string_view body(reinterpret_cast<const char*>(data) + at + 2, length);
    at += 2 + length;
    std::string record;
    if (type != 4) crc = Crc32c(body, crc);
    AppendNumber(record, 1, type);
    AppendNumber(record, 2, crc);
    if (type != 4) AppendBytes(record, 3, body);
    uint64_t padding = (8 - record.size() % 8) % 8;
    AppendLe(wal, uint64_t{record.size()} | (padding > 0 ? (0x80 | padding) << 56 : 0));
    wal += record + std::string(padding, '\0');
  }
  return wal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& wal : {bytes, Build(data, size)}) {
    for (bool last : {false, true}) {
      WalReader reader;
      bool read = reader.Read(wal, last).has_value();
      if (read && reader.summary().torn && !last) std::abort();
      if (reader.summary().records > wal.size() / 8 + 1) std::abort();
      WalReader two;
      size_t half = wal.size() / 2;
      if (two.Read(std::string_view(wal).substr(0, half), false))
        (void)two.Read(std::string_view(wal).substr(half), last);
    }
  }
  return 0;
}
