// An entry of an archive comes from outside. Its stored form, and the bytes within, may be
// anything.
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/base64.h"
#include "crypto/encryption_config.h"
#include "crypto/transformer.h"

namespace {

constexpr std::string_view kConfig = R"(
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: ["*.*"]
  providers:
  - aescbc: {keys: [{name: k, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}
  - aesgcm: {keys: [{name: k, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}
  - secretbox: {keys: [{name: k, secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}]}
  - kms: {apiVersion: v2, name: k, endpoint: "unix:///k"}
  - identity: {}
)";

holdfast::crypto::Transformers Make() {
  auto config = holdfast::crypto::EncryptionConfig::Parse(kConfig, "fuzz");
  if (!config) std::abort();
  auto built = holdfast::crypto::Transformers::Build(std::move(*config));
  if (!built) std::abort();
  return std::move(*built);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace holdfast::crypto;
  static const Transformers transformers = Make();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)WhichKey(input);
  (void)transformers.DecryptEntry("secrets", "", "a#b", input);

  // The same bytes as what the base64 holds, bare and behind each prefix.
  for (std::string_view prefix : {"", "k8s:enc:aescbc:v1:k:", "k8s:enc:aesgcm:v1:k:",
                                  "k8s:enc:secretbox:v1:k:", "k8s:enc:kms:v2:k:"}) {
    std::string bytes = std::string(prefix) + std::string(input);
    std::string stored(Base64Size(bytes.size()) + 2, '"');
    Base64Encode(bytes.data(), bytes.size(), stored.data() + 1);
    std::string back;
    if (Base64Decode(std::string_view(stored).substr(1, stored.size() - 2), back) || back != bytes)
      std::abort();
    (void)WhichKey(stored);
    (void)transformers.DecryptEntry("secrets", "", "a#b", stored);
  }

  // What is encrypted comes back.
  std::string plain = "{\"" + std::string(input) + "\"}";
  auto stored = transformers.EncryptEntry("secrets", "", "a#b", std::string(plain));
  if (!stored) std::abort();
  auto opened = transformers.DecryptEntry("secrets", "", "a#b", *stored);
  if (!opened || *opened != plain) std::abort();
  return 0;
}
