// The kinds of objects that a Rancher management cluster is full of, and how many of each there are
// beside one another.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kube/types.h"

namespace holdfast::testbed {

// Which namespaces a kind's objects lie in.
enum class Place { kNone, kAny, kSystem, kFleet, kProject, kCluster, kUser };

// What an object's body looks like.
enum class Body {
  kTree,  // spec of a custom resource, made up
  kSetting,
  kFeature,
  kUser,
  kToken,
  kRules,
  kBinding,
  kProject,
  kContent,
  kBundle,
  kSecret,
  kConfigMap,
  kServiceAccount,
  kRbacRole,
  kRbacBinding,
  kDeployment,
};

struct ObjectKind {
  kube::ResourceType type;
  bool custom = false;         // it has a CRD of ours
  Place place = Place::kNone;  // kNone: cluster-scoped
  Body body = Body::kTree;
  unsigned weight = 0;                 // about how many there are among 20,000 objects
  uint64_t smallest = 0, largest = 0;  // bytes of the body, about
  std::string_view name_prefix;
  // Index into the table of the kind whose objects own these; -1: none. An owner of a namespaced
  // kind gives its namespace to what it owns.
  int owner = -1;
};

// In the order of the table; the same at every call. Owners are of kinds without an owner, or of
// kinds whose owners have none.
std::vector<ObjectKind> RancherKinds();

}  // namespace holdfast::testbed
