// Objects of many kinds, with many kinds of fields, for a control plane.
#pragma once

#include <string_view>

namespace holdfast::tests {

struct NewObject {
  std::string_view path;  // POST
  std::string_view json;
};

// In an order in which they can be made; namespaces first. The first two are CRDs of "widgets"
// (namespaced) and "gadgets" (cluster-scoped) of test.holdfast.example; objects of theirs are the
// last two.
struct NewObjects {
  const NewObject* begin() const;
  const NewObject* end() const;
};

}  // namespace holdfast::tests
