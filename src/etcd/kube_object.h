// What the API server stores under a key: JSON or protobuf, encrypted or not.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "etcd/kube/protobuf_json.h"

namespace holdfast::etcd {

enum class ValueForm { kJson, kProtobuf, kEncrypted, kUnknown };
ValueForm FormOf(std::string_view value);

// The JSON of a stored object as the API server gives it, with the record's revision as its
// resourceVersion. kInvalid for a built-in type that is not known, naming it; kCorrupt for bytes
// that are no object.
Result<DecodedObject> ToJson(std::string_view plain, int64_t mod_revision);

}  // namespace holdfast::etcd
