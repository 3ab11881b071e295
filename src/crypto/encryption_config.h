// Kubernetes' EncryptionConfiguration (apiserver.config.k8s.io/v1): which resources are encrypted
// by which providers with which keys. Read strictly: what is not understood is an error, because a
// misspelt field would leave secrets in plain text.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace holdfast::crypto {

enum class ProviderKind { kIdentity, kAesCbc, kAesGcm, kSecretbox, kKms };

// The field's name in the configuration: "aescbc".
std::string_view ProviderKindName(ProviderKind kind);

struct Key {
  std::string name;
  SecretBytes secret;  // decoded from base64; its length is one that the provider takes
};

// One entry of `providers`, exactly one kind each.
struct Provider {
  ProviderKind kind = ProviderKind::kIdentity;
  std::vector<Key> keys;  // aescbc, aesgcm, secretbox: at least one
  // kms from here on. "v1" parses, and is refused when transformers are built.
  std::string kms_version;
  std::string kms_name;
  std::string kms_endpoint;  // "unix:///path"
  std::chrono::nanoseconds kms_timeout{std::chrono::seconds(3)};
};

// One element of the configuration's `resources`.
struct ResourceRule {
  std::vector<std::string>
      resources;                    // "secrets", "roles.rbac.authorization.k8s.io", "*.apps", "*.*"
  std::vector<Provider> providers;  // at least one
};

class EncryptionConfig {
 public:
  // Parses and validates. `name` stands for the document in messages: a path, or a Secret and its
  // key. Errors are kInvalid, "error while parsing file: …", and never hold a secret (they show
  // "REDACTED"). Limits: 1 MiB, 10,000 nodes with aliases expanded, nesting of 32, one document.
  static Result<EncryptionConfig> Parse(std::string_view yaml_or_json, std::string_view name);
  // Reads the file and parses it; blocks on the disk. What was read is wiped.
  static Result<EncryptionConfig> Load(const std::filesystem::path& file);

  EncryptionConfig(EncryptionConfig&&) = default;
  EncryptionConfig& operator=(EncryptionConfig&&) = default;
  EncryptionConfig(const EncryptionConfig&) = delete;
  EncryptionConfig& operator=(const EncryptionConfig&) = delete;

  const std::vector<ResourceRule>& rules() const { return rules_; }
  // Hands the rules, and with them the keys, over.
  std::vector<ResourceRule> TakeRules() && { return std::move(rules_); }

 private:
  explicit EncryptionConfig(std::vector<ResourceRule> rules) : rules_(std::move(rules)) {}

  std::vector<ResourceRule> rules_;
};

}  // namespace holdfast::crypto
