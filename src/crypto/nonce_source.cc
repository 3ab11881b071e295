#include "crypto/nonce_source.h"

#include <cstring>

#include <openssl/rand.h>

#include "base/secret.h"

namespace holdfast::crypto {

Status NonceSource::Fill(char* out, size_t size) {
  std::lock_guard lock(mutex_);
  if (size > pool_.size() - used_) {
    used_ = pool_.size();  // what is left is not used if drawing fails
    if (RAND_bytes(pool_.data(), static_cast<int>(pool_.size())) != 1)
      return Fail(ErrorKind::kInternal, "unable to read sufficient random bytes");
    used_ = 0;
  }
  std::memcpy(out, pool_.data() + used_, size);
  Wipe(pool_.data() + used_, size);
  used_ += size;
  return {};
}

}  // namespace holdfast::crypto
