// Kubernetes' built-in types as tables: how to read their protobuf and how to spell their JSON. The
// tables are made at build time (schema/README.md) and are constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace holdfast::etcd {

enum class SchemaType : uint8_t { kString, kBytes, kBool, kInt32, kInt64, kMessage };

// How a message looks in JSON.
enum class Spelling : uint8_t {
  kFields,       // an object
  kList,         // an array: the elements of its only field
  kQuantity,     // a string: field 1
  kIntOrString,  // field 1 says which: number (2) or string (3)
  kTime,         // RFC 3339, seconds; null when empty
  kMicroTime,    // RFC 3339, microseconds
  kDuration,     // as Go writes it
  kRaw           // field 1 holds the JSON itself
};

// Flags of a field. What Go holds as a pointer is there when it is on the wire, whatever its value;
// anything else has a zero value that looks like an absent one.
inline constexpr uint8_t kPointer = 1;
inline constexpr uint8_t kOmitEmpty = 2;
inline constexpr uint8_t kOmitZero = 4;
inline constexpr uint8_t kRepeated = 8;
inline constexpr uint8_t kMap = 16;     // from strings to values of the field's type
inline constexpr uint8_t kInline = 32;  // its fields belong to the object around it

struct SchemaField {
  const char* json;  // needs no escapes
  uint32_t number;
  uint16_t message;  // for kMessage: MessageAt()
  SchemaType type;
  uint8_t flags;
  bool Is(uint8_t flag) const { return (flags & flag) != 0; }
};

struct SchemaMessage {
  const char* name;  // "k8s.io.api.core.v1.Pod"
  uint32_t first;
  uint16_t count;
  Spelling spelling;
};

struct SchemaKind {
  std::string_view api_version;
  std::string_view kind;
  std::string_view plural;
  uint16_t message;
  bool namespaced;
};

// Sorted by api_version and kind.
std::span<const SchemaKind> SchemaKinds();
const SchemaMessage& MessageAt(size_t index);
// In the order in which Go, and so the API server, writes them.
std::span<const SchemaField> FieldsOf(const SchemaMessage& message);

}  // namespace holdfast::etcd
