// Kubernetes' own resource types, for remarks that need no cluster.
#pragma once

#include <string_view>

namespace holdfast::resourceset {

struct BuiltinType {
  std::string_view api_version, plural, kind;
  bool namespaced;
};

// What Kubernetes 1.36 serves in the group-versions named here, each of them completely.
struct BuiltinTypes {
  const BuiltinType* begin() const;
  const BuiltinType* end() const;
};

}  // namespace holdfast::resourceset
