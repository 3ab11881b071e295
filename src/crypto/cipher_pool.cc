#include "crypto/cipher_pool.h"

#include <string>
#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/unsigned_bytes.h"

namespace holdfast::crypto {
namespace {

// OpenSSL's own words for the last failure of this thread. They name causes, never data.
tl::unexpected<Error> OpenSslFailure(const char* what) {
  char text[160] = "unknown cause";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return Fail(ErrorKind::kInternal, std::string(what) + ": " + text);
}

}  // namespace

void CipherPool::FreeContext::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);  // wipes the key schedule
}

void CipherPool::FreeCipher::operator()(evp_cipher_st* cipher) const { EVP_CIPHER_free(cipher); }

Result<std::unique_ptr<CipherPool>> CipherPool::Make(const char* cipher, SecretBytes key,
                                                     Direction direction) {
  EVP_CIPHER* fetched = EVP_CIPHER_fetch(nullptr, cipher, nullptr);
  if (fetched == nullptr) return OpenSslFailure(cipher);
  std::unique_ptr<CipherPool> pool(new CipherPool(fetched, std::move(key), direction));
  if (static_cast<size_t>(EVP_CIPHER_get_key_length(fetched)) != pool->key_.size())
    return Fail(ErrorKind::kInternal, std::string(cipher) + ": wrong key length");
  return pool;
}

Result<CipherPool::Context> CipherPool::NewContext() const {
  Context context(EVP_CIPHER_CTX_new());
  if (context == nullptr) return OpenSslFailure("making a cipher context");
  if (EVP_CipherInit_ex2(context.get(), cipher_.get(), UnsignedBytes(key_.view()), nullptr,
                         direction_ == Direction::kEncrypt ? 1 : 0, nullptr) != 1)
    return OpenSslFailure("setting the key");
  return context;
}

Result<CipherPool::Lease> CipherPool::Begin(const unsigned char* iv) {
  Context context;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      context = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (context == nullptr) {
    HF_ASSIGN(context, NewContext());
  }
  Lease lease(*this, std::move(context));
  if (EVP_CipherInit_ex2(lease.get(), nullptr, nullptr, iv, -1, nullptr) != 1)
    return OpenSslFailure("setting the IV");
  EVP_CIPHER_CTX_set_padding(lease.get(), direction_ == Direction::kEncrypt ? 1 : 0);
  return lease;
}

void CipherPool::Return(Context context) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(context));
}

}  // namespace holdfast::crypto
