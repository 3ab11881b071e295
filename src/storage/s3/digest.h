// The hashes and encodings that S3's protocol is made of. Private to storage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/hex.h"
#include "base/result.h"

namespace holdfast::storage::s3 {

// 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view text);
// 64 lower-case digits.
std::string Sha256Hex(std::string_view text);

std::string Base64(std::string_view bytes);
// Padded, line breaks and blanks are skipped; none when it is something else.
std::optional<std::string> FromBase64(std::string_view text);

// CRC-64/XZ of bytes that follow those whose CRC is `before` (0 at the start). For what may have
// gone wrong on the way, not for what somebody may have done: it costs next to nothing.
uint64_t Crc64(uint64_t before, std::string_view bytes);

// A running hash. kMd5 is what S3 asks for in Content-MD5, nothing hangs on its strength.
class Hash {
 public:
  enum class Kind { kSha256, kMd5 };
  explicit Hash(Kind kind);
  void Update(std::string_view bytes);
  // The raw digest; nothing may follow.
  std::string Final();

 private:
  std::shared_ptr<void> context_;
};

}  // namespace holdfast::storage::s3
