// Which resources the API server has.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "kube/types.h"

namespace holdfast::kube {

struct ServerVersion {
  int major = 0;
  int minor = 0;
  std::string git_version;  // "v1.36.3"
  bool AtLeast(int want_major, int want_minor) const {
    return major != want_major ? major > want_major : minor >= want_minor;
  }
};

// A snapshot of discovery; immutable, cheap to share by reference.
class Discovery {
 public:
  // Aggregated discovery (v2, v2beta1), with a fall-back to a request a group-version. A
  // group-version whose aggregated API server does not answer is remembered as broken and hurts
  // only those who ask for it. Blocks.
  static Result<Discovery> Fetch(Client& client, const Call& call = {});

  // All resources (never subresources) of the group-version in the server's order. kNotFound when
  // the server does not have it; kUnavailable when its aggregated API is broken.
  Result<const std::vector<ResourceType>*> Of(const GroupVersion& gv) const;
  // nullptr when there is none. Pointers live as long as this Discovery.
  const ResourceType* ByKind(const GroupVersion& gv, std::string_view kind) const;
  const ResourceType* ByPlural(const GroupVersion& gv, std::string_view plural) const;
  // The kind in any version of the group, the group's preferred version first.
  const ResourceType* ByGroupKind(std::string_view group, std::string_view kind) const;
  // The same by plural.
  const ResourceType* ByGroupPlural(std::string_view group, std::string_view plural) const;
  // All group-versions, preferred versions of a group first.
  const std::vector<GroupVersion>& group_versions() const { return order_; }
  const ServerVersion& server_version() const { return version_; }

  // For tests and for those who know the types: builds one without a server.
  static Discovery FromTypes(std::vector<ResourceType> types, ServerVersion version = {});

 private:
  std::map<GroupVersion, std::vector<ResourceType>> types_;
  std::map<GroupVersion, Error> broken_;
  std::vector<GroupVersion> order_;
  ServerVersion version_;
};

}  // namespace holdfast::kube
