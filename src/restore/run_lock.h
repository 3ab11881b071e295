// The Lease that keeps two restores from running at once: `restore-controller`, the one which the
// operator uses too.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kube/lease.h"

namespace holdfast::restore {

inline constexpr std::string_view kLeaseName = "restore-controller";

// A run that was killed renews its Lease no more: the next one waits until it has expired. The time
// is what an overloaded API server may take to answer before a run that lives gives up.
inline kube::LeaseOptions LeaseOf(const std::string& ns, const std::string& holder) {
  kube::LeaseOptions options;
  options.ns = ns;
  options.name = kLeaseName;
  options.holder = holder;
  options.duration = std::chrono::seconds(30);
  options.wait_for_expiry = std::chrono::seconds(40);
  return options;
}

}  // namespace holdfast::restore
