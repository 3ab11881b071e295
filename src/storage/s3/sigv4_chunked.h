// Bodies whose chunks are signed one after the other: STREAMING-AWS4-HMAC-SHA256-PAYLOAD.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
// Private to storage.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace holdfast::storage::s3 {

// What every chunk's signature hangs on besides the one before.
struct ChunkChain {
  std::string derived_key;  // of DeriveKey(); secret
  std::string amz_date;
  std::string scope;
  std::string seed;  // signature of the request's head
};

// The signature of a chunk whose predecessor's is `previous`.
std::string ChunkSignature(const ChunkChain& chain, std::string_view previous,
                           std::string_view chunk);

// Bytes that go over the wire for `size` bytes of payload.
uint64_t ChunkedSize(uint64_t size, size_t chunk_size);

// An upload of `plain`, cut into chunks of `chunk_size` bytes (64 KiB and more) and signed while it
// is read. Holds one chunk. Reading again from the start is possible, from elsewhere it is not.
net::Upload SignChunks(net::Upload plain, ChunkChain chain, size_t chunk_size);

}  // namespace holdfast::storage::s3
