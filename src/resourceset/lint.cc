#include "resourceset/lint.h"

#include <algorithm>
#include <map>

#include "resourceset/builtin_types.h"
#include "resourceset/patterns.h"
#include "resourceset/suggest.h"

namespace holdfast::resourceset {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}
bool LooksSingular(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), IsLower) && !word.ends_with('s');
}

// One alternative of a regular expression without special characters: "^secrets$".
struct Branch {
  std::string_view word;
  bool at_start = false;
  bool at_end = false;
};

// The alternatives of "^a$|^b$"; none when the pattern is more than plain words.
std::vector<Branch> PlainBranches(std::string_view pattern) {
  std::vector<Branch> branches;
  while (true) {
    const size_t end = std::min(pattern.find('|'), pattern.size());
    Branch branch{pattern.substr(0, end)};
    if (branch.word.starts_with('^')) branch.at_start = true, branch.word.remove_prefix(1);
    if (branch.word.ends_with('$')) branch.at_end = true, branch.word.remove_suffix(1);
    if (!IsWord(branch.word)) return {};
    branches.push_back(branch);
    if (end == pattern.size()) return branches;
    pattern.remove_prefix(end + 1);
  }
}

class Linter {
 public:
  Linter(const ResourceSet& set, std::vector<Finding>& findings) : set_(set), findings_(findings) {}

  void Run() {
    if (set_.selectors.empty())
      findings_.push_back({{}, "resourceSelectors", "there is no selector: nothing is selected"});
    for (const Selector& selector : set_.selectors) {
      selector_ = &selector;
      CheckSelector(selector, &patterns_);
      CheckKinds();
      CheckNames();
      CheckNamespaces();
      CheckTwins();
    }
    for (size_t i = 0; i < set_.controllers.size(); ++i) {
      if (!set_.controllers[i].replicas) continue;
      findings_.push_back({{},
                           "controllerReferences[" + std::to_string(i) + "].replicas",
                           "is filled in at restore and not meant to be set"});
    }
  }

 private:
  void Add(std::string_view field, std::string message) {
    findings_.push_back(
        {selector_->place, selector_->Path() + "." + std::string(field), std::move(message)});
  }

  std::vector<BuiltinType> Builtins() const {
    std::vector<BuiltinType> types;
    for (const BuiltinType& type : BuiltinTypes()) {
      if (type.api_version == selector_->api_version) types.push_back(type);
    }
    return types;
  }

  static bool IsNamed(const BuiltinType& type, std::string_view name) {
    return type.plural == name || type.kind == name;
  }

  void CheckKinds() {
    const Selector& s = *selector_;
    for (const std::string& kind : s.kinds) CheckExactKind("kinds", kind);
    if (s.kinds_regexp.empty()) {
      if (!s.exclude_kinds.empty()) {
        Add("excludeKinds", s.kinds.empty() ? "is ignored without kindsRegexp, and everything of " +
                                                  s.api_version + " is selected; add kindsRegexp: ."
                                            : "is ignored without kindsRegexp");
      }
    } else {
      CheckKindsPattern();
      for (const std::string& kind : s.exclude_kinds) {
        CheckExactKind("excludeKinds", kind);
        if (std::find(s.kinds.begin(), s.kinds.end(), kind) != s.kinds.end())
          Add("excludeKinds",
              "\"" + kind + "\" stands in kinds too, and kinds wins: it is selected");
      }
    }
  }

  void CheckExactKind(std::string_view field, const std::string& kind) {
    if (kind.find('/') != std::string::npos) {
      if (field == "kinds")
        Add(field, "\"" + kind + "\" is a subresource, and those are never selected");
      return;
    }
    const std::vector<BuiltinType> builtins = Builtins();
    if (builtins.empty()) {
      if (LooksSingular(kind)) {
        Add(field, "\"" + kind +
                       "\" looks like a singular and then matches nothing; give the Kind or the "
                       "plural, exactly as the server writes them");
      }
      return;
    }
    if (std::any_of(builtins.begin(), builtins.end(),
                    [&](const BuiltinType& type) { return IsNamed(type, kind); }))
      return;
    Add(field, "no resource of " + s().api_version + " is called \"" + kind + "\"" +
                   Instead(kind, builtins));
  }

  // What could be meant: the same name in another group-version, or a similar one in this.
  std::string Instead(std::string_view name, const std::vector<BuiltinType>& builtins) const {
    for (const BuiltinType& type : BuiltinTypes()) {
      if (IsNamed(type, name) && type.api_version != s().api_version)
        return "; " + std::string(type.api_version) + " has it";
    }
    std::vector<std::string_view> names;
    for (const BuiltinType& type : builtins) {
      names.push_back(type.plural);
      names.push_back(type.kind);
    }
    return DidYouMean(name, names);
  }

  void CheckKindsPattern() {
    const std::vector<BuiltinType> builtins = Builtins();
    const std::vector<Branch> branches = PlainBranches(s().kinds_regexp);
    for (const Branch& branch : branches) {
      const std::string word(branch.word);
      if (!branch.at_start && !branch.at_end) {
        Add("kindsRegexp", "\"" + word + "\" matches anywhere in a Kind or plural; write ^" + word +
                               "$ for that one alone");
      } else if (branch.at_start && branch.at_end && !builtins.empty()) {
        if (std::none_of(builtins.begin(), builtins.end(),
                         [&](const BuiltinType& type) { return IsNamed(type, word); })) {
          Add("kindsRegexp", "no resource of " + s().api_version + " is called \"" + word + "\"" +
                                 Instead(word, builtins));
        }
      } else if (branch.at_start && branch.at_end && LooksSingular(word)) {
        Add("kindsRegexp",
            "\"" + word +
                "\" looks like a singular and then matches nothing; patterns see the "
                "Kind and the plural");
      }
    }
    if (branches.empty() && !builtins.empty() && patterns_.kinds &&
        std::none_of(builtins.begin(), builtins.end(), [&](const BuiltinType& type) {
          return patterns_.kinds->Matches(type.kind) || patterns_.kinds->Matches(type.plural);
        })) {
      Add("kindsRegexp", "matches no resource of " + s().api_version);
    }
  }

  void CheckNames() {
    for (const std::string& name : s().resource_names) {
      if (patterns_.exclude_names && patterns_.exclude_names->Matches(name)) {
        Add("resourceNames", "\"" + name +
                                 "\" is matched by excludeResourceNameRegexp, but resourceNames "
                                 "wins: it is selected");
      }
    }
    if (!s().resource_names.empty() && s().resource_name_regexp.empty() &&
        !s().exclude_resource_name_regexp.empty()) {
      Add("excludeResourceNameRegexp",
          "beside resourceNames and without resourceNameRegexp it selects every name that it does "
          "not match, not only those of resourceNames");
    }
    CheckAnywhere("resourceNameRegexp", s().resource_name_regexp);
    CheckAnywhere("excludeResourceNameRegexp", s().exclude_resource_name_regexp);
    CheckAnywhere("namespaceRegexp", s().namespace_regexp);
  }

  void CheckAnywhere(std::string_view field, const std::string& pattern) {
    for (const Branch& branch : PlainBranches(pattern)) {
      if (branch.at_start || branch.at_end) continue;
      const std::string word(branch.word);
      Add(field, "\"" + word + "\" matches anywhere in a name; write ^" + word +
                     "$ for that name, ^" + word + " for names that begin so");
    }
  }

  void CheckNamespaces() {
    if (s().namespaces.empty() && s().namespace_regexp.empty()) return;
    bool any = false;
    for (const BuiltinType& type : Builtins()) {
      const bool named = std::any_of(s().kinds.begin(), s().kinds.end(),
                                     [&](const std::string& kind) { return IsNamed(type, kind); });
      const bool matched = patterns_.kinds && (patterns_.kinds->Matches(type.kind) ||
                                               patterns_.kinds->Matches(type.plural));
      const bool all = s().kinds.empty() && !patterns_.kinds;
      if (!named && !matched && !all) continue;
      if (type.namespaced) return;
      any = true;
    }
    if (any) {
      Add(s().namespaces.empty() ? "namespaceRegexp" : "namespaces",
          "has no effect: what the selector matches is cluster-scoped");
    }
  }

  // Selectors that ask for the same, word for word.
  void CheckTwins() {
    Selector bare = s();
    bare.index = 0;
    std::string key;
    auto add = [&](std::string_view text) {
      key += std::to_string(text.size()) + ":" + std::string(text);
    };
    auto add_list = [&](std::vector<std::string> list) {
      std::sort(list.begin(), list.end());
      key += '[';
      for (const std::string& item : list) add(item);
      key += ']';
    };
    add(bare.api_version);
    for (const auto* list :
         {&bare.kinds, &bare.exclude_kinds, &bare.resource_names, &bare.namespaces})
      add_list(*list);
    for (const auto* text : {&bare.kinds_regexp, &bare.resource_name_regexp,
                             &bare.exclude_resource_name_regexp, &bare.namespace_regexp})
      add(*text);
    for (const auto& [label, value] : bare.label_selectors.match_labels) add(label), add(value);
    key += '/';
    for (const LabelRequirement& one : bare.label_selectors.match_expressions)
      add(one.key), add(one.op), add_list(one.values);
    key += '/';
    for (const auto& [field, value] : bare.field_selectors) add(field), add(value);
    auto [it, is_new] = seen_.emplace(std::move(key), s().index);
    if (is_new) return;
    findings_.push_back({s().place, s().Path(),
                         "is the same as resourceSelectors[" + std::to_string(it->second) + "]"});
  }

  const Selector& s() const { return *selector_; }

  const ResourceSet& set_;
  std::vector<Finding>& findings_;
  const Selector* selector_ = nullptr;
  Patterns patterns_;
  std::map<std::string, size_t> seen_;
};

}  // namespace

std::string Finding::ToString() const {
  const std::string where = place.ToString();
  return where + (where.empty() ? "" : ": ") + path + ": " + message;
}

std::vector<Finding> Lint(const ResourceSet& set) {
  std::vector<Finding> findings;
  Linter(set, findings).Run();
  return findings;
}

}  // namespace holdfast::resourceset
