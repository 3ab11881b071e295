#include "crypto/kms_object.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kMaxKey = 1024;
constexpr size_t kMaxAnnotations = size_t{32} << 10;

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void AppendField(std::string& out, uint32_t number, std::string_view bytes) {
  AppendVarint(out, uint64_t{number} << 3 | 2);
  AppendVarint(out, bytes.size());
  out += bytes;
}

struct Field {
  uint64_t number = 0;
  uint64_t value = 0;
  std::string_view bytes;
};

bool ReadVarint(std::string_view& left, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !left.empty(); shift += 7) {
    auto byte = static_cast<unsigned char>(left.front());
    left.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Calls `take` with every field; false where the bytes are no message of numbers and bytes.
template <typename Take>
bool ReadFields(std::string_view left, Take&& take) {
  while (!left.empty()) {
    uint64_t tag, length;
    if (!ReadVarint(left, tag)) return false;
    Field field{.number = tag >> 3};
    if ((tag & 7) == 0) {
      if (!ReadVarint(left, field.value)) return false;
    } else if ((tag & 7) == 2) {
      if (!ReadVarint(left, length) || length > left.size()) return false;
      field.bytes = left.substr(0, length);
      left.remove_prefix(length);
    } else {
      return false;
    }
    take(field);
  }
  return true;
}

tl::unexpected<Error> NoMessage() {
  return Fail(ErrorKind::kCorrupt, "the value is no message of KMS v2");
}

}  // namespace

std::string EncodeKmsObject(const KmsObject& object) {
  std::string out;
  AppendField(out, 1, object.data);
  AppendField(out, 2, object.key.key_id);
  AppendField(out, 3, object.key.ciphertext);
  for (const auto& [key, value] : object.key.annotations) {
    std::string entry;
    AppendField(entry, 1, key);
    AppendField(entry, 2, value);
    AppendField(out, 4, entry);
  }
  AppendVarint(out, 5 << 3);
  AppendVarint(out, object.key_type);
  return out;
}

Result<KmsObject> ParseKmsObject(std::string_view bytes) {
  KmsObject object;
  bool sound = true;
  size_t annotations = 0;
  bool read = ReadFields(bytes, [&](const Field& field) {
    switch (field.number) {
      case 1: object.data = field.bytes; break;
      case 2: object.key.key_id = field.bytes; break;
      case 3: object.key.ciphertext = field.bytes; break;
      case 4: {
        std::string key, value;
        sound = sound && ReadFields(field.bytes, [&](const Field& inner) {
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
