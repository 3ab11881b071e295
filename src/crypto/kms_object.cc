#include "crypto/kms_object.h"

#include "base/protobuf_wire.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kMaxKey = 1024;
constexpr size_t kMaxAnnotations = size_t{32} << 10;

// Calls `take` with every field; false where the bytes are no message of numbers and bytes.
template <typename Take>
bool ReadFields(std::string_view message, Take&& take) {
  WireReader reader(message);
  for (WireField field; reader.Next(field);) {
    if (field.type != 0 && field.type != 2) return false;
    take(field);
  }
  return reader.ok();
}

tl::unexpected<Error> NoMessage() {
  return Fail(ErrorKind::kCorrupt, "the value is no message of KMS v2");
}

}  // namespace

std::string EncodeKmsObject(const KmsObject& object) {
  std::string out;
  AppendBytes(out, 1, object.data);
  AppendBytes(out, 2, object.key.key_id);
  AppendBytes(out, 3, object.key.ciphertext);
  for (const auto& [key, value] : object.key.annotations) {
    std::string entry;
    AppendBytes(entry, 1, key);
    AppendBytes(entry, 2, value);
    AppendBytes(out, 4, entry);
  }
  AppendNumber(out, 5, object.key_type);
  return out;
}

Result<KmsObject> ParseKmsObject(std::string_view bytes) {
  KmsObject object;
  bool sound = true;
  size_t annotations = 0;
  bool read = ReadFields(bytes, [&](const WireField& field) {
    switch (field.number) {
      case 1: object.data = field.bytes; break;
      case 2: object.key.key_id = field.bytes; break;
      case 3: object.key.ciphertext = field.bytes; break;
      case 4: {
        std::string key, value;
        sound = sound && ReadFields(field.bytes, [&](const WireField& inner) {
                  if (inner.number == 1) key = inner.bytes;
                  if (inner.number == 2) value = inner.bytes;
                });
        annotations += field.bytes.size();
        if (annotations <= kMaxAnnotations) object.key.annotations[key] = value;
        break;
      }
      case 5: object.key_type = field.value; break;
      default: break;
    }
  });
  if (!read || !sound || object.data.empty() || object.key.ciphertext.empty()) return NoMessage();
  if (object.key.ciphertext.size() > kMaxKey || object.key.key_id.size() > kMaxKey ||
      annotations > kMaxAnnotations)
    return Fail(ErrorKind::kInvalid, "the value's sealed key is larger than KMS v2 allows");
  if (object.key_type > 1)
    return Fail(ErrorKind::kInvalid, "the value's key is of an unknown type");
  return object;
}

}  // namespace holdfast::crypto
