#include "base/json_text.h"

#include <cstdint>

namespace holdfast::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four digits at raw[at], or -1.
int32_t Hex4(std::string_view raw, size_t at) {
  if (at + 4 > raw.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    int digit = HexDigit(raw[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

size_t Utf8Length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned c = byte(at);
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return tail(at + 1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    unsigned d = byte(at + 1);
    if (!tail(at + 1) || !tail(at + 2)) return 0;
    if (c == 0xe0 && d < 0xa0) return 0;  // overlong
    if (c == 0xed && d > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    unsigned d = byte(at + 1);
    if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (c == 0xf0 && d < 0x90) return 0;
    if (c == 0xf4 && d > 0x8f) return 0;
    return 4;
  }
  return 0;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // start of the run not yet appended
  auto flush = [&](size_t end) { out.append(text, plain, end - plain); };
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      size_t length = Utf8Length(text, i);
      bool separator = length == 3 && text[i] == '\xe2' && text[i + 1] == '\x80' &&
                       (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
      if (length != 0 && !separator) {
        i += length;
        continue;
      }
      flush(i);
      if (separator)
        out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      else
        out += kReplacement;
      i += separator ? 3 : 1;
      plain = i;
      continue;
    }
    flush(i);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    plain = ++i;
  }
  flush(text.size());
  out += '"';
}

std::string Quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  AppendQuoted(out, text);
  return out;
}

std::string Unescape(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    size_t backslash = raw.find('\\', i);
    if (backslash == std::string_view::npos || backslash + 1 >= raw.size()) {
      out.append(raw.substr(i));
      break;
    }
    out.append(raw, i, backslash - i);
    char c = raw[backslash + 1];
    i = backslash + 2;
    switch (c) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        int32_t unit = Hex4(raw, i);
        if (unit < 0) {
          out += kReplacement;
          break;
        }
        i += 4;
        bool high = unit >= 0xd800 && unit < 0xdc00;
        bool low = unit >= 0xdc00 && unit < 0xe000;
        int32_t next = high && raw.substr(i, 2) == "\\u" ? Hex4(raw, i + 2) : -1;
        if (high && next >= 0xdc00 && next < 0xe000) {
          AppendUtf8(out, 0x10000 + ((static_cast<uint32_t>(unit) - 0xd800) << 10) +
                              (static_cast<uint32_t>(next) - 0xdc00));
          i += 6;
        } else if (high || low) {
          out += kReplacement;
        } else {
          AppendUtf8(out, static_cast<uint32_t>(unit));
        }
        break;
      }
      default: out += c;  // '"', '\\', '/'
    }
  }
  return out;
}

bool RawEquals(std::string_view raw, std::string_view text) {
  if (raw.find('\\') == std::string_view::npos) return raw == text;
  return Unescape(raw) == text;
}

}  // namespace holdfast::json
