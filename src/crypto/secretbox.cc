// secretbox: NaCl's, 24-byte random nonce ‖ 16-byte Poly1305 tag ‖ XSalsa20 ciphertext.
#include <sodium.h>

#include "crypto/key_cipher.h"
#include "crypto/unsigned_bytes.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kNonce = crypto_secretbox_NONCEBYTES;
constexpr size_t kTag = crypto_secretbox_MACBYTES;
static_assert(kNonce == 24 && kTag == 16 && crypto_secretbox_KEYBYTES == 32);

class Secretbox : public KeyCipher {
 public:
  Secretbox(SecretBytes key, NonceSource& nonces) : key_(std::move(key)), nonces_(nonces) {}

  size_t SealedSize(size_t plain_size) const override { return kNonce + kTag + plain_size; }

  Status Seal(std::string_view plain, std::string_view, char* out) const override {
    HF_TRY(nonces_.Fill(out, kNonce));
    auto* nonce = reinterpret_cast<unsigned char*>(out);
    if (crypto_secretbox_easy(nonce + kNonce, UnsignedBytes(plain), plain.size(), nonce,
                              UnsignedBytes(key_.view())) != 0)
      return Fail(ErrorKind::kInternal, "secretbox encryption failed");
    return {};
  }

  Status Open(std::string& data, size_t start, std::string_view) const override {
    if (data.size() - start < kNonce + kTag) return TooShort();
    auto* nonce = reinterpret_cast<unsigned char*>(data.data()) + start;
    unsigned char* tag = nonce + kNonce;
    unsigned char* text = tag + kTag;
    size_t size = data.size() - start - kNonce - kTag;
    // Kubernetes' words, misleading as they are: the tag does not fit.
    if (crypto_secretbox_open_detached(text, text, tag, size, nonce, UnsignedBytes(key_.view())) !=
        0)
      return Fail(ErrorKind::kCorrupt, "output array was not large enough for encryption");
    data.erase(0, start + kNonce + kTag);
    return {};
  }

  bool authenticates() const override { return true; }

 private:
  SecretBytes key_;
  NonceSource& nonces_;
};

}  // namespace

Result<std::unique_ptr<KeyCipher>> MakeSecretbox(SecretBytes key, NonceSource& nonces) {
  if (sodium_init() < 0) return Fail(ErrorKind::kInternal, "libsodium does not start");
  if (key.size() != crypto_secretbox_KEYBYTES)
    return Fail(ErrorKind::kInternal, "secretbox: wrong key length");
  return std::make_unique<Secretbox>(std::move(key), nonces);
}

}  // namespace holdfast::crypto
