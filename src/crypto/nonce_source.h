// Random nonces and IVs from OpenSSL's generator, drawn in bulk because a call for 16 bytes costs
// more than encrypting a small object.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include "base/result.h"

namespace holdfast::crypto {

// Thread-safe. No byte is ever handed out twice, also not in a forked child that encrypts: there
// must be none (the program forks only to exec).
class NonceSource {
 public:
  // Writes `size` (at most 64) random bytes. kInternal when the generator has none.
  Status Fill(char* out, size_t size);

 private:
  std::mutex mutex_;
  std::array<unsigned char, 4096> pool_{};
  size_t used_ = 4096;
};

}  // namespace holdfast::crypto
