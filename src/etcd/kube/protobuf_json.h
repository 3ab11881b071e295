// Built-in objects: from the protobuf that the API server stores to the JSON that it gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "etcd/kube/schema.h"

namespace holdfast::etcd {

struct ProtobufLimits {
  int max_depth = 64;                  // messages inside messages
  size_t max_json = size_t{64} << 20;  // bytes written
};

struct DecodedObject {
  std::string json;
  // Fields that these tables do not know (a newer Kubernetes wrote them) and that the JSON lacks:
  // "k8s.io.api.core.v1.PodSpec: field 57", the first ones, each once.
  std::vector<std::string> unknown_fields;
};

// `stored` begins with "k8s\0". The JSON is what an API server of schema/go.mod's version writes,
// member by member in its order, with `resource_version` (empty: none) where it has it; what the
// API server fills in when it reads an object is filled in too. kInvalid for a type that is not in
// the tables, naming it; kCorrupt where the bytes are no such message; kInvalid beyond a limit.
// Does not block.
Result<DecodedObject> ProtobufToJson(std::string_view stored, std::string_view resource_version,
                                     const ProtobufLimits& limits = {});

// nullptr where the tables have no such type.
const SchemaKind* FindKind(std::string_view api_version, std::string_view kind);

}  // namespace holdfast::etcd
