// Protobuf's wire format, for messages that are read and written without descriptors and copies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

struct WireField {
  uint32_t number = 0;
  uint32_t type = 0;  // 0 varint, 1 eight bytes, 2 bytes, 5 four bytes
  uint64_t value = 0;
  std::string_view bytes;  // type 2

  bool IsNumber(uint32_t n) const { return number == n && type == 0; }
  bool IsBytes(uint32_t n) const { return number == n && type == 2; }
};

// for (WireReader r(message); r.Next(field);) ...; then r.ok() says whether the message was sound.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : left_(message) {}
  // False at the end, and where the bytes are no message.
  bool Next(WireField& field);
  bool ok() const { return ok_; }

 private:
  bool Varint(uint64_t& value);
  bool Broken() { return ok_ = false; }

  std::string_view left_;
  bool ok_ = true;
};

// Appending fields. Numbers are written also when zero.
void AppendVarint(std::string& out, uint64_t value);
void AppendNumber(std::string& out, uint32_t field, uint64_t value);
void AppendBytes(std::string& out, uint32_t field, std::string_view bytes);

}  // namespace holdfast
