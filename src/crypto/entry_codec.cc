#include "crypto/entry_codec.h"

#include <algorithm>
#include <optional>

#include "base/json_text.h"
#include "crypto/base64.h"
#include "crypto/transformer.h"

namespace holdfast::crypto {
namespace {

constexpr std::string_view kBlanks = " \t\n\r";
// The longest prefix and key name that are looked at, in bytes.
constexpr size_t kMaxName = 4096;

tl::unexpected<Error> NotJson(std::string message) {
  return Fail(ErrorKind::kCorrupt, std::move(message));
}

// Resolves the escapes of a JSON string (without quotes), of which base64 can need few: the others
// stand for characters that base64 lacks, and for those a NUL is put, which it lacks too.
std::optional<std::string> Unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    if (++i == raw.size()) return std::nullopt;
    switch (raw[i]) {
      case '/': text += '/'; break;
      case 'n': text += '\n'; break;
      case 'r': text += '\r'; break;
      case '"':
      case '\\':
      case 'b':
      case 'f':
      case 't': text += '\0'; break;
      case 'u': {
        if (raw.size() - i < 5) return std::nullopt;
        unsigned code = 0;
        for (char c : raw.substr(i + 1, 4)) {
          int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
          if (digit < 0) return std::nullopt;
          code = code * 16 + static_cast<unsigned>(digit);
        }
        text += code < 0x80 ? static_cast<char>(code) : '\0';
        i += 4;
        break;
      }
      default: return std::nullopt;
    }
  }
  return text;
}

// What stands between the quotes, escapes resolved into `buffer` where there are any.
Result<std::string_view> Body(std::string_view stored, std::string& buffer) {
  size_t end = stored.find_last_not_of(kBlanks);
  if (end == std::string_view::npos || end == 0 || !IsEncrypted(stored))
    return NotJson("unexpected end of JSON input");
  if (stored[end] != '"') {
    // Cut off, or something follows the string.
    if (stored.find('"', 1) == std::string_view::npos)
      return NotJson("unexpected end of JSON input");
    return NotJson("invalid character after top-level value");
  }
  std::string_view body = stored.substr(1, end - 1);
  if (body.find('\n') != std::string_view::npos || body.find('\r') != std::string_view::npos)
    return NotJson("invalid character in string literal");
  if (body.find('\\') == std::string_view::npos) return body;
  std::optional<std::string> unescaped = Unescape(body);
  if (!unescaped) return NotJson("invalid character in string escape code");
  buffer = std::move(*unescaped);
  return std::string_view(buffer);
}

}  // namespace

Result<std::string> DecodeEntryText(std::string_view stored) {
  std::string buffer;
  HF_ASSIGN(std::string_view body, Body(stored, buffer));
  std::string bytes;
  if (auto bad = Base64Decode(body, bytes))
    return Fail(ErrorKind::kCorrupt, "illegal base64 data at input byte " + std::to_string(*bad));
  return bytes;
}

bool IsEncrypted(std::string_view stored) { return stored.starts_with('"'); }

Result<KeyNeeded> WhichKey(std::string_view stored) {
  if (!IsEncrypted(stored)) return Fail(ErrorKind::kInvalid, "the entry is not encrypted");
  // Only the beginning is decoded. A whole number of base64's quads, so that it decodes by itself.
  std::string bytes;
  constexpr size_t kHead = Base64Size(kMaxName);
  if (stored.size() > kHead + 1 &&
      stored.substr(1, kHead).find_first_of("\\\n\r\"") == std::string_view::npos) {
    if (auto bad = Base64Decode(stored.substr(1, kHead), bytes))
      return Fail(ErrorKind::kCorrupt, "illegal base64 data at input byte " + std::to_string(*bad));
  } else {
    HF_ASSIGN(bytes, DecodeEntryText(stored));
  }
  return KeyOfPrefix(bytes);
}

Result<KeyNeeded> KeyOfPrefix(std::string_view rest) {
  struct Known {
    std::string_view prefix;
    std::string_view provider;
  };
  constexpr Known kKnown[] = {{"k8s:enc:aescbc:v1:", "aescbc"},
                              {"k8s:enc:aesgcm:v1:", "aesgcm"},
                              {"k8s:enc:secretbox:v1:", "secretbox"},
                              {"k8s:enc:kms:v1:", "kms v1"},
                              {"k8s:enc:kms:v2:", "kms v2"}};
  for (const Known& known : kKnown) {
    if (!rest.starts_with(known.prefix)) continue;
    rest.remove_prefix(known.prefix.size());
    size_t colon = rest.find(':');
    if (colon == std::string_view::npos)
      return Fail(ErrorKind::kCorrupt, "no key name after the prefix " + json::Quote(known.prefix));
    return KeyNeeded{std::string(known.provider), std::string(rest.substr(0, colon))};
  }
  return Fail(ErrorKind::kCorrupt, "the entry has no prefix of a known encryption provider");
}

}  // namespace holdfast::crypto
