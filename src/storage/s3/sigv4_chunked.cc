#include "storage/s3/sigv4_chunked.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/secret.h"
#include "storage/s3/digest.h"

namespace holdfast::storage::s3 {
namespace {

constexpr std::string_view kExtension = ";chunk-signature=";
constexpr size_t kSignatureSize = 64;

std::string HexSize(uint64_t size) {
  char text[20];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(size));
  return text;
}

uint64_t FrameSize(uint64_t payload) {
  return HexSize(payload).size() + kExtension.size() + kSignatureSize + 2 + payload + 2;
}

class ChunkedBody {
 public:
  ChunkedBody(net::Upload plain, ChunkChain chain, size_t chunk_size)
      : plain_(std::move(plain)), chain_(std::move(chain)), chunk_size_(chunk_size) {
    Restart();
  }
  ~ChunkedBody() { Wipe(chain_.derived_key); }

  Result<size_t> ReadAt(uint64_t offset, char* buffer, size_t capacity) {
    if (offset == 0 && sent_ != 0) Restart();
    if (offset != sent_)
      return Fail(ErrorKind::kInternal, "a body of signed chunks is read out of order");
    if (frame_at_ == frame_.size()) HF_TRY(NextFrame());
    size_t size = std::min(capacity, frame_.size() - frame_at_);
    std::memcpy(buffer, frame_.data() + frame_at_, size);
    frame_at_ += size;
    sent_ += size;
    return size;
  }

 private:
  void Restart() {
    previous_ = chain_.seed;
    plain_at_ = sent_ = 0;
    frame_at_ = 0;
    frame_.clear();
    ended_ = false;
  }
  // The empty chunk ends the body.
  Status NextFrame() {
    frame_at_ = 0;
    frame_.clear();
    if (ended_) return {};
    std::string chunk(std::min<uint64_t>(chunk_size_, plain_.size - plain_at_), '\0');
    for (size_t got = 0; got < chunk.size();) {
      HF_ASSIGN(size_t n, plain_.read_at(plain_at_, chunk.data() + got, chunk.size() - got));
      if (n == 0) return Fail(ErrorKind::kInternal, "the request's body ended early");
      got += n;
      plain_at_ += n;
    }
    ended_ = chunk.empty();
    previous_ = ChunkSignature(chain_, previous_, chunk);
    frame_ = HexSize(chunk.size()) + std::string(kExtension) + previous_ + "\r\n";
    frame_ += chunk;
    frame_ += "\r\n";
    return {};
  }

  net::Upload plain_;
  ChunkChain chain_;
  const size_t chunk_size_;
  std::string previous_, frame_;
  size_t frame_at_ = 0;
  uint64_t plain_at_ = 0, sent_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string ChunkSignature(const ChunkChain& chain, std::string_view previous,
                           std::string_view chunk) {
  std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n" + chain.amz_date + "\n" + chain.scope + "\n" +
                     std::string(previous) + "\n" + Sha256Hex("") + "\n" + Sha256Hex(chunk);
  return HexOf(HmacSha256(chain.derived_key, text));
}

uint64_t ChunkedSize(uint64_t size, size_t chunk_size) {
  uint64_t whole = size / chunk_size, rest = size % chunk_size;
  return whole * FrameSize(chunk_size) + (rest != 0 ? FrameSize(rest) : 0) + FrameSize(0);
}

net::Upload SignChunks(net::Upload plain, ChunkChain chain, size_t chunk_size) {
  net::Upload upload;
  upload.size = ChunkedSize(plain.size, chunk_size);
  auto body = std::make_shared<ChunkedBody>(std::move(plain), std::move(chain), chunk_size);
  upload.read_at = [body](uint64_t offset, char* buffer, size_t capacity) {
    return body->ReadAt(offset, buffer, capacity);
  };
  return upload;
}

}  // namespace holdfast::storage::s3
