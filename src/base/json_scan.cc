#include "base/json_scan.h"

#include <cstdint>

#include "base/json_string_end.h"
#include "base/json_text.h"

namespace holdfast::json {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Strict recursive-descent check of one value, without recursion on the C stack.
class Validator {
 public:
  Validator(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Status Run() {
    HF_TRY(Value());
    at_ = SkipSpace(text_, at_);
    if (at_ != text_.size()) return Bad("more text after the value");
    return {};
  }

 private:
  Status Bad(std::string_view what) const {
    return Fail(ErrorKind::kInvalid,
                "not JSON at byte " + std::to_string(at_) + ": " + std::string(what));
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  Status Value() {
    std::string open;  // '{' or '[' of every level we are in
    while (true) {
      // A value stands here.
      at_ = SkipSpace(text_, at_);
      if (at_ >= text_.size()) return Bad("the text ends here");
      char c = text_[at_];
      if (c == '{' || c == '[') {
        if (open.size() >= limits_.max_depth)
          return Bad("nested deeper than " + std::to_string(limits_.max_depth) + " levels");
        ++at_;
        at_ = SkipSpace(text_, at_);
        if (Peek() == (c == '{' ? '}' : ']') && at_ < text_.size()) {
          ++at_;
        } else {
          open += c;
          if (c == '{') HF_TRY(Key());
          continue;
        }
      } else {
        HF_TRY(Scalar());
      }
      // A value has ended: close levels or go to the next one.
      while (true) {
        if (open.empty()) return {};
        at_ = SkipSpace(text_, at_);
        if (at_ >= text_.size()) return Bad("the text ends here");
        char d = text_[at_];
        bool object = open.back() == '{';
        if (d == ',') {
          ++at_;
          if (object) HF_TRY(Key());
          break;
        }
        if (d != (object ? '}' : ']')) return Bad("expected ',' or the closing bracket");
        ++at_;
        open.pop_back();
      }
    }
  }

  Status Key() {
    at_ = SkipSpace(text_, at_);
    if (Peek() != '"') return Bad("expected a key");
    HF_TRY(String());
    at_ = SkipSpace(text_, at_);
    if (Peek() != ':') return Bad("expected ':'");
    ++at_;
    return {};
  }

  Status Scalar() {
    char c = text_[at_];
    if (c == '"') return String();
    if (c == '-' || (c >= '0' && c <= '9')) return Number();
    for (std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return {};
      }
    }
    return Bad("expected a value");
  }

  Status Number() {
    auto digits = [&] {
      size_t begin = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ > begin;
    };
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return Bad("expected a digit");
    }
    if (Peek() == '.') {
      ++at_;
      if (!digits()) return Bad("expected a digit");
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!digits()) return Bad("expected a digit");
    }
    return {};
  }

  Status String() {
    for (++at_; at_ < text_.size();) {
      at_ = PlainEnd(text_, at_);
      if (at_ >= text_.size()) break;
      auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c == '\\') {
        HF_TRY(Escape());
      } else if (c < 0x20) {
        return Bad("a control character in a string");
      } else {
        size_t length = Utf8Length(text_, at_);
        if (length == 0) return Bad("not UTF-8");
        at_ += length;
      }
    }
    return Bad("the text ends inside a string");
  }

  Status Escape() {
    ++at_;
    char c = Peek();
    if (c == 'u') {
      for (int i = 1; i <= 4; ++i) {
        char h = at_ + i < text_.size() ? text_[at_ + i] : '\0';
        bool hex = (h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
        if (!hex) return Bad("a broken \\u escape");
      }
      at_ += 5;
      return {};
    }
    if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
      return Bad("an unknown escape");
    ++at_;
    return {};
  }

  std::string_view text_;
  const Limits& limits_;
  size_t at_ = 0;
};

}  // namespace

Status Validate(std::string_view text, const Limits& limits) {
  return Validator(text, limits).Run();
}

Type TypeOf(std::string_view value) {
  size_t at = SkipSpace(value, 0);
  if (at >= value.size()) return Type::kNone;
  switch (value[at]) {
    case '{': return Type::kObject;
    case '[': return Type::kArray;
    case '"': return Type::kString;
    case 't': return Type::kTrue;
    case 'f': return Type::kFalse;
    case 'n': return Type::kNull;
    default:
      return value[at] == '-' || (value[at] >= '0' && value[at] <= '9') ? Type::kNumber
                                                                        : Type::kNone;
  }
}

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at;
}

size_t SkipValue(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return StringEnd(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' &&
           !IsSpace(text[at]))
      ++at;
    return at;
  }
  size_t depth = 0;
  while (at < text.size()) {
    at = NextStructural(text, at);
    if (at >= text.size()) break;
    char c = text[at];
    if (c == '"') {
      at = StringEnd(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
  return text.size();
}

bool Member::Is(std::string_view name) const { return RawEquals(key, name); }

ObjectReader::ObjectReader(std::string_view object) : text_(object), at_(SkipSpace(object, 0)) {
  at_ = at_ < text_.size() && text_[at_] == '{' ? at_ + 1 : text_.size();
}

std::optional<Member> ObjectReader::Next() {
  at_ = SkipSpace(text_, at_);
  if (at_ < text_.size() && text_[at_] == ',') at_ = SkipSpace(text_, at_ + 1);
  if (at_ >= text_.size() || text_[at_] != '"') return std::nullopt;
  Member member;
  member.key_begin = at_;
  size_t key_end = StringEnd(text_, at_);
  if (key_end < at_ + 2) return std::nullopt;
  member.key = text_.substr(at_ + 1, key_end - at_ - 2);
  at_ = SkipSpace(text_, key_end);
  if (at_ >= text_.size() || text_[at_] != ':') {
    at_ = text_.size();
    return std::nullopt;
  }
  member.value_begin = SkipSpace(text_, at_ + 1);
  member.value_end = SkipValue(text_, member.value_begin);
  member.value = text_.substr(member.value_begin, member.value_end - member.value_begin);
  at_ = member.value_end;
  if (member.value.empty()) return std::nullopt;
  return member;
}

ArrayReader::ArrayReader(std::string_view array) : text_(array), at_(SkipSpace(array, 0)) {
  at_ = at_ < text_.size() && text_[at_] == '[' ? at_ + 1 : text_.size();
}

std::optional<std::string_view> ArrayReader::Next() {
  at_ = SkipSpace(text_, at_);
  if (at_ < text_.size() && text_[at_] == ',') at_ = SkipSpace(text_, at_ + 1);
  if (at_ >= text_.size() || text_[at_] == ']') return std::nullopt;
  size_t end = SkipValue(text_, at_);
  std::string_view value = text_.substr(at_, end - at_);
  if (value.empty()) return std::nullopt;
  at_ = end;
  return value;
}

std::optional<std::string_view> Find(std::string_view object,
                                     std::initializer_list<std::string_view> path) {
  std::string_view here = object;
  for (std::string_view name : path) {
    std::optional<std::string_view> found;
    for (ObjectReader reader(here); auto member = reader.Next();)
      if (member->Is(name)) found = member->value;
    if (!found) return std::nullopt;
    here = *found;
  }
  return here;
}

std::optional<std::string> FindString(std::string_view object,
                                      std::initializer_list<std::string_view> path) {
  auto value = Find(object, path);
  if (!value || TypeOf(*value) != Type::kString) return std::nullopt;
  return StringOf(*value);
}

std::string StringOf(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return {};
  return Unescape(value.substr(1, value.size() - 2));
}

}  // namespace holdfast::json
