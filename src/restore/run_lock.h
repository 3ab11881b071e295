// The Lease that keeps two restores from running at once: `restore-controller`, the one which the
// operator uses too.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kube/cluster_guard.h"
#include "kube/lease.h"

namespace holdfast::restore {

inline constexpr std::string_view kLeaseName = kube::kRestoreLease;

// A run that was killed renews its Lease no more: the next one waits until it has expired. The
// duration is what an overloaded API server may take to answer before a run that lives gives up,
// and half as much again. `purpose`: "<Restore's name>:<uid>".
inline kube::LeaseOptions LeaseOf(const std::string& ns, const std::string& purpose) {
  kube::LeaseOptions options;
  options.ns = ns;
  options.name = kLeaseName;
  options.purpose = purpose;
  options.duration = std::chrono::seconds(30);
  options.wait_for_expiry = std::chrono::seconds(40);
  // A Restore of the reference operator that this one continues: its Lease is never renewed.
  options.resume = purpose;
  return options;
}

}  // namespace holdfast::restore
