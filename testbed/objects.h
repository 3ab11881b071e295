// A made-up Rancher management cluster: the same objects for the same options, on every machine.
// Pure: nothing here talks to a server. Objects are made when asked for and none is kept, so a set
// of any size costs no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "testbed/object_kinds.h"

namespace holdfast::testbed {

struct ObjectSetOptions {
  // All in all, CRDs and namespaces included; at least 300. About 5.8 KB of JSON each as the API
  // server lists them.
  size_t objects = 20'000;
  uint64_t seed = 1;
  // More Secrets, beyond `objects`, of so many bytes before base64 (the API server's limit is 1
  // MiB).
  size_t large_secrets = 0;
  size_t large_secret_bytes = 1'000'000;
};

// Each needs what is in the ones before it: a custom resource its CRD, an object its namespace, an
// owned one its owner's uid.
enum class Phase { kDefinitions, kNamespaces, kClusterScoped, kNamespaced, kOwned, kOwnedByOwned };
inline constexpr std::array kPhases = {Phase::kDefinitions,   Phase::kNamespaces,
                                       Phase::kClusterScoped, Phase::kNamespaced,
                                       Phase::kOwned,         Phase::kOwnedByOwned};

// What stands for the owner's uid in the JSON of an owned object.
inline constexpr std::string_view kOwnerUid = "00000000-0000-0000-0000-0wner0000000";

struct ObjectKey {
  const kube::ResourceType* type = nullptr;  // lives as long as the ObjectSet
  std::string ns;                            // empty: cluster-scoped
  std::string name;
  // "plural.group/ns/name"
  std::string ToString() const;
};

struct Object {
  ObjectKey key;
  std::string json;    // as it is to be POSTed
  std::string status;  // JSON to be written to /status afterwards; empty: none
  ObjectKey owner;     // type is null: none
};

class ObjectSet {
 public:
  explicit ObjectSet(const ObjectSetOptions& options);
  ObjectSet(const ObjectSet&) = delete;  // keys point into it
  ObjectSet& operator=(const ObjectSet&) = delete;

  size_t size() const;
  size_t size(Phase phase) const;
  // i < size(phase). May be called by any number of threads.
  Object At(Phase phase, size_t i) const;
  // True when other objects of the set may have objects of this type as owners.
  bool MayOwn(const kube::ResourceType& type) const;

  const std::vector<ObjectKind>& kinds() const { return kinds_; }
  const std::vector<std::string>& namespaces() const { return namespaces_; }
  // How many objects kinds()[i] has.
  size_t count(size_t kind) const { return counts_[kind]; }

 private:
  struct Share {
    size_t kind;
    size_t count;
  };
  Phase PhaseOf(const ObjectKind& kind) const;
  // Name and namespace of object number i of a kind.
  ObjectKey KeyOf(size_t kind, size_t i) const;
  ObjectKey OwnerOf(size_t kind, size_t i) const;
  Object Definition(size_t i) const;
  Object Namespace(size_t i) const;
  Object Make(size_t kind, size_t i) const;

  ObjectSetOptions options_;
  std::vector<ObjectKind> kinds_;
  std::vector<size_t> counts_;
  std::vector<size_t> definitions_;  // indices of kinds_ that have a CRD
  std::vector<std::string> namespaces_;
  std::array<std::vector<std::string>, 7> by_place_;
  std::array<std::vector<Share>, kPhases.size()> shares_;
  kube::ResourceType definition_type_, namespace_type_;
};

// A ResourceSet (YAML) in the style of Rancher's own that selects every object of any ObjectSet:
// the CRDs, the namespaces by their prefixes, custom resources group by group, secrets by label.
std::string RancherResourceSet(const std::string& name);

}  // namespace holdfast::testbed
