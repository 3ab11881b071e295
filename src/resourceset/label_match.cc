#include "resourceset/label_match.h"

#include <algorithm>

#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::resourceset {
namespace {

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends.
bool IsNamePart(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!IsAlnum(text.front()) || !IsAlnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

// A DNS subdomain (RFC 1123) as Kubernetes checks it.
bool IsSubdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  char last = '.';
  for (char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!alnum && c != '-' && c != '.') return false;
    if (!alnum && last == '.') return false;
    if (c == '.' && last == '-') return false;
    last = c;
  }
  return last != '.' && last != '-';
}

std::optional<std::string> CheckKey(std::string_view key) {
  const size_t slash = key.find('/');
  const bool good = slash == std::string_view::npos
                        ? IsNamePart(key)
                        : IsSubdomain(key.substr(0, slash)) && IsNamePart(key.substr(slash + 1));
  if (good) return std::nullopt;
  return "\"" + std::string(key) +
         "\" is not a label key: [prefix/]name, the name of at most 63 letters, digits, '-', '_' "
         "or "
         "'.', the prefix a DNS name";
}

std::optional<std::string> CheckValue(std::string_view value) {
  if (value.empty() || IsNamePart(value)) return std::nullopt;
  return "\"" + std::string(value) +
         "\" is not a label value: at most 63 letters, digits, '-', '_' or '.', a letter or digit "
         "at "
         "both ends";
}

// The raw text of the label's value without quotes; none when the object does not have it.
std::optional<std::string_view> LabelValue(std::string_view labels, std::string_view key) {
  std::optional<std::string_view> found;
  for (json::ObjectReader reader(labels); auto member = reader.Next();) {
    if (!member->Is(key) || json::TypeOf(member->value) != json::Type::kString) continue;
    found = member->value.substr(1, member->value.size() - 2);
  }
  return found;
}

bool Contains(const std::vector<std::string>& values, std::string_view raw) {
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return json::RawEquals(raw, value); });
}

bool Fulfilled(const LabelRequirement& requirement, std::optional<std::string_view> value) {
  if (requirement.op == "In") return value && Contains(requirement.values, *value);
  if (requirement.op == "NotIn") return !value || !Contains(requirement.values, *value);
  if (requirement.op == "Exists") return value.has_value();
  return !value;
}

std::string Join(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

}  // namespace

std::optional<LabelFault> CheckLabels(const LabelSelector& selector) {
  for (const auto& [key, value] : selector.match_labels) {
    if (auto fault = CheckKey(key)) return LabelFault{"matchLabels", *fault};
    if (auto fault = CheckValue(value)) return LabelFault{"matchLabels." + key, *fault};
  }
  for (size_t i = 0; i < selector.match_expressions.size(); ++i) {
    const LabelRequirement& requirement = selector.match_expressions[i];
    const std::string path = "matchExpressions[" + std::to_string(i) + "]";
    const bool takes_values = requirement.op == "In" || requirement.op == "NotIn";
    if (!takes_values && requirement.op != "Exists" && requirement.op != "DoesNotExist") {
      return LabelFault{path + ".operator",
                        "\"" + requirement.op +
                            "\" is not a valid label selector operator; use In, NotIn, Exists or "
                            "DoesNotExist"};
    }
    if (auto fault = CheckKey(requirement.key)) return LabelFault{path + ".key", *fault};
    if (takes_values && requirement.values.empty()) {
      return LabelFault{path + ".values", "for 'in', 'notin' operators, values set can't be empty"};
    }
    if (!takes_values && !requirement.values.empty()) {
      return LabelFault{path + ".values", "values set must be empty for exists and does not exist"};
    }
    for (size_t j = 0; j < requirement.values.size(); ++j) {
      if (auto fault = CheckValue(requirement.values[j]))
        return LabelFault{path + ".values[" + std::to_string(j) + "]", *fault};
    }
  }
  return std::nullopt;
}

bool LabelsMatch(const LabelSelector& selector, std::string_view labels) {
  for (const auto& [key, want] : selector.match_labels) {
    const auto value = LabelValue(labels, key);
    if (!value || !json::RawEquals(*value, want)) return false;
  }
  for (const LabelRequirement& requirement : selector.match_expressions) {
    if (!Fulfilled(requirement, LabelValue(labels, requirement.key))) return false;
  }
  return true;
}

std::string WhyLabelsDiffer(const LabelSelector& selector, std::string_view labels) {
  auto has = [](const std::string& key, std::optional<std::string_view> value) {
    return value ? "label " + key + " is \"" + json::Unescape(*value) + "\""
                 : "there is no label " + key;
  };
  for (const auto& [key, want] : selector.match_labels) {
    const auto value = LabelValue(labels, key);
    if (!value || !json::RawEquals(*value, want))
      return has(key, value) + ", and matchLabels wants \"" + want + "\"";
  }
  for (const LabelRequirement& requirement : selector.match_expressions) {
    const auto value = LabelValue(labels, requirement.key);
    if (Fulfilled(requirement, value)) continue;
    std::string wants = requirement.op;
    if (!requirement.values.empty()) wants += " (" + Join(requirement.values) + ")";
    return has(requirement.key, value) + ", and matchExpressions wants " + wants;
  }
  return {};
}

}  // namespace holdfast::resourceset
