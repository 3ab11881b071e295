#include "base/json_diff.h"

#include <algorithm>

#include "base/json_scan.h"
#include "base/json_string_end.h"
#include "base/json_text.h"

namespace holdfast::json {
namespace {

// Steps of a path that are shown: so many at its beginning and at its end.
constexpr size_t kShownSteps = 16;

bool IsPlain(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Reads one of the two texts from its beginning to its end, value by value.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  size_t at() const { return at_; }
  std::string_view From(size_t begin) const { return text_.substr(begin, at_ - begin); }
  bool AtEnd(char closing) const { return at_ >= text_.size() || text_[at_] == closing; }
  // Passes over a bracket or comma.
  void Step() { at_ = std::min(at_ + 1, text_.size()); }
  // The raw key that stands here, without its quotes; stays before it.
  std::string_view Key() const {
    size_t end = StringEnd(text_, at_);
    return end < at_ + 2 ? std::string_view() : text_.substr(at_ + 1, end - at_ - 2);
  }
  void PassKey() { at_ = std::min(StringEnd(text_, at_) + 1, text_.size()); }
  std::string_view PassValue() {
    size_t begin = at_;
    at_ = SkipValue(text_, at_);
    std::string_view value = text_.substr(begin, at_ - begin);
    if (value.empty()) at_ = text_.size();  // not canonical JSON: no more is read
    return value;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// Both texts are read in step: where both have a container of the same type it is entered, anything
// else is compared and passed over. So each byte is read a bounded number of times.
class Walk {
 public:
  Walk(std::string_view left, std::string_view right, Arrays arrays, size_t limit)
      : left_(left), right_(right), arrays_(arrays), limit_(limit) {}

  std::vector<Difference> Run() {
    Values();
    while (!open_.empty() && !IsFull())
      if (open_.back().object ? NextMember() : NextElement()) Values();
    return std::move(found_);
  }

 private:
  struct Level {
    bool object;
    size_t left_begin, right_begin;  // of the container
    size_t found_before;             // differences found before it
    std::string_view key;            // raw, of the member that is looked at
    size_t elements = 0;             // that were looked at
    bool lengths_differ = false;
  };

  // Within an array that may yet turn out to differ as a whole, what was found does not count.
  bool IsFull() const {
    return found_.size() >= limit_ && (arrays_ == Arrays::kByPosition || open_arrays_ == 0);
  }

  // A value stands on both sides.
  void Values() {
    char c = left_.Peek();
    if (c != right_.Peek() || (c != '{' && c != '[')) {
      std::string_view a = left_.PassValue(), b = right_.PassValue();
      if (a != b) Add(a, b);
      return;
    }
    open_.push_back({c == '{', left_.at(), right_.at(), found_.size(), {}});
    if (c == '[') ++open_arrays_;
    left_.Step();
    right_.Step();
  }

  // True when both sides stand on the values of the same key; false at the object's end or limit.
  bool NextMember() {
    while (!IsFull()) {
      PassCommas();
      bool has_left = !left_.AtEnd('}'), has_right = !right_.AtEnd('}');
      if (!has_left && !has_right) {
        Close();
        return false;
      }
      std::string_view a = has_left ? left_.Key() : std::string_view();
      std::string_view b = has_right ? right_.Key() : std::string_view();
      bool take_left = has_left && (!has_right || a == b || Unescape(a) < Unescape(b));
      open_.back().key = take_left ? a : b;
      if (take_left) left_.PassKey();
      if (!take_left || (has_right && a == b)) right_.PassKey();
      if (has_left && has_right && a == b) return true;
      std::string_view value = take_left ? left_.PassValue() : right_.PassValue();
      Add(take_left ? value : std::string_view(), take_left ? std::string_view() : value);
    }
    return false;
  }

  // True when both sides stand on an element; false at the end of both or at the limit.
  bool NextElement() {
    while (!IsFull()) {
      PassCommas();
      bool has_left = !left_.AtEnd(']'), has_right = !right_.AtEnd(']');
      if (!has_left && !has_right) {
        Close();
        return false;
      }
      ++open_.back().elements;
      if (has_left && has_right) return true;
      open_.back().lengths_differ = true;
      std::string_view value = has_left ? left_.PassValue() : right_.PassValue();
      if (arrays_ == Arrays::kByPosition)
        Add(has_left ? value : std::string_view(), has_left ? std::string_view() : value);
    }
    return false;
  }

  void PassCommas() {
    if (left_.Peek() == ',') left_.Step();
    if (right_.Peek() == ',') right_.Step();
  }

  void Close() {
    Level level = open_.back();
    open_.pop_back();
    left_.Step();
    right_.Step();
    if (level.object) return;
    --open_arrays_;
    if (arrays_ == Arrays::kByPosition || !level.lengths_differ) return;
    found_.resize(level.found_before);
    Add(left_.From(level.left_begin), right_.From(level.right_begin));
  }

  void Add(std::string_view a, std::string_view b) {
    if (found_.size() < limit_) found_.push_back({Path(), a, b});
  }

  std::string Path() const {
    std::string path;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (open_.size() > 2 * kShownSteps && i == kShownSteps) {
        path += "...";
        i = open_.size() - kShownSteps;
      }
      const Level& level = open_[i];
      if (!level.object) {
        path += "[" + std::to_string(level.elements - 1) + "]";
      } else if (std::string key = Unescape(level.key); IsPlain(key)) {
        path += (path.empty() ? "" : ".") + key;
      } else {
        path += "[" + Quote(key) + "]";
      }
    }
    return path;
  }

  Cursor left_, right_;
  Arrays arrays_;
  size_t limit_;
  size_t open_arrays_ = 0;
  std::vector<Level> open_;
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> Differences(std::string_view left, std::string_view right, Arrays arrays,
                                    size_t limit) {
  return Walk(left, right, arrays, limit).Run();
}

}  // namespace holdfast::json
