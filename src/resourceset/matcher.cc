#include "resourceset/matcher.h"

#include <algorithm>

#include "resourceset/fields.h"
#include "resourceset/label_match.h"

namespace holdfast::resourceset {
namespace {

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

bool ContainsSorted(const std::vector<std::string>& sorted, std::string_view text) {
  auto it = std::lower_bound(sorted.begin(), sorted.end(), text,
                             [](const std::string& a, std::string_view b) { return a < b; });
  return it != sorted.end() && *it == text;
}

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string Bracketed(const std::vector<std::string>& list) {
  constexpr size_t kShown = 8;
  std::string text = "[";
  for (size_t i = 0; i < list.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > kShown) text += ", and " + std::to_string(list.size() - kShown) + " more";
  return text + "]";
}

bool Names(const std::vector<std::string>& kinds, const kube::ResourceType& type) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) {
    return kind == type.kind || kind == type.plural;
  });
}

}  // namespace

Matcher::Matcher(const Selector& selector)
    : selector_(selector),
      names_(Sorted(selector.resource_names)),
      namespaces_(Sorted(selector.namespaces)) {}

Result<std::unique_ptr<Matcher>> Matcher::Compile(const Selector& selector) {
  std::unique_ptr<Matcher> matcher(new Matcher(selector));
  const std::vector<SelectorFault> faults = CheckSelector(selector, &matcher->patterns_);
  if (faults.empty()) return matcher;
  const SelectorFault& fault = faults.front();
  const std::string place = selector.place.ToString();
  std::string message = fault.message;
  if (fault.of_kinds)
    message = "error gathering resource for " + selector.api_version + ": " + message;
  if (fault.field.starts_with("labelSelectors")) message = fault.field + ": " + message;
  return Fail(Error(ErrorKind::kInvalid, std::move(message))
                  .With(selector.Path() + (place.empty() ? "" : " of " + place)));
}

bool Matcher::InKinds(const kube::ResourceType& type) const { return Names(selector_.kinds, type); }

std::string Matcher::WhyNotType(const kube::ResourceType& type) const {
  if (InKinds(type)) return {};
  if (selector_.kinds_regexp.empty()) {
    if (selector_.kinds.empty()) return {};
    return "kinds " + Bracketed(selector_.kinds) + " has neither " + type.kind + " nor " +
           type.plural;
  }
  if (!patterns_.kinds->Matches(type.kind) && !patterns_.kinds->Matches(type.plural)) {
    return "kindsRegexp " + Quoted(selector_.kinds_regexp) + " matches neither " + type.kind +
           " nor " + type.plural;
  }
  if (Names(selector_.exclude_kinds, type)) {
    return type.plural + " is excluded by excludeKinds " + Bracketed(selector_.exclude_kinds);
  }
  return {};
}

bool Matcher::NeedsServer(const kube::ResourceType& type) const {
  return std::any_of(selector_.field_selectors.begin(), selector_.field_selectors.end(),
                     [&](const auto& term) { return !IsLocalField(type, term.first); });
}

bool Matcher::NeedsBody(const kube::ResourceType& type) const {
  return !NeedsServer(type) &&
         std::any_of(selector_.field_selectors.begin(), selector_.field_selectors.end(),
                     [](const auto& term) { return !term.first.starts_with("metadata."); });
}

bool Matcher::NameFits(std::string_view name) const {
  const bool has_pattern = patterns_.names || patterns_.exclude_names;
  if (names_.empty() && !has_pattern) return true;
  if (ContainsSorted(names_, name)) return true;
  if (!has_pattern) return false;
  return (!patterns_.names || patterns_.names->Matches(name)) &&
         !(patterns_.exclude_names && patterns_.exclude_names->Matches(name));
}

bool Matcher::NamespaceFits(const kube::ResourceType& type, std::string_view ns) const {
  if (!type.namespaced || (namespaces_.empty() && !patterns_.namespaces)) return true;
  return ContainsSorted(namespaces_, ns) ||
         (patterns_.namespaces && patterns_.namespaces->Matches(ns));
}

bool Matcher::Takes(const kube::ResourceType& type, const ObjectView& object, bool fields) const {
  if (!NamespaceFits(type, object.ns()) || !NameFits(object.name())) return false;
  if (!selector_.label_selectors.empty() &&
      !LabelsMatch(selector_.label_selectors, object.labels()))
    return false;
  if (fields) {
    for (const auto& [field, value] : selector_.field_selectors) {
      if (!FieldEquals(type, field, value, object)) return false;
    }
  }
  return true;
}

std::string Matcher::WhyNotName(std::string_view name) const {
  if (NameFits(name)) return {};
  const std::string called = "name " + Quoted(name);
  if (patterns_.names && !patterns_.names->Matches(name)) {
    return called + " is not matched by resourceNameRegexp " +
           Quoted(selector_.resource_name_regexp) +
           (names_.empty() ? "" : " and not in resourceNames");
  }
  if (patterns_.exclude_names && patterns_.exclude_names->Matches(name)) {
    return called + " is excluded by excludeResourceNameRegexp " +
           Quoted(selector_.exclude_resource_name_regexp) +
           (names_.empty() ? "" : " and not in resourceNames");
  }
  return called + " is not in resourceNames " + Bracketed(selector_.resource_names);
}

std::string Matcher::WhyNot(const kube::ResourceType& type, const ObjectView& object,
                            bool fields) const {
  if (!NamespaceFits(type, object.ns())) {
    std::string text = "namespace " + Quoted(object.ns()) + " is not ";
    if (!namespaces_.empty()) text += "in namespaces " + Bracketed(selector_.namespaces);
    if (patterns_.namespaces) {
      text += std::string(namespaces_.empty() ? "" : " and not ") + "matched by namespaceRegexp " +
              Quoted(selector_.namespace_regexp);
    }
    return text;
  }
  if (std::string why = WhyNotName(object.name()); !why.empty()) return why;
  if (std::string why = WhyLabelsDiffer(selector_.label_selectors, object.labels()); !why.empty())
    return why;
  if (fields) {
    for (const auto& [field, value] : selector_.field_selectors) {
      if (FieldEquals(type, field, value, object)) continue;
      return "field " + field + " is " + Quoted(FieldValue(type, field, object)) +
             ", and fieldSelectors wants " + Quoted(value);
    }
  }
  return {};
}

std::vector<ObjectKey> Matcher::Gets(const kube::ResourceType& type) const {
  std::vector<ObjectKey> keys;
  if (!type.namespaced) {
    for (const std::string& name : names_) keys.push_back({"", name});
    return keys;
  }
  for (const std::string& ns : namespaces_) {
    for (const std::string& name : names_) keys.push_back({ns, name});
  }
  return keys;
}

std::string Matcher::WhyNoGets(const kube::ResourceType& type) const {
  std::string missing;
  if (names_.empty()) missing = "resourceNames";
  if (type.namespaced && namespaces_.empty())
    missing += missing.empty() ? "namespaces" : " and namespaces";
  if (missing.empty()) return {};
  return type.ResourceName() + " cannot be listed, only read by name, and the selector has no " +
         missing + " (regular expressions do not count for that)";
}

}  // namespace holdfast::resourceset
