// Names of the Kubernetes API: group-versions, resource types, object keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::kube {

// "v1" (core: empty group) or "apps/v1".
struct GroupVersion {
  std::string group;
  std::string version;

  // kInvalid for an empty text or more than one slash.
  static Result<GroupVersion> Parse(std::string_view api_version);
  std::string ToString() const { return group.empty() ? version : group + "/" + version; }
  // "/api/v1" or "/apis/apps/v1".
  std::string UrlPath() const;
  bool operator==(const GroupVersion&) const = default;
  auto operator<=>(const GroupVersion&) const = default;
};

enum Verb : uint32_t {
  kVerbGet = 1,
  kVerbList = 2,
  kVerbWatch = 4,
  kVerbCreate = 8,
  kVerbUpdate = 16,
  kVerbPatch = 32,
  kVerbDelete = 64,
  kVerbDeleteCollection = 128,
};

// One resource of one group-version, as discovery describes it. Subresources are not types of their
// own; only whether "<plural>/status" exists is kept.
struct ResourceType {
  GroupVersion gv;
  std::string plural;  // the resource name in URLs, "secrets"
  std::string kind;    // "Secret"
  bool namespaced = false;
  uint32_t verbs = 0;  // Verb bits
  bool has_status = false;

  bool Can(Verb verb) const { return (verbs & verb) != 0; }
  // "secrets" or "deployments.apps": the form of RBAC messages and of the specification.
  std::string ResourceName() const { return gv.group.empty() ? plural : plural + "." + gv.group; }
  // URL path of the collection; `ns` empty for cluster-scoped types and for all namespaces.
  std::string CollectionPath(std::string_view ns) const;
  // URL path of one object; name and namespace are percent-encoded.
  std::string ObjectPath(std::string_view ns, std::string_view name) const;
};

}  // namespace holdfast::kube
