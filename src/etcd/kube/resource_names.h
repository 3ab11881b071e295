// Names of Kubernetes' resources: as people write them, and as an API server's keys have them.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::etcd {

struct KubeResource {
  std::string plural;
  std::string group;  // empty: core
  auto operator<=>(const KubeResource&) const = default;
  // "secrets", "deployments.apps".
  std::string ToString() const { return group.empty() ? plural : plural + "." + group; }
};

// A type that a CustomResourceDefinition of the snapshot defines.
struct CustomType {
  KubeResource resource;
  std::string kind;
  std::vector<std::string> versions;  // that it serves
  bool namespaced = false;
};

// What a key under the API server's prefix names. The views are into the key, or into the names.
struct ObjectKey {
  std::string_view plural;
  std::string_view group;
  std::string_view ns;  // empty: cluster-scoped
  std::string_view name;
};

class ResourceNames {
 public:
  // Knows the built-in types.
  ResourceNames();

  // Learns the type of a CustomResourceDefinition, in JSON; ignores what is none.
  void AddCrd(std::string_view json);
  const std::vector<CustomType>& custom() const { return custom_; }

  // "pods", "pod", "po", "Pod", "deployments.apps", "deployment.v1.apps", and plural, singular,
  // kind and short names of custom types that were added. "plural.group" with a group that is not
  // known is taken as it stands; none for other unknown names.
  std::optional<KubeResource> Resolve(std::string_view text) const;

  // `rest` is the key behind the prefix: "/secrets/default/a". None for keys that hold no API
  // object.
  std::optional<ObjectKey> ParseKey(std::string_view rest) const;
  // The folder that the resource's objects lie in: "secrets", "services/specs",
  // "cert-manager.io/certificates".
  std::string FolderOf(const KubeResource& resource) const;
  // Whether objects have a namespace; none where that is not known.
  std::optional<bool> Namespaced(const KubeResource& resource) const;

 private:
  struct Builtin {
    std::string group;                // by which encryption configurations name it
    std::vector<std::string> groups;  // all that serve it, or did
    bool namespaced = false;
  };
  bool IsBuiltin(const KubeResource& resource) const;

  std::map<std::string, Builtin, std::less<>> builtin_;  // by plural
  std::map<std::string, std::string, std::less<>>
      spellings_;  // lower case, to plurals of built-ins
  std::vector<CustomType> custom_;
  std::vector<std::vector<std::string>> custom_names_;  // beside custom_: lower case
};

}  // namespace holdfast::etcd
