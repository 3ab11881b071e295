// Scan and verify. The first byte says whether the rest is an uncompressed tar (packed here, so
// that the fuzzer does not have to invent CRCs), a manifest, or a whole archive.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/manifest.h"
#include "archive/name.h"
#include "archive/verify.h"
#include "stream/gzip.h"

using namespace holdfast;

namespace {

std::string Pack(std::string_view tar) {
  stream::StringSink out;
  stream::GzipSink gzip(out, {.level = 0, .seal = true});
  if (!gzip.Write(tar) || !gzip.Close()) std::abort();
  return out.Take();
}

void VerifyBytes(std::string_view bytes) {
  stream::StringSource source(bytes);
  archive::ScanOptions options;
  options.tar = {.max_path = 300, .max_entry = 1 << 16, .max_entries = 1000, .max_padding = 4096};
  options.gzip.max_output = 1 << 20;
  auto keys = crypto::Transformers::None();
  auto report = archive::Verify(source, &keys, options);
  if (!report) return;
  if (report->entries != report->plain + report->encrypted) std::abort();
  if (report->ok() && report->checked != report->entries) std::abort();
}

void ParseName(std::string_view text) {
  auto name = archive::EntryName::Parse(text);
  if (name && name->ToPath() != text) std::abort();
  (void)archive::ParseName(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: VerifyBytes(Pack(bytes)); break;
    case 1: VerifyBytes(bytes); break;
    case 2: (void)archive::ParseManifest(bytes); break;
    case 3: ParseName(bytes); break;
  }
  return 0;
}
