// Objects as an API server stores them: the protobuf envelope with every built-in type in it, and
// JSON.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json_scan.h"
#include "base/protobuf_wire.h"
#include "etcd/kube_object.h"

// The first byte chooses the type that the rest is the message of; 0 and 1: a whole stored value.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string stored(bytes);
  if (data[0] > 1) {
    auto kinds = etcd::SchemaKinds();
    const etcd::SchemaKind& kind = kinds[data[0] % kinds.size()];
    std::string type;
    AppendBytes(type, 1, kind.api_version);
    AppendBytes(type, 2, kind.kind);
    stored.assign("k8s\0", 4);
    AppendBytes(stored, 1, type);
    AppendBytes(stored, 2, bytes);
  }
  auto object = etcd::ToJson(stored, 1);
  // Raw JSON may stand in messages within messages.
  if (object && !json::Validate(object->json, {.max_depth = json::kMaxNesting + 2048}))
    std::abort();
  return 0;
}
