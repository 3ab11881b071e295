#include "etcd/kube/protobuf_json.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/printable.h"
#include "base/protobuf_wire.h"
#include "crypto/base64.h"
#include "etcd/kube/defaults.h"
#include "etcd/kube/spelling.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kMark("k8s\0", 4);
constexpr std::string_view kObjectMeta = "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta";
constexpr uint32_t kResourceVersion = 6;  // in ObjectMeta
constexpr size_t kMaxUnknown = 16;

class JsonWriter {
 public:
  JsonWriter(std::string_view resource_version, const ProtobufLimits& limits, DecodedObject& out)
      : resource_version_(resource_version), limits_(limits), out_(out), json_(out.json) {}

  // The members of `message`, behind what stands in the object already.
  Status Members(const SchemaMessage& schema, std::string_view message) {
    HF_TRY(Enter(schema));
    auto fields = FieldsOf(schema);
    // What is on the wire, by the fields' order in JSON; inner messages use the rest of the stack.
    size_t begin = stack_.size();
    HF_TRY(Collect(schema, fields, message));
    std::stable_sort(stack_.begin() + static_cast<ptrdiff_t>(begin), stack_.end(),
                     [](const Seen& a, const Seen& b) { return a.field < b.field; });
    size_t at = begin;
    for (size_t i = 0; i < fields.size(); ++i) {
      size_t first = at;
      while (at < stack_.size() && stack_[at].field == i) ++at;
      HF_TRY_CONTEXT(Member(fields[i], first, at), fields[i].json);
    }
    stack_.resize(begin);
    --depth_;
    return {};
  }

  void Key(std::string_view key) {
    if (json_.back() != '{') json_ += ',';
    json_ += '"';
    json_ += key;
    json_ += "\":";
  }

 private:
  struct Seen {
    size_t field;
    WireField wire;
  };

  Status Enter(const SchemaMessage& schema) {
    if (++depth_ > limits_.max_depth)
      return Fail(ErrorKind::kInvalid,
                  fmt::format("{} is nested deeper than {}", schema.name, limits_.max_depth));
    if (json_.size() > limits_.max_json)
      return Fail(ErrorKind::kInvalid,
                  fmt::format("the object's JSON is over {} bytes", limits_.max_json));
    in_metadata_ = depth_ == 2 && schema.name == kObjectMeta;
    return {};
  }

  static bool RightType(const SchemaField& field, const WireField& wire) {
    bool number =
        !field.Is(kMap) && (field.type == SchemaType::kBool || field.type == SchemaType::kInt32 ||
                            field.type == SchemaType::kInt64);
    return wire.type == (number ? 0u : 2u);
  }

  Status Collect(const SchemaMessage& schema, std::span<const SchemaField> fields,
                 std::string_view message) {
    WireField wire;
    WireReader reader(message);
    size_t next = 0;  // mostly, fields come in this order
    while (reader.Next(wire)) {
      size_t tried = 0;
      for (; tried < fields.size() && fields[next % fields.size()].number != wire.number; ++tried)
        ++next;
      if (tried == fields.size()) {
        Unknown(schema, wire.number);
        continue;
      }
      next %= fields.size();
      if (!RightType(fields[next], wire))
        return Fail(ErrorKind::kCorrupt,
                    fmt::format("{}: field {} is of another type", schema.name, wire.number));
      stack_.push_back({next, wire});
    }
    if (!reader.ok())
      return Fail(ErrorKind::kCorrupt, fmt::format("the bytes are no {}", schema.name));
    return {};
  }

  void Unknown(const SchemaMessage& schema, uint32_t number) {
    auto& list = out_.unknown_fields;
    std::string text = fmt::format("{}: field {}", schema.name, number);
    if (list.size() < kMaxUnknown && std::find(list.begin(), list.end(), text) == list.end())
      list.push_back(std::move(text));
  }

  // Occurrences stack_[first, last) of one field.
  Status Member(const SchemaField& field, size_t first, size_t last) {
    bool there = first != last;
    if (field.Is(kInline))
      return Members(MessageAt(field.message), there ? stack_[last - 1].wire.bytes : "");
    if (field.Is(kMap | kRepeated) || field.Is(kPointer)) {
      if (!there) {
        if (!field.Is(kOmitEmpty) && !field.Is(kOmitZero)) {
          Key(field.json);
          json_ += "null";
        }
        return {};
      }
      Key(field.json);
      if (field.Is(kMap)) return Map(field, first, last);
      if (field.Is(kRepeated)) return List(field, first, last);
      return Value(field, stack_[last - 1].wire);
    }
    WireField wire;
    if (there) wire = stack_[last - 1].wire;
    if (in_metadata_ && field.number == kResourceVersion && !resource_version_.empty())
      wire.bytes = resource_version_;
    if (field.type == SchemaType::kMessage) {
      if (field.Is(kOmitZero) && IsNull(field, wire)) return {};
    } else if (field.Is(kOmitEmpty) && wire.value == 0 && wire.bytes.empty()) {
      return {};
    }
    Key(field.json);
    if (field.type == SchemaType::kBytes && !there) {
      json_ += "null";
      return {};
    }
    return Value(field, wire);
  }

  // Of a time.
  bool IsNull(const SchemaField& field, const WireField& wire) {
    std::string text;
    return AppendSpelled(text, MessageAt(field.message).spelling, wire.bytes) && text == "null";
  }

  Status List(const SchemaField& field, size_t first, size_t last) {
    json_ += '[';
    for (size_t i = first; i < last; ++i) {
      if (i > first) json_ += ',';
      WireField wire = stack_[i].wire;  // the stack may move
      HF_TRY(Value(field, wire));
    }
    json_ += ']';
    return {};
  }

  Status Map(const SchemaField& field, size_t first, size_t last) {
    struct Entry {
      std::string_view key;
      WireField value;
    };
    std::vector<Entry> entries;
    for (size_t i = first; i < last; ++i) {
      Entry entry;
      WireField wire;
      WireReader reader(stack_[i].wire.bytes);
      while (reader.Next(wire)) {
        if (wire.IsBytes(1)) entry.key = wire.bytes;
        if (wire.number == 2) entry.value = wire;
      }
      if (!reader.ok()) return Fail(ErrorKind::kCorrupt, "the bytes are no entry of a map");
      entries.push_back(entry);
    }
    // Of repeated keys the last one counts.
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.key < b.key; });
    json_ += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + 1 < entries.size() && entries[i + 1].key == entries[i].key) continue;
      if (json_.back() != '{') json_ += ',';
      json::AppendQuoted(json_, entries[i].key);
      json_ += ':';
      HF_TRY_CONTEXT(Value(field, entries[i].value), Printable(entries[i].key));
    }
    json_ += '}';
    return {};
  }

  Status Value(const SchemaField& field, const WireField& wire) {
    switch (field.type) {
      case SchemaType::kString: json::AppendQuoted(json_, wire.bytes); return {};
      case SchemaType::kBytes: {
        size_t at = json_.size();
        json_.resize(at + crypto::Base64Size(wire.bytes.size()) + 2, '"');
        crypto::Base64Encode(wire.bytes.data(), wire.bytes.size(), json_.data() + at + 1);
        return {};
      }
      case SchemaType::kBool: json_ += wire.value != 0 ? "true" : "false"; return {};
      case SchemaType::kInt32: json_ += std::to_string(static_cast<int32_t>(wire.value)); return {};
      case SchemaType::kInt64: json_ += std::to_string(static_cast<int64_t>(wire.value)); return {};
      case SchemaType::kMessage: return Message(MessageAt(field.message), wire.bytes);
    }
    return {};
  }

  Status Message(const SchemaMessage& schema, std::string_view message) {
    if (schema.spelling == Spelling::kList) return BareList(schema, message);
    if (schema.spelling != Spelling::kFields) return AppendSpelled(json_, schema.spelling, message);
    json_ += '{';
    HF_TRY(Members(schema, message));
    json_ += '}';
    return {};
  }

  Status BareList(const SchemaMessage& schema, std::string_view message) {
    HF_TRY(Enter(schema));
    auto fields = FieldsOf(schema);
    size_t begin = stack_.size();
    HF_TRY(Collect(schema, fields, message));
    HF_TRY(List(fields[0], begin, stack_.size()));
    stack_.resize(begin);
    --depth_;
    return {};
  }

  std::string_view resource_version_;
  const ProtobufLimits& limits_;
  DecodedObject& out_;
  std::string& json_;
  std::vector<Seen> stack_;
  int depth_ = 0;
  bool in_metadata_ = false;
};

struct Envelope {
  std::string_view api_version, kind, raw, encoding, type;
};
Result<Envelope> ReadEnvelope(std::string_view stored) {
  Envelope envelope;
  if (!stored.starts_with(kMark))
    return Fail(ErrorKind::kCorrupt, "the value is no Kubernetes object in protobuf");
  WireField field, inner;
  WireReader reader(stored.substr(kMark.size()));
  while (reader.Next(field)) {
    if (field.type != 2) return Fail(ErrorKind::kCorrupt, "the envelope cannot be read");
    if (field.number == 2) envelope.raw = field.bytes;
    if (field.number == 3) envelope.encoding = field.bytes;
    if (field.number == 4) envelope.type = field.bytes;
    if (field.number != 1) continue;
    WireReader meta(field.bytes);
    while (meta.Next(inner)) {
      if (inner.IsBytes(1)) envelope.api_version = inner.bytes;
      if (inner.IsBytes(2)) envelope.kind = inner.bytes;
    }
    if (!meta.ok()) return Fail(ErrorKind::kCorrupt, "the object's type cannot be read");
  }
  if (!reader.ok()) return Fail(ErrorKind::kCorrupt, "the envelope cannot be read");
  if (!envelope.encoding.empty())
    return Fail(ErrorKind::kInvalid,
                fmt::format("the object is encoded as \"{}\", which is not known",
                            Printable(envelope.encoding)));
  return envelope;
}

}  // namespace

const SchemaKind* FindKind(std::string_view api_version, std::string_view kind) {
  auto kinds = SchemaKinds();
  auto at = std::lower_bound(kinds.begin(), kinds.end(), std::pair(api_version, kind),
                             [](const SchemaKind& a, const auto& wanted) {
                               return std::pair(a.api_version, a.kind) < wanted;
                             });
  if (at == kinds.end() || at->api_version != api_version || at->kind != kind) return nullptr;
  return &*at;
}

Result<DecodedObject> ProtobufToJson(std::string_view stored, std::string_view resource_version,
                                     const ProtobufLimits& limits) {
  HF_ASSIGN(Envelope envelope, ReadEnvelope(stored));
  const SchemaKind* kind = FindKind(envelope.api_version, envelope.kind);
  if (kind == nullptr) {
    return Fail(
        Error(ErrorKind::kInvalid,
              fmt::format("{} {} is stored as protobuf, and Kubernetes 1.36 has no such type",
                          Printable(envelope.api_version), Printable(envelope.kind)))
            .Hint("an API server of the version that wrote it can read it: restore the "
                  "snapshot beside the cluster; `holdfast etcd get` gives the stored bytes"));
  }
  DecodedObject object;
  object.json = "{";
  JsonWriter writer(resource_version, limits, object);
  writer.Key("kind");
  json::AppendQuoted(object.json, kind->kind);
  writer.Key("apiVersion");
  json::AppendQuoted(object.json, kind->api_version);
  HF_TRY_CONTEXT(writer.Members(MessageAt(kind->message), envelope.raw), std::string(kind->kind));
  object.json += '}';
  FillInDefaults(kind->kind, object.json);
  return object;
}

}  // namespace holdfast::etcd
