#include "etcd/sealed.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <mutex>
#include <new>

#include <fmt/format.h>

#include "base/json_scan.h"
#include "crypto/base64.h"
#include "etcd/bytes.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kSealMagic = "HOLDFAST SEAL 1\n";
constexpr size_t kLengthBytes = 4;
constexpr uint32_t kMaxWrapped = 64 << 10;
constexpr size_t kSealKeyBytes = 32;
constexpr uint64_t kSealedChunk = kSealChunk + kSealTag;
constexpr std::string_view kContext = "holdfast/etcd-snapshot";

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// The number of the chunk and whether it is the last one: chunks cannot be moved, and none can be
// cut off unnoticed.
std::array<unsigned char, 12> Nonce(uint64_t chunk, bool last) {
  std::array<unsigned char, 12> nonce{};
  for (int i = 0; i < 8; ++i) nonce[i] = static_cast<unsigned char>(chunk >> (56 - 8 * i));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

const unsigned char* In(const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* Out(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// AES-256-GCM with one key. Used by one thread at a time.
class ChunkCipher {
 public:
  explicit ChunkCipher(const SecretBytes& key) : context_(EVP_CIPHER_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ok_ = EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, In(key.view().data()),
                            nullptr, 1) == 1;
  }
  // `out` has room for the tag too.
  Status Seal(uint64_t chunk, bool last, std::string_view plain, char* out) {
    auto nonce = Nonce(chunk, last);
    int made = 0, more = 0;
    bool ok =
        ok_ && EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data()) == 1;
    ok = ok && EVP_EncryptUpdate(context_.get(), Out(out), &made, In(plain.data()),
                                 static_cast<int>(plain.size())) == 1;
    ok = ok && EVP_EncryptFinal_ex(context_.get(), Out(out) + made, &more) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, kSealTag,
                                   out + plain.size()) == 1;
    return ok ? Status() : Fail(ErrorKind::kInternal, "AES-GCM failed");
  }
  // False where the bytes are not what was sealed.
  bool Open(uint64_t chunk, bool last, std::string_view sealed, char* out) {
    if (sealed.size() < kSealTag) return false;
    auto nonce = Nonce(chunk, last);
    size_t size = sealed.size() - kSealTag;
    char tag[kSealTag];
    std::memcpy(tag, sealed.data() + size, kSealTag);
    int made = 0, more = 0;
    bool ok =
        ok_ && EVP_DecryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data()) == 1;
    ok = ok && EVP_DecryptUpdate(context_.get(), Out(out), &made, In(sealed.data()),
                                 static_cast<int>(size)) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, kSealTag, tag) == 1;
    return ok && EVP_DecryptFinal_ex(context_.get(), Out(out) + made, &more) == 1;
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
  bool ok_ = false;
};

class ChunkFile : public File {
 public:
  ChunkFile(std::unique_ptr<File> file, uint64_t begin, const SecretBytes& key)
      : file_(std::move(file)), begin_(begin), cipher_(key) {
    uint64_t sealed = file_->size() - begin_;
    chunks_ = std::max<uint64_t>(1, (sealed + kSealedChunk - 1) / kSealedChunk);
    size_ = sealed - chunks_ * kSealTag;
  }
  ~ChunkFile() override {
    for (auto& [chunk, bytes] : cache_) Wipe(bytes);
  }

  Status ReadAt(uint64_t offset, char* out, size_t size) const override {
    while (size > 0) {
      if (offset >= size_) return Fail(ErrorKind::kCorrupt, name() + " ends too early");
      std::lock_guard lock(mutex_);
      HF_ASSIGN(const std::string* chunk, Chunk(offset / kSealChunk));
      size_t from = offset % kSealChunk;
      if (from >= chunk->size()) return Fail(ErrorKind::kCorrupt, name() + " ends too early");
      size_t some = std::min(size, chunk->size() - from);
      std::memcpy(out, chunk->data() + from, some);
      offset += some;
      out += some;
      size -= some;
    }
    return {};
  }
  uint64_t size() const override { return size_; }
  std::string name() const override { return file_->name(); }
  // Proves the end: that nothing was cut off.
  Status CheckLast() const {
    std::lock_guard lock(mutex_);
    HF_TRY(Chunk(chunks_ - 1));
    return {};
  }

 private:
  // Under mutex_; valid until the next call.
  Result<const std::string*> Chunk(uint64_t chunk) const {
    for (auto at = cache_.begin(); at != cache_.end(); ++at) {
      if (at->first != chunk) continue;
      cache_.splice(cache_.begin(), cache_, at);
      return &cache_.front().second;
    }
    uint64_t at = begin_ + chunk * kSealedChunk;
    sealed_.resize(std::min(kSealedChunk, file_->size() - at));
    HF_TRY(file_->ReadAt(at, sealed_.data(), sealed_.size()));
    std::string plain(sealed_.size() < kSealTag ? 0 : sealed_.size() - kSealTag, '\0');
    if (!cipher_.Open(chunk, chunk + 1 == chunks_, sealed_, plain.data())) {
      return Fail(
          Error(ErrorKind::kCorrupt,
                fmt::format("the encrypted chunk at byte {} was changed, or the file was cut "
                            "off behind it",
                            at))
              .With(name())
              .Hint("take another copy of the snapshot"));
    }
    constexpr size_t kCached = 16;
    if (cache_.size() == kCached) {
      Wipe(cache_.back().second);
      cache_.pop_back();
    }
    cache_.emplace_front(chunk, std::move(plain));
    return &cache_.front().second;
  }

  std::unique_ptr<File> file_;
  uint64_t begin_, chunks_ = 0, size_ = 0;
  mutable std::mutex mutex_;
  mutable ChunkCipher cipher_;
  mutable std::string sealed_;
  mutable std::list<std::pair<uint64_t, std::string>> cache_;  // newest first
};

struct Header {
  uint64_t size = 0;    // of all of it
  std::string wrapped;  // the file's key
};

Result<Header> ReadHeader(const File& file) {
  char front[kSealMagic.size() + kLengthBytes];
  if (file.size() < sizeof front)
    return Fail(ErrorKind::kCorrupt, "an encrypted file without a front");
  HF_TRY(file.ReadAt(0, front, sizeof front));
  if (!std::string_view(front, sizeof front).starts_with(kSealMagic))
    return Fail(ErrorKind::kCorrupt, "no encrypted file of ours");
  uint32_t length = Le32(front + kSealMagic.size());
  if (length > kMaxWrapped || length > file.size() - sizeof front)
    return Fail(ErrorKind::kCorrupt, "the front of an encrypted file is damaged");
  Header header{sizeof front + length, std::string(length, '\0')};
  HF_TRY(file.ReadAt(sizeof front, header.wrapped.data(), length));
  return header;
}

}  // namespace

Result<SecretBytes> NewSealKey() {
  std::string bytes(kSealKeyBytes, '\0');
  if (RAND_bytes(Out(bytes.data()), static_cast<int>(bytes.size())) != 1)
    return Fail(ErrorKind::kInternal, "the random number generator has none");
  return SecretBytes::Take(std::move(bytes));
}

Result<std::string> SealHeader(const crypto::Transformers& transformers, const SecretBytes& key) {
  if (!transformers.Encrypts("secrets", "")) {
    return Fail(
        Error(ErrorKind::kInvalid, "the encryption configuration does not encrypt Secrets")
            .Hint("a snapshot holds them all: its key is encrypted by the first provider that "
                  "the configuration has for `secrets`"));
  }
  std::string text(crypto::Base64Size(key.size()), '\0');
  crypto::Base64Encode(key.view().data(), key.size(), text.data());
  std::string json = R"({"key":")" + text + R"("})";
  Wipe(text);
  HF_ASSIGN(std::string wrapped,
            transformers.EncryptEntry("secrets", "", std::string(kContext), std::move(json)));
  std::string header(kSealMagic);
  AppendLe(header, static_cast<uint32_t>(wrapped.size()));
  return header + wrapped;
}

Result<std::string> SealedBy(std::string_view header) {
  size_t front = kSealMagic.size() + kLengthBytes;
  if (header.size() < front) return Fail(ErrorKind::kCorrupt, "no header of an encrypted file");
  uint32_t length = Le32(header.data() + kSealMagic.size());
  HF_ASSIGN(auto needed, crypto::WhichKey(header.substr(front, length)));
  return fmt::format("{}, key \"{}\"", needed.provider, needed.key_name);
}

struct SealSink::Impl {
  stream::Sink& out;
  ChunkCipher cipher;
  std::string header;
  std::string plain;  // of the chunk that is being filled
  std::string sealed = std::string(kSealedChunk, '\0');
  uint64_t chunk = 0;

  Status End(bool last) {
    if (!header.empty()) HF_TRY(out.Write(std::exchange(header, {})));
    HF_TRY(cipher.Seal(chunk++, last, plain, sealed.data()));
    Status wrote = out.Write(std::string_view(sealed).substr(0, plain.size() + kSealTag));
    plain.clear();
    return wrote;
  }
};

SealSink::SealSink(stream::Sink& out, const SecretBytes& key, std::string header)
    : impl_(new Impl{
          .out = out, .cipher = ChunkCipher(key), .header = std::move(header), .plain = {}}) {
  impl_->plain.reserve(kSealChunk);
}
SealSink::~SealSink() { Wipe(impl_->plain); }

Status SealSink::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    // A full chunk waits for the next byte: the last one is sealed in another way.
    if (impl_->plain.size() == kSealChunk) HF_TRY(impl_->End(false));
    size_t some = std::min(bytes.size(), kSealChunk - impl_->plain.size());
    impl_->plain.append(bytes.substr(0, some));
    bytes.remove_prefix(some);
  }
  return {};
}
Status SealSink::Close() { return impl_->End(true); }

Result<bool> IsSealed(const File& file) {
  char front[kSealMagic.size()];
  if (file.size() < sizeof front) return false;
  HF_TRY(file.ReadAt(0, front, sizeof front));
  return std::string_view(front, sizeof front) == kSealMagic;
}

Result<std::unique_ptr<File>> OpenChunks(std::unique_ptr<File> file, uint64_t header_size,
                                         SecretBytes key) {
  std::string name = file->name();
  uint64_t sealed = file->size() - std::min(file->size(), header_size);
  uint64_t rest = sealed % kSealedChunk;
  if (sealed < kSealTag || (rest != 0 && rest < kSealTag))
    return Fail(Error(ErrorKind::kCorrupt, "the encrypted file was cut off").With(name));
  auto opened = std::make_unique<ChunkFile>(std::move(file), header_size, key);
  HF_TRY(opened->CheckLast());
  return opened;
}

Result<std::unique_ptr<File>> OpenSealed(std::unique_ptr<File> file,
                                         const crypto::Transformers& transformers) {
  std::string name = file->name();
  HF_ASSIGN_CONTEXT(Header header, ReadHeader(*file), name);
  auto json = transformers.DecryptEntry("secrets", "", std::string(kContext), header.wrapped);
  if (!json) {
    return Fail(std::move(json)
                    .error()
                    .With("decrypting the key of " + name)
                    .Hint("give the configuration that it was saved with: --encryption-config"));
  }
  std::string text = json::FindString(*json, {"key"}).value_or("");
  Wipe(*json);
  std::string key;
  bool bad = crypto::Base64Decode(text, key).has_value() || key.size() != kSealKeyBytes;
  Wipe(text);
  if (bad) return Fail(Error(ErrorKind::kCorrupt, "its front holds no key").With(name));
  return OpenChunks(std::move(file), header.size, SecretBytes::Take(std::move(key)));
}

}  // namespace holdfast::etcd
