#include "base/protobuf_wire.h"

namespace holdfast {

bool WireReader::Varint(uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < 10 && i < left_.size(); ++i) {
    auto byte = static_cast<unsigned char>(left_[i]);
    if (i == 9 && byte > 1) return false;
    value |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      left_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool WireReader::Next(WireField& field) {
  if (!ok_ || left_.empty()) return false;
  uint64_t tag;
  if (!Varint(tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return Broken();
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = static_cast<uint32_t>(tag & 7);
  field.bytes = {};
  size_t fixed = field.type == 1 ? 8 : field.type == 5 ? 4 : 0;
  if (field.type == 0) return Varint(field.value) || Broken();
  if (field.type == 2) {
    if (!Varint(field.value) || field.value > left_.size()) return Broken();
    field.bytes = left_.substr(0, field.value);
    left_.remove_prefix(field.value);
    return true;
  }
  if (fixed == 0 || left_.size() < fixed) return Broken();
  field.value = 0;  // little-endian
  for (size_t i = fixed; i-- > 0;)
    field.value = field.value << 8 | static_cast<unsigned char>(left_[i]);
  left_.remove_prefix(fixed);
  return true;
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void AppendNumber(std::string& out, uint32_t field, uint64_t value) {
  AppendVarint(out, uint64_t{field} << 3);
  AppendVarint(out, value);
}
void AppendBytes(std::string& out, uint32_t field, std::string_view bytes) {
  AppendVarint(out, uint64_t{field} << 3 | 2);
  AppendVarint(out, bytes.size());
  out += bytes;
}

}  // namespace holdfast
