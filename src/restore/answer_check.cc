#include "restore/answer_check.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "base/json_canonical.h"
#include "base/json_diff.h"
#include "base/json_scan.h"
#include "base/rfc3339.h"

namespace holdfast::restore {
namespace {

// More differences than that are not looked through; the answer then counts as changed.
constexpr size_t kMostDifferences = 20'000;
// Arrays within arrays of another length that are matched element by element.
constexpr int kMostNestedArrays = 16;
// Elements of such an array that are matched by more than equality.
constexpr size_t kMostMatched = 256;

bool IsEmptyValue(std::string_view value) {
  return value == "null" || value == "\"\"" || value == "{}" || value == "[]";
}

bool IsZeroValue(std::string_view value) {
  return IsEmptyValue(value) || value == "0" || value == "false";
}

std::optional<long double> NumberOf(const std::string& text, std::string& suffix) {
  if (text.empty() || text.size() > 64 || std::isspace(static_cast<unsigned char>(text[0])) != 0)
    return std::nullopt;
  // strtold also reads "inf", "nan" and hexadecimal numbers.
  if (text.find_first_of("xXnN") == 0 || text.find_first_not_of("+-.0123456789") == 0)
    return std::nullopt;
  if (text.find_first_of("xX") != std::string::npos) return std::nullopt;
  // The exponent of a quantity stands before no other suffix; "E" alone is exa.
  char* end = nullptr;
  long double number = std::strtold(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(number)) return std::nullopt;
  suffix = end;
  return number;
}

// resource.Quantity's suffixes.
std::optional<long double> QuantityOf(const std::string& text) {
  std::string suffix;
  auto number = NumberOf(text, suffix);
  if (!number || suffix.empty()) return number;
  static const std::map<std::string, long double> kSuffixes = {
      {"n", 1e-9L},    {"u", 1e-6L},    {"m", 1e-3L},    {"k", 1e3L},     {"M", 1e6L},
      {"G", 1e9L},     {"T", 1e12L},    {"P", 1e15L},    {"E", 1e18L},    {"Ki", 0x1p10L},
      {"Mi", 0x1p20L}, {"Gi", 0x1p30L}, {"Ti", 0x1p40L}, {"Pi", 0x1p50L}, {"Ei", 0x1p60L}};
  auto factor = kSuffixes.find(suffix);
  if (factor == kSuffixes.end()) return std::nullopt;
  return *number * factor->second;
}

bool Near(long double a, long double b) {
  return a == b || std::fabs(a - b) <= 1e-15L * std::max(std::fabs(a), std::fabs(b));
}

bool IsNumber(std::string_view value) { return json::TypeOf(value) == json::Type::kNumber; }

std::string ScalarText(std::string_view value) {
  return IsNumber(value) ? std::string(value) : json::StringOf(value);
}

bool SameNumber(std::string_view a, std::string_view b) {
  std::string rest_a, rest_b;
  auto left = NumberOf(std::string(a), rest_a), right = NumberOf(std::string(b), rest_b);
  return left && right && rest_a.empty() && rest_b.empty() && *left == *right;
}

std::string WithoutLineFeeds(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  return text;
}

class Check {
 public:
  explicit Check(const AnswerRules& rules) : rules_(rules) {}

  void Values(const std::string& prefix, std::string_view sent, std::string_view answer,
              int nested) {
    if (sent == answer) return;
    std::vector<json::Difference> found =
        json::Differences(sent, answer, json::Arrays::kWholeIfLengthsDiffer, kMostDifferences);
    for (const json::Difference& one : found) {
      if (Full()) return;
      bool dot = !prefix.empty() && !one.path.empty() && one.path[0] != '[';
      One(prefix + (dot ? "." : "") + one.path, one, nested);
    }
    if (found.size() >= kMostDifferences) Lose(prefix, "was changed in too many places to compare");
  }

  std::vector<std::string> Take() {
    if (lost_.size() > kMostLostFields) {
      lost_.resize(kMostLostFields);
      lost_.emplace_back("others");
    }
    return std::move(lost_);
  }

 private:
  bool Full() const { return lost_.size() > kMostLostFields; }

  void Lose(const std::string& path, const char* how) {
    lost_.push_back((path.empty() ? "the object" : path) + " " + how);
  }

  void One(const std::string& path, const json::Difference& one, int nested) {
    if (one.left.empty() || OwnedByServer(path)) return;
    if (one.right.empty()) {
      if (!MayBeLeftOut(one.left)) Lose(path, "was dropped");
      return;
    }
    if (one.left == "null") return;
    if (!rules_.custom && IsEmptyValue(one.left)) return;
    bool arrays = json::TypeOf(one.left) == json::Type::kArray &&
                  json::TypeOf(one.right) == json::Type::kArray;
    if (arrays && nested < kMostNestedArrays) return Elements(path, one.left, one.right, nested);
    if (!SameScalar(path, one.left, one.right)) Lose(path, "was changed");
  }

  bool MayBeLeftOut(std::string_view value) const {
    return value == "null" || (!rules_.custom && IsZeroValue(value));
  }

  bool OwnedByServer(const std::string& path) const {
    if (rules_.special == Special::kSecret && path == "stringData") return true;
    return false;
  }

  bool SameScalar(const std::string& path, std::string_view a, std::string_view b) const {
    if (IsNumber(a) && IsNumber(b) && SameNumber(a, b)) return true;
    if (rules_.custom) return false;
    auto scalar = [](std::string_view v) {
      json::Type type = json::TypeOf(v);
      return type == json::Type::kNumber || type == json::Type::kString;
    };
    if (!scalar(a) || !scalar(b)) return false;
    std::string left = ScalarText(a), right = ScalarText(b);
    bool data = path.starts_with("data");
    if (data && rules_.special == Special::kSecret)
      return WithoutLineFeeds(left) == WithoutLineFeeds(right);
    if (data || path.starts_with("metadata")) return false;
    auto x = QuantityOf(left), y = QuantityOf(right);
    if (x && y) return Near(*x, *y);
    auto s = ParseRfc3339(left), t = ParseRfc3339(right);
    return s && t && *s == *t;
  }

  // Whether nothing of `sent` is lost in `answer`.
  bool Covers(std::string_view sent, std::string_view answer, int nested) const {
    Check inner(rules_);
    inner.Values("", sent, answer, nested + 1);
    return inner.lost_.empty();
  }

  // What identifies an element of Kubernetes' lists of objects.
  static std::string KeyOf(std::string_view element) {
    for (std::string_view key : {"name", "key", "mountPath", "type", "ip", "port"})
      if (auto value = json::Find(element, {key})) return std::string(key) + std::string(*value);
    return "";
  }

  // Arrays of different lengths, or more than that: each sent element is matched with one of the
  // answer's, by equality, by name, or because it holds all that was sent.
  void Elements(const std::string& path, std::string_view sent, std::string_view answer,
                int nested) {
    std::multimap<std::string_view, size_t> left;  // of the answer, by text
    std::vector<std::string_view> answers;
    for (json::ArrayReader reader(answer); auto element = reader.Next();) {
      left.emplace(*element, answers.size());
      answers.push_back(*element);
    }
    std::vector<std::pair<size_t, std::string_view>> open;  // sent elements without a match
    size_t at = 0;
    for (json::ArrayReader reader(sent); auto element = reader.Next(); ++at) {
      if (auto match = left.find(*element); match != left.end())
        left.erase(match);
      else
        open.emplace_back(at, *element);
    }
    std::vector<size_t> free;
    for (const auto& [text, index] : left) free.push_back(index);
    std::sort(free.begin(), free.end());
    for (size_t i = 0; i < open.size() && !Full(); ++i) {
      const auto& [index, element] = open[i];
      std::string where = path + "[" + std::to_string(index) + "]";
      if (open.size() > kMostMatched) {
        Lose(where, "was dropped or changed");
        continue;
      }
      std::string key = KeyOf(element);
      auto match = std::find_if(free.begin(), free.end(), [&](size_t candidate) {
        return key.empty() ? Covers(element, answers[candidate], nested)
                           : KeyOf(answers[candidate]) == key;
      });
      if (match == free.end()) {
        if (!MayBeLeftOut(element)) Lose(where, "was dropped");
        continue;
      }
      if (!key.empty()) Values(where, element, answers[*match], nested + 1);
      free.erase(match);
    }
  }

  const AnswerRules rules_;
  std::vector<std::string> lost_;
};

std::string StatusForm(std::string_view object) {
  auto status = json::Find(object, {"status"});
  return status ? json::Canonical(*status) : std::string("{}");
}

std::string OwnersForm(std::string_view object) {
  auto owners = json::Find(object, {"metadata", "ownerReferences"});
  return owners ? json::Canonical(*owners) : std::string("[]");
}

}  // namespace

std::vector<std::string> LostFields(const AnswerRules& rules, std::string_view sent,
                                    std::string_view answer) {
  Check check(rules);
  check.Values("", MainForm(rules.special, sent), MainForm(rules.special, answer), 0);
  check.Values("metadata.ownerReferences", OwnersForm(sent), OwnersForm(answer), 0);
  if (rules.status_is_part) check.Values("status", StatusForm(sent), StatusForm(answer), 0);
  return check.Take();
}

std::vector<std::string> LostStatusFields(const AnswerRules& rules, std::string_view sent,
                                          std::string_view answer) {
  Check check(rules);
  check.Values("status", StatusForm(sent), StatusForm(answer), 0);
  return check.Take();
}

std::string JoinedFields(const std::vector<std::string>& fields) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i)
    text += (i == 0 ? "" : i + 1 == fields.size() ? " and " : ", ") + fields[i];
  return text;
}

}  // namespace holdfast::restore
