// OpenSSL cipher contexts that already know their key: making one costs more than encrypting a
// small object.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

struct evp_cipher_ctx_st;
struct evp_cipher_st;

namespace holdfast::crypto {

// Thread-safe. Holds as many contexts as were ever in use at once. The key, and the contexts'
// copies of it, are wiped when the pool is destroyed; no lease may outlive it.
class CipherPool {
 public:
  enum class Direction { kEncrypt, kDecrypt };

  // `cipher` as OpenSSL names it ("AES-256-CBC"); the key's length must be the cipher's. Padding is
  // on when encrypting and off when decrypting.
  static Result<std::unique_ptr<CipherPool>> Make(const char* cipher, SecretBytes key,
                                                  Direction direction);

  struct FreeContext {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, FreeContext>;

  class Lease {
   public:
    Lease(CipherPool& pool, Context context) : pool_(&pool), context_(std::move(context)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (context_ != nullptr) pool_->Return(std::move(context_));
    }
    evp_cipher_ctx_st* get() const { return context_.get(); }

   private:
    CipherPool* pool_;
    Context context_;
  };

  // A context with key and this IV set, ready for one message. kInternal from OpenSSL.
  Result<Lease> Begin(const unsigned char* iv);

 private:
  struct FreeCipher {
    void operator()(evp_cipher_st* cipher) const;
  };

  CipherPool(evp_cipher_st* cipher, SecretBytes key, Direction direction)
      : cipher_(cipher), key_(std::move(key)), direction_(direction) {}
  Result<Context> NewContext() const;
  void Return(Context context);

  const std::unique_ptr<evp_cipher_st, FreeCipher> cipher_;
  const SecretBytes key_;
  const Direction direction_;
  std::mutex mutex_;
  std::vector<Context> idle_;
};

}  // namespace holdfast::crypto
