// aesgcm: 12-byte random nonce ‖ ciphertext ‖ 16-byte tag, bound to the entry's name by the
// additional data.
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/cipher_pool.h"
#include "crypto/key_cipher.h"
#include "crypto/unsigned_bytes.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;

class AesGcm : public KeyCipher {
 public:
  AesGcm(std::unique_ptr<CipherPool> encrypt, std::unique_ptr<CipherPool> decrypt,
         NonceSource& nonces)
      : encrypt_(std::move(encrypt)), decrypt_(std::move(decrypt)), nonces_(nonces) {}

  size_t SealedSize(size_t plain_size) const override { return kNonce + plain_size + kTag; }

  Status Seal(std::string_view plain, std::string_view context, char* out) const override {
    HF_TRY(nonces_.Fill(out, kNonce));
    auto* nonce = reinterpret_cast<unsigned char*>(out);
    HF_ASSIGN(CipherPool::Lease lease, encrypt_->Begin(nonce));
    unsigned char* to = nonce + kNonce;
    int size = static_cast<int>(plain.size());
    int written = 0;
    int last = 0;
    if (EVP_EncryptUpdate(lease.get(), nullptr, &written, UnsignedBytes(context),
                          static_cast<int>(context.size())) != 1 ||
        EVP_EncryptUpdate(lease.get(), to, &written, UnsignedBytes(plain), size) != 1 ||
        written != size || EVP_EncryptFinal_ex(lease.get(), to + size, &last) != 1 ||
        EVP_CIPHER_CTX_ctrl(lease.get(), EVP_CTRL_AEAD_GET_TAG, kTag, to + size) != 1) {
      ERR_clear_error();
      return Fail(ErrorKind::kInternal, "AES-GCM encryption failed");
    }
    return {};
  }

  Status Open(std::string& data, size_t start, std::string_view context) const override {
    if (data.size() - start < kNonce) return TooShort();
    if (data.size() - start < kNonce + kTag) return NotAuthentic();
    auto* nonce = reinterpret_cast<unsigned char*>(data.data()) + start;
    unsigned char* text = nonce + kNonce;
    int size = static_cast<int>(data.size() - start - kNonce - kTag);
    HF_ASSIGN(CipherPool::Lease lease, decrypt_->Begin(nonce));
    int written = 0;
    int last = 0;
    if (EVP_CIPHER_CTX_ctrl(lease.get(), EVP_CTRL_AEAD_SET_TAG, kTag, text + size) != 1 ||
        EVP_DecryptUpdate(lease.get(), nullptr, &written, UnsignedBytes(context),
                          static_cast<int>(context.size())) != 1 ||
        EVP_DecryptUpdate(lease.get(), text, &written, text, size) != 1 || written != size ||
        EVP_DecryptFinal_ex(lease.get(), text + size, &last) != 1) {
      ERR_clear_error();
      return NotAuthentic();
    }
    data.resize(data.size() - kTag);
    data.erase(0, start + kNonce);
    return {};
  }

  bool authenticates() const override { return true; }

 private:
  static tl::unexpected<Error> NotAuthentic() {
    return Fail(ErrorKind::kCorrupt, "cipher: message authentication failed");
  }

  std::unique_ptr<CipherPool> encrypt_;
  std::unique_ptr<CipherPool> decrypt_;
  NonceSource& nonces_;
};

}  // namespace

Result<std::unique_ptr<KeyCipher>> MakeAesGcm(SecretBytes key, NonceSource& nonces) {
  const char* name = key.size() == 16   ? "AES-128-GCM"
                     : key.size() == 24 ? "AES-192-GCM"
                                        : "AES-256-GCM";
  using Direction = CipherPool::Direction;
  HF_ASSIGN(auto encrypt, CipherPool::Make(name, key.Clone(), Direction::kEncrypt));
  HF_ASSIGN(auto decrypt, CipherPool::Make(name, std::move(key), Direction::kDecrypt));
  return std::make_unique<AesGcm>(std::move(encrypt), std::move(decrypt), nonces);
}

}  // namespace holdfast::crypto
