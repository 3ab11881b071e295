#include "base/json_canonical.h"

#include <algorithm>
#include <vector>

#include "base/json_string_end.h"
#include "base/json_text.h"

namespace holdfast::json {
namespace {

// True when the raw string (without quotes) already is in Quote()'s spelling.
bool InQuoteSpelling(std::string_view raw) {
  if (PlainEnd(raw, 0) != raw.size()) return false;
  return raw.find_first_of("<>&") == std::string_view::npos;
}

void AppendString(std::string& out, std::string_view raw) {
  if (InQuoteSpelling(raw)) {
    out += '"';
    out += raw;
    out += '"';
  } else {
    AppendQuoted(out, Unescape(raw));
  }
}

void AppendObject(std::string& out, std::string_view object);

void AppendValue(std::string& out, std::string_view value) {
  switch (TypeOf(value)) {
    case Type::kObject: AppendObject(out, value); return;
    case Type::kArray: {
      out += '[';
      bool first = true;
      for (ArrayReader reader(value); auto element = reader.Next();) {
        if (!first) out += ',';
        first = false;
        AppendValue(out, *element);
      }
      out += ']';
      return;
    }
    case Type::kString: {
      size_t begin = SkipSpace(value, 0);
      size_t end = StringEnd(value, begin);
      if (end >= begin + 2) AppendString(out, value.substr(begin + 1, end - begin - 2));
      return;
    }
    default: {
      size_t begin = SkipSpace(value, 0);
      out += value.substr(begin, SkipValue(value, begin) - begin);
    }
  }
}

void AppendObject(std::string& out, std::string_view object) {
  std::vector<Member> members;
  std::vector<std::string> unescaped;  // keys that had escapes; stable while members point into it
  bool escapes = false;
  for (ObjectReader reader(object); auto member = reader.Next();) {
    escapes = escapes || member->key.find('\\') != std::string_view::npos;
    members.push_back(*member);
  }
  if (escapes) {
    unescaped.reserve(members.size());
    for (Member& member : members) {
      unescaped.push_back(Unescape(member.key));
      member.key = unescaped.back();
    }
  }
  auto less = [](const Member& a, const Member& b) { return a.key < b.key; };
  if (!std::is_sorted(members.begin(), members.end(), less))
    std::stable_sort(members.begin(), members.end(), less);
  out += '{';
  bool first = true;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1].key == members[i].key) continue;
    if (!first) out += ',';
    first = false;
    if (escapes)
      AppendQuoted(out, members[i].key);
    else
      AppendString(out, members[i].key);
    out += ':';
    AppendValue(out, members[i].value);
  }
  out += '}';
}

}  // namespace

void AppendCanonical(std::string& out, std::string_view value) { AppendValue(out, value); }

std::string Canonical(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  AppendCanonical(out, value);
  return out;
}

bool Equal(std::string_view a, std::string_view b) {
  return a == b || Canonical(a) == Canonical(b);
}

}  // namespace holdfast::json
