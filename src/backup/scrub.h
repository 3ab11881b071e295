// From an object as the API server sent it to the JSON that an archive holds.
#pragma once

#include <optional>
#include <string>

#include "backup/object_scan.h"
#include "kube/types.h"

namespace holdfast::backup {

// Whether an object that is being deleted is left out: a Namespace unless spec.finalizers holds
// something, another object unless it has metadata.finalizers. False for those not being deleted.
bool IsLeftOut(const kube::ResourceType& type, const ObjectScan& scan);

class Scrubber {
 public:
  // One line of JSON, every byte of the object kept but for: metadata's uid, creationTimestamp,
  // deletionTimestamp, deletionGracePeriodSeconds, selfLink and resourceVersion, which are cut out;
  // apiVersion and kind, put in front where they are missing (items of lists of built-in types lack
  // them).
  static std::string Scrub(const kube::ResourceType& type, const ObjectScan& scan);
};

}  // namespace holdfast::backup
