#include "resourceset/patterns.h"

#include "kube/types.h"
#include "resourceset/label_match.h"

namespace holdfast::resourceset {

std::vector<SelectorFault> CheckSelector(const Selector& selector, Patterns* patterns) {
  std::vector<SelectorFault> faults;
  if (selector.api_version.empty()) {
    faults.push_back({"apiVersion", "groupVersion shouldn't be empty", true});
  } else if (auto gv = kube::GroupVersion::Parse(selector.api_version); !gv) {
    faults.push_back({"apiVersion", gv.error().message(), true});
  }
  Patterns compiled;
  struct {
    std::string_view field, called;
    const std::string& pattern;
    std::optional<Regexp>& out;
  } fields[] = {
      {"kindsRegexp", "kindsRegexp", selector.kinds_regexp, compiled.kinds},
      {"resourceNameRegexp", "resource-name", selector.resource_name_regexp, compiled.names},
      {"excludeResourceNameRegexp", "exclude-resource-name", selector.exclude_resource_name_regexp,
       compiled.exclude_names},
      {"namespaceRegexp", "namespace", selector.namespace_regexp, compiled.namespaces},
  };
  for (auto& [field, called, pattern, out] : fields) {
    if (pattern.empty()) continue;
    auto regexp = Regexp::Compile(pattern);
    if (!regexp) {
      faults.push_back({std::string(field),
                        "error in " + std::string(called) + " pattern " + pattern + ": " +
                            regexp.error().message(),
                        field == "kindsRegexp"});
    } else {
      out = std::move(*regexp);
    }
  }
  if (auto fault = CheckLabels(selector.label_selectors))
    faults.push_back({"labelSelectors." + fault->path, fault->message});
  if (patterns != nullptr) *patterns = std::move(compiled);
  return faults;
}

}  // namespace holdfast::resourceset
