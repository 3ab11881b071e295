#include "cli/field_diff.h"

#include <algorithm>
#include <map>

#include "base/json_canonical.h"
#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::cli {
namespace {

constexpr size_t kMostShown = 200;

std::string Shown(std::string_view value) {
  std::string text = json::Canonical(value);
  if (text.size() <= kMostShown) return text;
  size_t cut = kMostShown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return text.substr(0, cut) + "...";
}

// A key that a reader could not tell from the path around it is quoted.
std::string Step(const std::string& path, const std::string& key) {
  bool plain = !key.empty() && key.find_first_of(".[]\" /") == std::string::npos;
  if (!plain) return path + "[" + json::Quote(key) + "]";
  return path.empty() ? key : path + "." + key;
}

class Differ {
 public:
  explicit Differ(size_t limit) : limit_(limit) {}

  void Compare(const std::string& path, std::string_view left, std::string_view right) {
    if (changes_.size() >= limit_ || left == right) return;
    json::Type type = json::TypeOf(left);
    if (type != json::TypeOf(right)) return Add(path, left, right);
    if (type == json::Type::kObject) return CompareObjects(path, left, right);
    if (type == json::Type::kArray) return CompareArrays(path, left, right);
    if (!json::Equal(left, right)) Add(path, left, right);
  }
  std::vector<FieldChange> Take() { return std::move(changes_); }

 private:
  using Members = std::map<std::string, std::string_view>;

  static Members Read(std::string_view object) {
    Members members;
    for (json::ObjectReader reader(object); auto member = reader.Next();)
      members[json::Unescape(member->key)] = member->value;
    return members;
  }

  void Add(const std::string& path, std::string_view left, std::string_view right) {
    if (changes_.size() >= limit_) return;
    changes_.push_back({path, left.empty() ? "" : Shown(left), right.empty() ? "" : Shown(right)});
  }

  void CompareObjects(const std::string& path, std::string_view left, std::string_view right) {
    Members a = Read(left), b = Read(right);
    for (const auto& [key, value] : a) {
      auto other = b.find(key);
      if (other == b.end())
        Add(Step(path, key), value, {});
      else
        Compare(Step(path, key), value, other->second);
    }
    for (const auto& [key, value] : b)
      if (!a.contains(key)) Add(Step(path, key), {}, value);
  }

  void CompareArrays(const std::string& path, std::string_view left, std::string_view right) {
    json::ArrayReader a(left), b(right);
    for (size_t i = 0;; ++i) {
      auto x = a.Next();
      auto y = b.Next();
      if (!x && !y) return;
      std::string step = path + "[" + std::to_string(i) + "]";
      if (x && y)
        Compare(step, *x, *y);
      else
        Add(step, x.value_or(""), y.value_or(""));
    }
  }

  size_t limit_;
  std::vector<FieldChange> changes_;
};

}  // namespace

std::vector<FieldChange> DiffFields(std::string_view left, std::string_view right, size_t limit) {
  Differ differ(limit);
  differ.Compare("", left, right);
  return differ.Take();
}

}  // namespace holdfast::cli
