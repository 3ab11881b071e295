#include "stream/sha256.h"

#include <openssl/evp.h>

#include <new>

#include "base/hex.h"

namespace holdfast::stream {
namespace {

// OpenSSL's SHA-256 can only fail for want of memory.
void Must(int ok) {
  if (ok != 1) throw std::bad_alloc();
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context NewContext() {
  Context context(EVP_MD_CTX_new());
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

}  // namespace

struct Sha256::Impl {
  Context context = NewContext();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  Must(EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr));
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  Must(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
}

Digest Sha256::Current() const {
  Context copy = NewContext();
  Must(EVP_MD_CTX_copy_ex(copy.get(), impl_->context.get()));
  Digest digest;
  Must(EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr));
  return digest;
}

Digest Sha256::Of(std::string_view bytes) {
  Digest digest;
  Must(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr));
  return digest;
}

std::string Hex(const Digest& digest) {
  return HexOf({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace holdfast::stream
