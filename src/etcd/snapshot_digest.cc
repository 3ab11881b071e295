#include "etcd/snapshot_digest.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace holdfast::etcd {

Result<DigestState> CheckDigest(const File& file, std::stop_token stop) {
  if (file.size() % 512 != 32) return DigestState::kMissing;
  uint64_t end = file.size() - 32;
  constexpr size_t kBuffer = 1 << 20;
  auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  stream::Sha256 sha;
  for (uint64_t at = 0; at < end;) {
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    size_t size = std::min<uint64_t>(kBuffer, end - at);
    HF_TRY(file.ReadAt(at, buffer.get(), size));
    sha.Update({buffer.get(), size});
    at += size;
  }
  stream::Digest stored;
  HF_TRY(file.ReadAt(end, buffer.get(), stored.size()));
  std::memcpy(stored.data(), buffer.get(), stored.size());
  return stored == sha.Current() ? DigestState::kMatches : DigestState::kDiffers;
}

}  // namespace holdfast::etcd
