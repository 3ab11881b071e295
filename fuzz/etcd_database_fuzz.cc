// The bbolt reader and everything that looks into a store: no input leads out of bounds or does not
// end, and what is found sound can be read again in the other direction.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "etcd/cursor.h"
#include "etcd/status.h"
#include "etcd/verify.h"

namespace {

using namespace holdfast::etcd;

uint64_t CountRows(const Database& database, Direction direction) {
  PageSet reached(database.meta().high_water);
  auto buckets = ReadBuckets(database, reached);
  if (!buckets) return 0;
  uint64_t rows = 0, errors = 0;
  for (const Bucket& bucket : *buckets) {
    Cursor cursor(database, bucket, reached, direction);
    while (true) {
      auto row = cursor.Next();
      if (!row && ++errors > database.meta().high_water * 100) std::abort();  // must end
      if (!row) continue;
      if (!*row) break;
      ++rows;
    }
  }
  return rows;
}

// Meta pages with a right checksum, so that the fuzzer gets past them.
std::string Mend(std::string bytes) {
  for (size_t page : {size_t{0}, size_t{1024}}) {
    if (bytes.size() < page + kPageHeader + kMetaBytes) continue;
    uint64_t sum = Fnv1a64(std::string_view(bytes).substr(page + kPageHeader, 56));
    for (int i = 0; i < 8; ++i)
      bytes[page + kPageHeader + 56 + static_cast<size_t>(i)] = static_cast<char>(sum >> (8 * i));
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& input : {bytes, Mend(bytes)}) {
    auto database = Database::Open(FileOfBytes(input, "f"), {.max_pages = 1 << 20});
    if (!database) continue;
    auto report = Verify(*database, {.max_problems = 5});
    if (!report) std::abort();  // memory does not fail
    auto status = ReadStatus(*database, {});
    uint64_t forward = CountRows(*database, Direction::kForward);
    uint64_t backward = CountRows(*database, Direction::kBackward);
    if (report->ok() && (!status || forward != backward || status->rows != forward)) std::abort();
  }
  return 0;
}
