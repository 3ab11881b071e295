// gzip: reading anything stays within bounds, and whatever is written reads back.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "stream/gzip.h"

namespace {

using namespace holdfast::stream;

void ReadAnything(std::string_view bytes) {
  StringSource source(bytes);
  GunzipSource gunzip(source, {.max_output = 1 << 20});
  char part[4096];
  for (uint64_t total = 0;;) {
    auto got = gunzip.Read(part, sizeof part);
    if (!got) return;
    if (*got == 0) break;
    total += *got;
    if (total > (1 << 20)) std::abort();
  }
  if (gunzip.compressed_offset() != bytes.size()) std::abort();
}

void RoundTrip(std::string_view bytes, int level, size_t piece) {
  StringSink out;
  GzipSink gzip(out, {.level = level, .seal = true});
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (!gzip.Write(bytes.substr(at, piece))) std::abort();
  }
  if (!gzip.Close()) std::abort();
  StringSource source(out.bytes());
  GunzipSource gunzip(source);
  auto back = ReadAll(gunzip, bytes.size());
  if (!back || *back != bytes || !gunzip.sealed()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAnything(bytes);
  if (size > 2) RoundTrip(bytes.substr(2), data[0] % 4, data[1] * 16u + 1);
  return 0;
}
