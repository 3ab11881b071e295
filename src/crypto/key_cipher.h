// One provider's way of sealing a value under one key. What comes after the prefix in an entry is
// called the payload.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/nonce_source.h"

namespace holdfast::crypto {

// OpenSSL counts in int; no object comes near.
constexpr size_t kMaxValueSize = size_t{1} << 30;

// Const methods are thread-safe. Owns its key.
class KeyCipher {
 public:
  virtual ~KeyCipher() = default;

  // Bytes of the payload of a value of `plain_size` bytes.
  virtual size_t SealedSize(size_t plain_size) const = 0;

  // Writes the payload, SealedSize(plain.size()) bytes, to `out`, which must not overlap `plain`.
  // `context` is authenticated where the provider can.
  virtual Status Seal(std::string_view plain, std::string_view context, char* out) const = 0;

  // Turns `data`, whose payload begins at `start`, into the value. On failure (kCorrupt; the words
  // are Kubernetes') `data` is spoilt.
  virtual Status Open(std::string& data, size_t start, std::string_view context) const = 0;

  // Whether Open is certain to notice a wrong key and changed bytes.
  virtual bool authenticates() const = 0;
};

// Keys of 16, 24 or 32 bytes (aescbc, aesgcm) or 32 bytes (secretbox); kInternal for others.
// `nonces` must outlive the cipher.
Result<std::unique_ptr<KeyCipher>> MakeAesCbc(SecretBytes key, NonceSource& nonces);
Result<std::unique_ptr<KeyCipher>> MakeAesGcm(SecretBytes key, NonceSource& nonces);
Result<std::unique_ptr<KeyCipher>> MakeSecretbox(SecretBytes key, NonceSource& nonces);

// What every Open says of a payload that cannot be one.
tl::unexpected<Error> TooShort();

}  // namespace holdfast::crypto
