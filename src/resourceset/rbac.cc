#include "resourceset/rbac.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "resourceset/matcher.h"

namespace holdfast::resourceset {
namespace {

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
// In the order in which rules show them.
constexpr std::array<std::string_view, 9> kVerbs = {"get",   "list",   "watch", "create",  "update",
                                                    "patch", "delete", "bind",  "escalate"};

using Verbs = std::set<std::string_view>;

class Rights {
 public:
  explicit Rights(const RbacOptions& options) : options_(options) {}

  void Allow(const std::string& group, const std::string& resource, const Verbs& verbs) {
    rights_[group][resource].insert(verbs.begin(), verbs.end());
  }

  void AllowType(const kube::ResourceType& type) {
    AllowResource(type.gv.group, type.plural, type.Can(kube::kVerbList));
    if (options_.restore && type.has_status)
      Allow(type.gv.group, type.plural + "/status", {"get", "update"});
  }

  void AllowResource(const std::string& group, const std::string& resource, bool list = true) {
    Allow(group, resource, list ? Verbs{"get", "list", "watch"} : Verbs{"get"});
    if (!options_.restore) return;
    Allow(group, resource, {"create", "update", "patch", "delete"});
    if (group != kRbacGroup) return;
    // The API server lets nobody write a role that allows more than the writer may, but for these.
    const bool all = resource == "*";
    if (all || resource == "roles" || resource == "clusterroles")
      Allow(group, resource, {"escalate"});
    if (all || resource == "rolebindings" || resource == "clusterrolebindings") {
      Allow(group, "clusterroles", {"bind"});
      Allow(group, "roles", {"bind"});
    }
  }

  std::vector<RbacRule> Rules() const {
    std::vector<RbacRule> rules;
    for (const auto& [group, resources] : rights_) {
      std::map<Verbs, std::vector<std::string>> by_verbs;
      auto all = resources.find("*");
      for (const auto& [resource, verbs] : resources) {
        const bool covered =
            all != resources.end() && resource != "*" &&
            std::includes(all->second.begin(), all->second.end(), verbs.begin(), verbs.end());
        if (!covered) by_verbs[verbs].push_back(resource);
      }
      std::vector<RbacRule> of_group;
      for (const auto& [verbs, names] : by_verbs) {
        RbacRule rule{group, names, {}};
        for (std::string_view verb : kVerbs)
          if (verbs.contains(verb)) rule.verbs.emplace_back(verb);
        of_group.push_back(std::move(rule));
      }
      std::sort(of_group.begin(), of_group.end(),
                [](const RbacRule& a, const RbacRule& b) { return a.resources < b.resources; });
      rules.insert(rules.end(), of_group.begin(), of_group.end());
    }
    return rules;
  }

 private:
  const RbacOptions& options_;
  std::map<std::string, std::map<std::string, Verbs>> rights_;  // by group and resource
};

bool IsPlural(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// The plurals that a kind filter spells out ("^a$|^b$", kinds: [a]); empty when it does not.
std::vector<std::string> SpelledOut(const Selector& selector) {
  std::vector<std::string> plurals;
  for (const std::string& kind : selector.kinds) {
    if (!IsPlural(kind)) return {};
    plurals.push_back(kind);
  }
  std::string_view rest = selector.kinds_regexp;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    std::string_view one = rest.substr(0, bar);
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
    if (!one.starts_with('^') || !one.ends_with('$') || one.size() < 3) return {};
    one = one.substr(1, one.size() - 2);
    if (!IsPlural(one)) return {};
    plurals.emplace_back(one);
  }
  std::erase_if(plurals, [&](const std::string& plural) {
    return std::find(selector.exclude_kinds.begin(), selector.exclude_kinds.end(), plural) !=
           selector.exclude_kinds.end();
  });
  return plurals;
}

}  // namespace

Result<RbacRules> ComputeRbac(const std::vector<const ResourceSet*>& sets,
                              const std::vector<kube::ResourceType>& known,
                              const RbacOptions& options) {
  Rights rights(options);
  std::set<std::string> notes;
  for (const ResourceSet* set : sets) {
    for (const Selector& selector : set->selectors) {
      HF_ASSIGN(auto matcher, Matcher::Compile(selector));
      HF_ASSIGN(auto gv, kube::GroupVersion::Parse(selector.api_version));
      bool known_version = false;
      for (const kube::ResourceType& type : known) {
        if (type.gv != gv) continue;
        known_version = true;
        if (matcher->WantsType(type)) rights.AllowType(type);
      }
      if (known_version) continue;
      const std::vector<std::string> plurals = SpelledOut(selector);
      for (const std::string& plural : plurals) {
        rights.AllowResource(gv.group, plural);
        if (options.restore) rights.Allow(gv.group, plural + "/status", {"get", "update"});
      }
      if (!plurals.empty()) continue;
      rights.AllowResource(gv.group, "*");
      notes.insert("the resources of " + gv.ToString() +
                   " are not known here: every resource of the group is allowed");
    }
    if (!options.restore) continue;
    for (const ControllerReference& controller : set->controllers) {
      auto gv = kube::GroupVersion::Parse(controller.api_version);
      if (gv) rights.Allow(gv->group, controller.resource, {"get", "patch"});
    }
  }
  return RbacRules{rights.Rules(), {notes.begin(), notes.end()}};
}

}  // namespace holdfast::resourceset
