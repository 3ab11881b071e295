#include "crypto/kms.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hex.h"
#include "base/json_text.h"
#include "crypto/key_cipher.h"
#include "crypto/kms_object.h"
#include "crypto/unsigned_bytes.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kSeed = 32;
constexpr size_t kInfo = 32;
constexpr size_t kKeptKeys = 1024;

// HKDF-Expand with SHA-256 to 32 bytes, which are its first block.
Result<SecretBytes> DrawKey(std::string_view seed, std::string_view info) {
  std::string block(info);
  block += '\1';
  unsigned char key[32];
  unsigned size = 0;
  if (HMAC(EVP_sha256(), seed.data(), static_cast<int>(seed.size()), UnsignedBytes(block),
           block.size(), key, &size) == nullptr ||
      size != sizeof key)
    return Fail(ErrorKind::kInternal, "HMAC-SHA256 failed");
  SecretBytes out(std::string_view(reinterpret_cast<const char*>(key), sizeof key));
  Wipe(key, sizeof key);
  return out;
}

Result<std::string> NewUid(NonceSource& nonces) {
  char bytes[16];
  HF_TRY(nonces.Fill(bytes, sizeof bytes));
  return HexOf(std::string_view(bytes, sizeof bytes));
}

}  // namespace

struct KmsCipher::Written {
  SecretBytes seed;
  KmsSealed sealed;
};

KmsCipher::KmsCipher(std::string name, std::string endpoint, std::chrono::nanoseconds timeout,
                     KmsConnector connector, NonceSource& nonces)
    : name_(std::move(name)),
      endpoint_(std::move(endpoint)),
      timeout_(timeout),
      connector_(std::move(connector)),
      nonces_(nonces) {}
KmsCipher::~KmsCipher() = default;

Error KmsCipher::Explain(Error error) const {
  bool down = error.kind() == ErrorKind::kUnavailable;
  error = std::move(error).With("KMS plugin " + json::Quote(name_) + " at " + endpoint_);
  if (!down || !error.hint().empty()) return error;
  return std::move(error).Hint(
      "the plugin must run on this machine and its socket be readable; the endpoint stands in the "
      "encryption configuration");
}

Result<KmsService*> KmsCipher::Service() {
  if (service_ == nullptr) {
    if (!connector_)
      return Fail(Explain(Error(ErrorKind::kInvalid, "KMS v2 is not available here")));
    auto made = connector_(endpoint_, timeout_);
    if (!made) return Fail(Explain(std::move(made).error()));
    service_ = std::move(*made);
  }
  return service_.get();
}

Result<std::string> KmsCipher::Seal(std::string_view plain, std::string_view context) {
  KmsObject object;
  object.key_type = 1;
  object.data.resize(kInfo);
  HF_TRY(nonces_.Fill(object.data.data(), kInfo));
  SecretBytes key;
  {
    std::lock_guard lock(mutex_);
    if (written_ == nullptr) {
      HF_ASSIGN(KmsService * service, Service());
      auto written = std::make_unique<Written>();
      char seed[kSeed];
      HF_TRY(nonces_.Fill(seed, kSeed));
      written->seed = SecretBytes(std::string_view(seed, kSeed));
      Wipe(seed, kSeed);
      HF_ASSIGN(std::string uid, NewUid(nonces_));
      auto sealed = service->Encrypt(written->seed.view(), uid);
      if (!sealed) return Fail(Explain(std::move(sealed).error()));
      written->sealed = std::move(*sealed);
      written_ = std::move(written);
    }
    object.key = written_->sealed;
    HF_ASSIGN(key, DrawKey(written_->seed.view(), object.data));
  }
  HF_ASSIGN(auto cipher, MakeAesGcm(std::move(key), nonces_));
  object.data.resize(kInfo + cipher->SealedSize(plain.size()));
  HF_TRY(cipher->Seal(plain, context, object.data.data() + kInfo));
  std::string payload = EncodeKmsObject(object);
  // What could not be read again must not be written.
  HF_TRY(ParseKmsObject(payload));
  return payload;
}

Result<SecretBytes> KmsCipher::OpenKey(const KmsSealed& sealed) {
  KmsObject id;
  id.key = sealed;
  std::string known = EncodeKmsObject(id);
  std::lock_guard lock(mutex_);
  auto found = opened_.find(known);
  if (found != opened_.end()) return found->second.Clone();
  HF_ASSIGN(KmsService * service, Service());
  HF_ASSIGN(std::string uid, NewUid(nonces_));
  auto opened = service->Decrypt(sealed, uid);
  if (!opened) return Fail(Explain(std::move(opened).error()));
  if (opened_.size() >= kKeptKeys) opened_.clear();
  opened_.emplace(std::move(known), opened->Clone());
  return opened;
}

Result<std::string> KmsCipher::Open(std::string_view payload, std::string_view context) {
  HF_ASSIGN(KmsObject object, ParseKmsObject(payload));
  HF_ASSIGN(SecretBytes key, OpenKey(object.key));
  size_t start = 0;
  if (object.key_type == 1) {
    if (object.data.size() < kInfo) return TooShort();
    HF_ASSIGN(key, DrawKey(key.view(), std::string_view(object.data).substr(0, kInfo)));
    start = kInfo;
  } else if (key.size() != 16 && key.size() != 24 && key.size() != 32) {
    return Fail(Explain(
        Error(ErrorKind::kCorrupt, "it gave a key of " + std::to_string(key.size()) + " bytes")));
  }
  HF_ASSIGN(auto cipher, MakeAesGcm(std::move(key), nonces_));
  HF_TRY(cipher->Open(object.data, start, context));
  return std::move(object.data);
}

}  // namespace holdfast::crypto
