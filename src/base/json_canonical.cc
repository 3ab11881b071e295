#include "base/json_canonical.h"

#include <algorithm>
#include <cstddef>
#include <deque>
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

// One pass with a stack of its own, whatever the depth: a child is not looked at by its parent, so
// the time is linear but for objects whose members stand in another order, which are moved once per
// level. Text that is not valid JSON ends each value where it stops making sense.
class CanonicalWriter {
 public:
  CanonicalWriter(std::string& out, std::string_view text) : out_(out), text_(text) {}

  void Run() {
    do {
      BeginValue();
      EndValues();
    } while (!open_.empty());
  }

 private:
  struct Level {
    bool object;
    size_t begin;          // of its text in `out_`, at the bracket
    size_t first_member;   // of this object in `members_`
    bool in_order = true;  // each key is greater than the one before it
  };
  struct Written {
    std::string_view key;  // unescaped
    size_t begin;          // in `out_`, at the key's quote; it ends where the next one's comma is
    size_t end;
  };

  char Peek() {
    at_ = SkipSpace(text_, at_);
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  // Writes a scalar, or opens as many levels as begin here. At the end, a value is complete.
  void BeginValue() {
    for (;;) {
      char c = Peek();
      if (c != '{' && c != '[') return Scalar(c);
      ++at_;
      open_.push_back({c == '{', out_.size(), members_.size()});
      out_ += c;
      if (c == '[' ? Peek() == ']' || at_ >= text_.size() : !Key()) return Close();
    }
  }

  // After a value: goes on to the next one of its level, closing the levels that end here.
  void EndValues() {
    while (!open_.empty()) {
      if (open_.back().object) members_.back().end = out_.size();
      bool comma = Peek() == ',';
      if (comma) ++at_;
      if (open_.back().object ? Key() : comma && at_ < text_.size() && Peek() != ']') {
        if (!open_.back().object) out_ += ',';
        return;
      }
      Close();
    }
  }

  // Reads `"key":` and writes it; false, with nothing written, where there is none.
  bool Key() {
    if (Peek() != '"') return false;
    size_t end = StringEnd(text_, at_);
    if (end < at_ + 2) return false;
    std::string_view raw = text_.substr(at_ + 1, end - at_ - 2);
    at_ = end;
    if (Peek() != ':') return false;
    ++at_;
    std::string_view key = raw;
    if (raw.find('\\') != std::string_view::npos) key = unescaped_.emplace_back(Unescape(raw));
    Level& level = open_.back();
    bool first = members_.size() == level.first_member;
    if (!first) {
      if (members_.back().key >= key) level.in_order = false;
      out_ += ',';
    }
    members_.push_back({key, out_.size(), 0});
    AppendString(out_, raw);
    out_ += ':';
    return true;
  }

  void Scalar(char c) {
    if (c == '"') {
      size_t end = StringEnd(text_, at_);
      if (end >= at_ + 2) AppendString(out_, text_.substr(at_ + 1, end - at_ - 2));
      at_ = end;
    } else {
      size_t end = SkipValue(text_, at_);
      out_ += text_.substr(at_, end - at_);
      at_ = end;
    }
  }

  void Close() {
    Level level = open_.back();
    open_.pop_back();
    if (Peek() == (level.object ? '}' : ']')) ++at_;
    if (level.object && !level.in_order) Sort(level);
    members_.resize(level.first_member);
    out_ += level.object ? '}' : ']';
  }

  void Sort(const Level& level) {
    auto begin = members_.begin() + static_cast<ptrdiff_t>(level.first_member);
    std::stable_sort(begin, members_.end(),
                     [](const Written& a, const Written& b) { return a.key < b.key; });
    std::string sorted = "{";
    for (auto member = begin; member != members_.end(); ++member) {
      if (member + 1 != members_.end() && (member + 1)->key == member->key) continue;
      if (sorted.size() > 1) sorted += ',';
      sorted.append(out_, member->begin, member->end - member->begin);
    }
    out_.replace(level.begin, std::string::npos, sorted);
  }

  std::string& out_;
  std::string_view text_;
  size_t at_ = 0;
  std::vector<Level> open_;
  std::vector<Written> members_;       // of all open objects
  std::deque<std::string> unescaped_;  // keys that have escapes; `members_` points into it
};

}  // namespace

void AppendCanonical(std::string& out, std::string_view value) {
  CanonicalWriter(out, value).Run();
}

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
