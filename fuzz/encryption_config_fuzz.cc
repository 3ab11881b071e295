// An EncryptionConfiguration comes from outside: parsing ends, and what parses can be used.
#include <cstdlib>
#include <string_view>

#include "crypto/encryption_config.h"
#include "crypto/transformer.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace holdfast::crypto;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = EncryptionConfig::Parse(text, "fuzz");
  if (!config) return 0;
  auto transformers = Transformers::Build(std::move(*config));
  if (!transformers) return 0;
  auto stored = transformers->EncryptEntry("secrets", "", "a#b", "{}");
  if (!stored) return 0;  // KMS
  auto plain = transformers->DecryptEntry("secrets", "", "a#b", *stored);
  if (!plain || *plain != "{}") std::abort();
  return 0;
}
