#include "storage/s3/xml.h"

#include <cstdint>
#include <optional>

namespace holdfast::storage::s3 {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 63));
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

// `digits` is what stands between "&#" and ";".
std::optional<uint32_t> CharacterReference(std::string_view digits) {
  uint32_t base = 10, value = 0;
  if (digits.starts_with('x')) {
    base = 16;
    digits.remove_prefix(1);
  }
  if (digits.empty() || digits.size() > 7) return std::nullopt;
  for (char c : digits) {
    uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                     : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                            : 99;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  if (value == 0 || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return std::nullopt;
  return value;
}

class Parser {
 public:
  Parser(std::string_view text, const XmlLimits& limits) : text_(text), limits_(limits) {}

  Result<XmlElement> Document() {
    if (text_.size() > limits_.max_bytes) return Bad("is longer than the limit");
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    HF_TRY(SkipMisc());
    XmlElement root;
    HF_TRY(Element(root, 1));
    HF_TRY(SkipMisc());
    if (at_ != text_.size()) return Bad("goes on after its root element");
    return root;
  }

 private:
  tl::unexpected<Error> Bad(std::string_view why) const {
    return Fail(ErrorKind::kInvalid,
                "the XML " + std::string(why) + " (byte " + std::to_string(at_) + ")");
  }
  bool Next(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  Status SkipTo(std::string_view end) {
    size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) return Bad("ends too early");
    at_ = found + end.size();
    return {};
  }
  // White space, comments and processing instructions around the root.
  Status SkipMisc() {
    for (;;) {
      SkipSpace();
      if (Next("<?")) {
        HF_TRY(SkipTo("?>"));
      } else if (Next("<!--")) {
        HF_TRY(SkipTo("-->"));
      } else {
        return {};
      }
    }
  }
  std::string_view Name() {
    size_t begin = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // Reads over what follows a tag's name; `closed` when it was "/>".
  Status Attributes(bool& closed) {
    for (;;) {
      SkipSpace();
      if (Next("/>")) {
        closed = true;
        return {};
      }
      if (Next(">")) return {};
      if (Name().empty()) return Bad("has a broken tag");
      SkipSpace();
      if (!Next("=")) return Bad("has an attribute without a value");
      SkipSpace();
      std::string_view quote = Next("\"") ? "\"" : Next("'") ? "'" : "";
      if (quote.empty()) return Bad("has an attribute without quotes");
      HF_TRY(SkipTo(quote));
    }
  }
  Status Reference(std::string& out) {
    size_t end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 10) return Bad("has a lone &");
    std::string_view name = text_.substr(at_, end - at_);
    char c = name == "amp"    ? '&'
             : name == "lt"   ? '<'
             : name == "gt"   ? '>'
             : name == "quot" ? '"'
             : name == "apos" ? '\''
                              : '\0';
    if (c != '\0') {
      out += c;
    } else {
      auto value = name.starts_with('#') ? CharacterReference(name.substr(1)) : std::nullopt;
      if (!value) return Bad("has an unknown entity");
      AppendUtf8(out, *value);
    }
    at_ = end + 1;
    return {};
  }
  Status Element(XmlElement& element, size_t depth) {
    if (depth > limits_.max_depth) return Bad("is nested too deeply");
    if (++elements_ > limits_.max_elements) return Bad("has too many elements");
    if (!Next("<")) return Bad("has no element where one must be");
    std::string_view name = Name();
    if (name.empty()) return Bad("has a tag without a name");
    element.name = name.substr(name.rfind(':') + 1);  // npos + 1 is 0
    bool closed = false;
    HF_TRY(Attributes(closed));
    if (closed) return {};
    for (;;) {
      size_t mark = text_.find_first_of("<&", at_);
      if (mark == std::string_view::npos) {
        at_ = text_.size();
        return Bad("ends inside an element");
      }
      element.text += text_.substr(at_, mark - at_);
      at_ = mark;
      if (Next("&")) {
        HF_TRY(Reference(element.text));
      } else if (Next("</")) {
        if (Name() != name) return Bad("closes another element than it opened");
        SkipSpace();
        if (!Next(">")) return Bad("has a broken end tag");
        return {};
      } else if (Next("<!--")) {
        HF_TRY(SkipTo("-->"));
      } else if (Next("<![CDATA[")) {
        size_t begin = at_;
        HF_TRY(SkipTo("]]>"));
        element.text += text_.substr(begin, at_ - 3 - begin);
      } else if (Next("<?")) {
        HF_TRY(SkipTo("?>"));
      } else {
        HF_TRY(Element(element.children.emplace_back(), depth + 1));
      }
    }
  }

  const std::string_view text_;
  const XmlLimits limits_;
  size_t at_ = 0;
  size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child) const {
  for (const XmlElement& element : children)
    if (element.name == child) return &element;
  return nullptr;
}

std::string_view XmlElement::ChildText(std::string_view child) const {
  const XmlElement* found = Child(child);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<XmlElement> ParseXml(std::string_view text, const XmlLimits& limits) {
  return Parser(text, limits).Document();
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace holdfast::storage::s3
