// Encrypts and decrypts the entries of one archive, byte-compatible with Kubernetes' encryption at
// rest as it stands in archives: `"` base64(prefix ‖ payload) `"`, or the plain JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/encryption_config.h"
#include "crypto/kms.h"

namespace holdfast::crypto {

// All const methods may be called by many threads at once. Owns the keys and wipes them.
class Transformers {
 public:
  // Takes the keys out of the configuration. kInvalid "error while building transformers: …" where
  // an item can never be reached because an earlier wildcard covers it.
  // Plugins of KMS v2 are reached through `kms`, when the first value needs them.
  static Result<Transformers> Build(EncryptionConfig config, KmsConnector kms = nullptr);
  // Plain for everything; reading an encrypted entry fails and says which key it needs.
  static Transformers None();

  Transformers(Transformers&&) noexcept;
  Transformers& operator=(Transformers&&) noexcept;
  ~Transformers();

  // The bytes to be stored for one object's JSON. `plural` and `group` are the resource as in its
  // URL (group "" is core). `data_context` is "<name>", or "<namespace>#<name>"; aesgcm binds the
  // entry to it. Errors: those of a KMS plugin (kUnavailable ...), kInternal from the library.
  Result<std::string> EncryptEntry(std::string_view plural, std::string_view group,
                                   std::string_view data_context, std::string&& plain_json) const;

  // The JSON of a stored entry; a plain one is returned as it is, whatever the configuration says,
  // and is not checked to be JSON. Every provider and key whose prefix matches is tried, in order.
  // Errors: kCorrupt where the bytes are damaged or the key is wrong, kInvalid where the
  // configuration has no such key; the hint names the provider and key that the entry needs;
  // kUnavailable where a KMS plugin does not answer. The caller adds the entry's path.
  Result<std::string> DecryptEntry(std::string_view plural, std::string_view group,
                                   std::string_view data_context, std::string_view stored) const;

  // The same for a value as an API server stores it in etcd: prefix and payload, JSON or protobuf
  // inside. `key` is the whole etcd key, which aesgcm and kms bind values to.
  Result<std::string> DecryptStored(std::string_view plural, std::string_view group,
                                    std::string_view key, std::string_view value) const;

  // Whether EncryptEntry would write anything but the plain JSON.
  bool Encrypts(std::string_view plural, std::string_view group) const;

 private:
  struct Impl;
  explicit Transformers(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// An entry is encrypted iff its first byte is `"`: an object starts with `{`.
bool IsEncrypted(std::string_view stored);

// What an encrypted entry needs, read from its prefix without any key.
struct KeyNeeded {
  std::string provider;  // "aescbc", "aesgcm", "secretbox", "kms v1", "kms v2"
  std::string key_name;  // for kms: the provider's name
};
// kInvalid where the entry is plain; kCorrupt where it is not base64 or has no known prefix.
Result<KeyNeeded> WhichKey(std::string_view stored);
// The same of the bytes inside: those of etcd.
Result<KeyNeeded> KeyOfPrefix(std::string_view bytes);

}  // namespace holdfast::crypto
