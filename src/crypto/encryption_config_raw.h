// The EncryptionConfiguration as it stands in the document, before it is validated: only
// encryption_config.cc uses this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/encryption_config.h"
#include "crypto/yaml_tree.h"

namespace holdfast::crypto {

struct RawKey {
  std::string name;
  SecretBytes secret;  // still base64
};

struct RawKms {
  std::string api_version = "v1";
  std::string name;
  std::string endpoint;
  std::string timeout = "3s";
  std::optional<int64_t> cache_size;
};

// A provider is there when its field is there and not null.
struct RawProvider {
  std::optional<std::vector<RawKey>> aescbc;
  std::optional<std::vector<RawKey>> aesgcm;
  std::optional<std::vector<RawKey>> secretbox;
  std::optional<RawKms> kms;
  bool identity = false;
};

struct RawRule {
  std::vector<std::string> resources;
  std::vector<RawProvider> providers;
};

// Takes the fields out of the document. kInvalid for a wrong kind, wrong types, unknown fields and
// keys set twice ("strict decoding error: …", all of them).
Result<std::vector<RawRule>> DecodeConfig(const YamlTree& tree);

// Checks everything that Kubernetes checks and decodes the secrets. kInvalid with all findings,
// "[a, b]" where there are several.
Result<std::vector<ResourceRule>> ValidateConfig(std::vector<RawRule> raw);

// "a", or "[a, b]"; the same text only once. At least one.
std::string JoinErrors(const std::vector<std::string>& errors);

}  // namespace holdfast::crypto
