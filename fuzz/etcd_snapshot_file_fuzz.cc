// What snapshots are wrapped in: zip, encrypted chunks, and what describes them.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "etcd/catalog.h"
#include "etcd/sealed.h"
#include "stream/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  auto read = [&](uint64_t offset, char* out, size_t count) -> Status {
    if (offset > bytes.size() || count > bytes.size() - offset) std::abort();  // beyond the file
    std::memcpy(out, bytes.data() + offset, count);
    return {};
  };
  if (auto zip = stream::UnzipSource::Open(read, bytes.size(), {.max_output = 1 << 22}))
    (void)stream::ReadAll(**zip, 1 << 23);
  crypto::Transformers none = crypto::Transformers::None();
  (void)etcd::OpenSealed(etcd::FileOfBytes(bytes, "f"), none);
  SecretBytes key(std::string(32, 'k'));
  if (auto file =
          etcd::OpenChunks(etcd::FileOfBytes(bytes, "f"), size > 0 ? data[0] : 0, std::move(key))) {
    std::string plain((*file)->size(), '\0');
    (void)(*file)->ReadAt(0, plain.data(), plain.size());
  }
  if (auto meta = etcd::ParseSnapshotMeta(bytes)) {
    auto again = etcd::ParseSnapshotMeta(meta->ToJson());
    if (!again || again->ToJson() != meta->ToJson()) std::abort();
  }
  (void)etcd::SeriesOf(bytes);
  return 0;
}
