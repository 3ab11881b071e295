// aescbc: 16-byte random IV ‖ AES-CBC with PKCS#7, always padded. Nothing is authenticated: a
// changed IV changes the first 16 bytes unnoticed, and a wrong key shows in the padding only.
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/cipher_pool.h"
#include "crypto/key_cipher.h"
#include "crypto/unsigned_bytes.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kBlock = 16;

class AesCbc : public KeyCipher {
 public:
  AesCbc(std::unique_ptr<CipherPool> encrypt, std::unique_ptr<CipherPool> decrypt,
         NonceSource& nonces)
      : encrypt_(std::move(encrypt)), decrypt_(std::move(decrypt)), nonces_(nonces) {}

  size_t SealedSize(size_t plain_size) const override {
    return kBlock + plain_size + (kBlock - plain_size % kBlock);
  }

  Status Seal(std::string_view plain, std::string_view, char* out) const override {
    HF_TRY(nonces_.Fill(out, kBlock));
    auto* iv = reinterpret_cast<unsigned char*>(out);
    HF_ASSIGN(CipherPool::Lease lease, encrypt_->Begin(iv));
    int written = 0;
    int last = 0;
    unsigned char* to = iv + kBlock;
    if (EVP_EncryptUpdate(lease.get(), to, &written, UnsignedBytes(plain),
                          static_cast<int>(plain.size())) != 1 ||
        EVP_EncryptFinal_ex(lease.get(), to + written, &last) != 1 ||
        static_cast<size_t>(written + last) + kBlock != SealedSize(plain.size())) {
      ERR_clear_error();
      return Fail(ErrorKind::kInternal, "AES-CBC encryption failed");
    }
    return {};
  }

  Status Open(std::string& data, size_t start, std::string_view) const override {
    if (data.size() - start < kBlock) return TooShort();
    auto* iv = reinterpret_cast<unsigned char*>(data.data()) + start;
    unsigned char* text = iv + kBlock;
    size_t size = data.size() - start - kBlock;
    if (size % kBlock != 0)
      return Fail(ErrorKind::kCorrupt, "the stored data is not a multiple of the block size");
    if (size == 0) return NotPadded();
    HF_ASSIGN(CipherPool::Lease lease, decrypt_->Begin(iv));
    int written = 0;
    if (EVP_DecryptUpdate(lease.get(), text, &written, text, static_cast<int>(size)) != 1 ||
        static_cast<size_t>(written) != size) {
      ERR_clear_error();
      return Fail(ErrorKind::kInternal, "AES-CBC decryption failed");
    }
    // The padding is as many bytes as each of them says. More than a block is taken, as Kubernetes
    // takes it.
    unsigned char pad = text[size - 1];
    if (pad == 0 || pad > size) return NotPadded();
    for (size_t i = size - pad; i < size; ++i)
      if (text[i] != pad) return Fail(ErrorKind::kCorrupt, "invalid padding on input");
    data.resize(data.size() - pad);
    data.erase(0, start + kBlock);
    return {};
  }

  bool authenticates() const override { return false; }

 private:
  static tl::unexpected<Error> NotPadded() {
    return Fail(ErrorKind::kCorrupt, "invalid PKCS7 data (empty or not padded)");
  }

  std::unique_ptr<CipherPool> encrypt_;
  std::unique_ptr<CipherPool> decrypt_;
  NonceSource& nonces_;
};

}  // namespace

tl::unexpected<Error> TooShort() {
  return Fail(ErrorKind::kCorrupt, "the stored data was shorter than the required size");
}

Result<std::unique_ptr<KeyCipher>> MakeAesCbc(SecretBytes key, NonceSource& nonces) {
  const char* name = key.size() == 16   ? "AES-128-CBC"
                     : key.size() == 24 ? "AES-192-CBC"
                                        : "AES-256-CBC";
  using Direction = CipherPool::Direction;
  HF_ASSIGN(auto encrypt, CipherPool::Make(name, key.Clone(), Direction::kEncrypt));
  HF_ASSIGN(auto decrypt, CipherPool::Make(name, std::move(key), Direction::kDecrypt));
  return std::make_unique<AesCbc>(std::move(encrypt), std::move(decrypt), nonces);
}

}  // namespace holdfast::crypto
