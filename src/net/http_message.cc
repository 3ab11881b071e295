#include "net/http_message.h"

namespace holdfast::net {

const std::string* HttpResponse::Header(std::string_view name) const {
  for (const HttpHeader& header : headers)
    if (header.name == name) return &header.value;
  return nullptr;
}

BodySink CollectInto(std::string& into, size_t max) {
  return [&into, max](const HttpResponse&, std::string_view piece) -> Status {
    if (piece.size() > max - into.size())
      return Fail(ErrorKind::kInvalid,
                  "the answer is longer than " + std::to_string(max) + " bytes");
    into += piece;
    return {};
  };
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (unsigned char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

}  // namespace holdfast::net
