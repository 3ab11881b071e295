// What reconcilers read from and write to the cluster besides the engines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/transformer.h"
#include "kube/client.h"
#include "operator/custom_resources.h"

namespace holdfast::op {

// One value of a Secret. kNotFound `secrets "<name>" not found`, also where the namespace is
// missing; an empty optional when the Secret has no such key. Blocks.
Result<std::optional<SecretBytes>> ReadSecretKey(kube::Client& client, const std::string& ns,
                                                 const std::string& name, const std::string& key,
                                                 const kube::Call& call);
// All values.
struct SecretValue {
  std::string key;
  SecretBytes value;
};
struct SecretData {
  bool has_data = false;  // it has the field at all
  std::vector<SecretValue> values;
  const SecretBytes* Find(std::string_view key) const;
};
// kInvalid "<key> could not be base64 decoded" where it cannot.
Result<SecretData> ReadSecret(kube::Client& client, const std::string& ns, const std::string& name,
                              const kube::Call& call);

// The keys of Secret `name` of the operator's namespace (key encryption-provider-config.yaml);
// kInvalid "no encryptionConfig provided" without that key. None() for an empty name.
Result<crypto::Transformers> ReadKeys(kube::Client& client, const std::string& ns,
                                      const std::string& name, const kube::Call& call);

// Merges `status` (a JSON object) into the object's status; null removes a field. kNotFound or
// kConflict when the object is gone or is another one of the same name.
Status PatchStatus(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
                   const std::string& status, const kube::Call& call);
// Replaces metadata.finalizers; kConflict when the object has changed since it was read.
Status PatchFinalizers(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
                       const std::vector<std::string>& finalizers, const kube::Call& call);

// A Kubernetes Event about a cluster-scoped object (in namespace default). Failures are logged
// only. Blocks for a request.
struct EventText {
  bool warning = false;
  std::string reason;  // "BackupCompleted"
  std::string message;
};
void EmitEvent(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
               const EventText& event, Clock& clock, const Logger& log);

// The reference operator holds that Lease without ever renewing it. Removes what one that died left
// behind, for a Restore that is not there any more or has ended; returns the holder, empty: there
// was nothing. Blocks.
Result<std::string> RemoveDeadRestoreLease(kube::Client& client, const std::string& ns,
                                           const kube::Call& call);

}  // namespace holdfast::op
