#include "resourceset/type_notes.h"

#include <algorithm>
#include <string_view>

#include "resourceset/suggest.h"

namespace holdfast::resourceset {
namespace {

bool IsNamed(const kube::ResourceType& type, std::string_view name) {
  return type.kind == name || type.plural == name;
}

// ` (v1 has it)`, or empty.
std::string WhereElse(std::string_view name, const kube::GroupVersion& gv,
                      const kube::Discovery& discovery) {
  for (const kube::GroupVersion& other : discovery.group_versions()) {
    if (other != gv &&
        (discovery.ByKind(other, name) != nullptr || discovery.ByPlural(other, name) != nullptr))
      return " (" + other.ToString() + " has it)";
  }
  return {};
}

}  // namespace

std::string NoteNotServed(const kube::GroupVersion& gv, const kube::Discovery& discovery) {
  std::string text = "the server has no " + gv.ToString();
  std::string others;
  for (const kube::GroupVersion& other : discovery.group_versions()) {
    if (other.group == gv.group) others += (others.empty() ? "" : ", ") + other.ToString();
  }
  if (!others.empty()) text += " (it has " + others + ")";
  return text;
}

void AddTypeNotes(const Matcher& matcher, const kube::GroupVersion& gv,
                  const std::vector<kube::ResourceType>& types, const kube::Discovery& discovery,
                  std::vector<std::string>& notes) {
  const Selector& selector = matcher.selector();
  std::vector<std::string_view> names;
  for (const kube::ResourceType& type : types) {
    names.push_back(type.plural);
    names.push_back(type.kind);
  }
  auto exists = [&](const std::string& name) {
    return std::any_of(types.begin(), types.end(),
                       [&](const kube::ResourceType& type) { return IsNamed(type, name); });
  };
  for (const std::string& kind : selector.kinds) {
    if (kind.find('/') != std::string::npos) {
      notes.push_back("kinds: \"" + kind + "\" is a subresource, and those are never selected");
      continue;
    }
    if (exists(kind)) continue;
    const std::string elsewhere = WhereElse(kind, gv, discovery);
    notes.push_back("kinds: no resource of " + gv.ToString() + " is called \"" + kind + "\"" +
                    (elsewhere.empty() ? DidYouMean(kind, names) : elsewhere));
  }
  const bool wants_any =
      std::any_of(types.begin(), types.end(),
                  [&](const kube::ResourceType& type) { return matcher.WantsType(type); });
  if (!selector.kinds_regexp.empty()) {
    if (!wants_any) {
      notes.push_back("no resource of " + gv.ToString() + " is matched by kindsRegexp \"" +
                      selector.kinds_regexp + "\"" +
                      (selector.exclude_kinds.empty() ? "" : " and left by excludeKinds"));
    }
    for (const std::string& kind : selector.exclude_kinds) {
      if (exists(kind) || kind.find('/') != std::string::npos) continue;
      notes.push_back("excludeKinds: no resource of " + gv.ToString() + " is called \"" + kind +
                      "\"" + DidYouMean(kind, names));
    }
  }
  const bool any_namespaced = std::any_of(
      types.begin(), types.end(),
      [&](const kube::ResourceType& type) { return matcher.WantsType(type) && type.namespaced; });
  if (wants_any && !any_namespaced &&
      (!selector.namespaces.empty() || !selector.namespace_regexp.empty())) {
    notes.push_back(
        "namespaces and namespaceRegexp have no effect: what the selector matches is "
        "cluster-scoped");
  }
}

}  // namespace holdfast::resourceset
