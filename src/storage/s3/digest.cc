#include "storage/s3/digest.h"

#include <isa-l/crc64.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace holdfast::storage::s3 {

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

std::string Sha256Hex(std::string_view text) {
  Hash hash(Hash::Kind::kSha256);
  hash.Update(text);
  return HexOf(hash.Final());
}

std::string Base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::optional<std::string> FromBase64(std::string_view text) {
  std::string plain;
  for (char c : text)
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') plain += c;
  if (plain.empty()) return std::string();
  if (plain.size() % 4 != 0) return std::nullopt;
  size_t pad = plain.ends_with("==") ? 2 : plain.ends_with("=") ? 1 : 0;
  if (plain.find('=') < plain.size() - pad) return std::nullopt;
  std::string out(plain.size() / 4 * 3, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(plain.data()),
                             static_cast<int>(plain.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<size_t>(size) - pad);
  return out;
}

uint64_t Crc64(uint64_t before, std::string_view bytes) {
  return crc64_ecma_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size());
}

Hash::Hash(Kind kind)
    : context_(EVP_MD_CTX_new(), [](void* c) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(c)); }) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                    kind == Kind::kMd5 ? EVP_md5() : EVP_sha256(), nullptr);
}

void Hash::Update(std::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size());
}

std::string Hash::Final() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()), out, &size);
  return std::string(reinterpret_cast<char*>(out), size);
}

}  // namespace holdfast::storage::s3
