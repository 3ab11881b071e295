// Slowing an upload down. Private to storage.
#pragma once

#include <algorithm>
#include <utility>

#include "net/http_message.h"
#include "storage/s3/s3_config.h"

namespace holdfast::storage::s3 {

// The upload with its bytes going through config.pace_upload, in pieces so small that a slow pace
// does not look like a stall.
inline net::Upload Paced(net::Upload upload, const S3Config& config, const Waits& waits) {
  if (!config.pace_upload) return upload;
  upload.read_at = [read_at = std::move(upload.read_at), pace = config.pace_upload, waits](
                       uint64_t offset, char* out, size_t capacity) -> Result<size_t> {
    HF_ASSIGN(size_t count, read_at(offset, out, std::min(capacity, size_t{16} << 10)));
    if (count > 0) HF_TRY(pace(count, waits));
    return count;
  };
  return upload;
}

}  // namespace holdfast::storage::s3
