// Kubernetes' objects in an etcd store: where the API server keeps them, and what a stored value
// is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/transformer.h"
#include "etcd/kube/protobuf_json.h"

namespace holdfast::etcd {

struct KubeResource {
  std::string plural;
  std::string group;  // empty: core, or not said
};
// "secrets", "deployments.apps", "certificates.cert-manager.io".
KubeResource ParseResource(std::string_view text);

// The folders (behind the prefix, without slashes around) that objects of the resource may lie in.
// Built-in types lie under their plural or an older name, whatever their group; custom ones under
// group and plural.
std::vector<std::string> FoldersOf(const KubeResource& resource);

// What a key under `prefix` "/registry" names. None for keys that hold no API object.
struct ObjectKey {
  std::string_view folder;
  std::string_view ns;  // empty: cluster-scoped
  std::string_view name;
};
std::optional<ObjectKey> ParseObjectKey(std::string_view prefix, std::string_view folder,
                                        std::string_view key);

enum class ValueForm { kJson, kProtobuf, kEncrypted, kUnknown };
ValueForm FormOf(std::string_view value);

// The value without encryption at rest. `key` is the whole etcd key: some providers bind values to
// it. kInvalid where the configuration lacks the key (the hint names it), kCorrupt where the bytes
// are damaged.
Result<std::string> Decrypt(const crypto::Transformers& keys, const KubeResource& resource,
                            std::string_view key, std::string_view value);

// The JSON of a stored object as the API server gives it, with the record's revision as its
// resourceVersion. kInvalid for a built-in type that is not known, naming it; kCorrupt for bytes
// that are no object.
Result<DecodedObject> ToJson(std::string_view plain, int64_t mod_revision);

}  // namespace holdfast::etcd
