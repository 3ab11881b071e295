#include "storage/read_stored.h"

#include "stream/sha256.h"

namespace holdfast::storage {

Result<StoredBytes> ReadStored(Store& store, const std::string& name, stream::Spool* spool,
                               const Waits& waits) {
  HF_ASSIGN(auto info, store.Stat(name, waits));
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  stream::Sha256 digest;
  StoredBytes read;
  std::string buffer(256 << 10, '\0');
  while (true) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) break;
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    std::string_view piece = std::string_view(buffer).substr(0, count);
    digest.Update(piece);
    if (spool != nullptr) HF_TRY(spool->Append(piece));
    read.bytes += count;
  }
  if (spool != nullptr) HF_TRY(spool->Flush());
  if (read.bytes != info.size) {
    return Fail(ErrorKind::kUnavailable, "it has " + std::to_string(info.size) + " bytes, but " +
                                             std::to_string(read.bytes) + " came");
  }
  read.sha256 = stream::Hex(digest.Current());
  return read;
}

}  // namespace holdfast::storage
