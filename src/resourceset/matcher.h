// One selector, compiled.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/types.h"
#include "resourceset/patterns.h"
#include "resourceset/resource_set.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {

// Immutable; may be used by any number of threads.
class Matcher {
 public:
  // kInvalid: what CheckSelector() finds, in the words of the reference.
  static Result<std::unique_ptr<Matcher>> Compile(const Selector& selector);

  const Selector& selector() const { return selector_; }

  // The kind filter: kinds, kindsRegexp, excludeKinds.
  bool WantsType(const kube::ResourceType& type) const { return WhyNotType(type).empty(); }
  std::string WhyNotType(const kube::ResourceType& type) const;

  // Whether some field of fieldSelectors has to be evaluated by the server.
  bool NeedsServer(const kube::ResourceType& type) const;
  // Whether it looks at more than metadata.
  bool NeedsBody(const kube::ResourceType& type) const;
  // Whether a namespaced type's objects can only lie in `selector().namespaces`.
  bool NamesItsNamespaces() const {
    return !selector_.namespaces.empty() && selector_.namespace_regexp.empty();
  }

  // The filters on one object of a type that the selector wants. With `fields` false,
  // fieldSelectors count as fulfilled.
  bool Takes(const kube::ResourceType& type, const ObjectView& object, bool fields) const;
  // Why it does not, in words; empty when it does.
  std::string WhyNot(const kube::ResourceType& type, const ObjectView& object, bool fields) const;

  // For types that are read by name.
  std::vector<ObjectKey> Gets(const kube::ResourceType& type) const;
  // What is missing for that, in words; empty when Gets() gives something.
  std::string WhyNoGets(const kube::ResourceType& type) const;

 private:
  explicit Matcher(const Selector& selector);

  bool InKinds(const kube::ResourceType& type) const;
  bool NameFits(std::string_view name) const;
  bool NamespaceFits(const kube::ResourceType& type, std::string_view ns) const;
  std::string WhyNotName(std::string_view name) const;

  Selector selector_;
  Patterns patterns_;
  std::vector<std::string> names_, namespaces_;  // sorted
};

}  // namespace holdfast::resourceset
