// The text of a Lease object.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace holdfast::kube {

struct LeaseRecord {
  std::string holder;  // empty: free
  std::optional<std::chrono::seconds> duration;
  std::optional<Clock::Wall> renewed;
  int64_t transitions = 0;
  std::string uid;  // metadata.uid

  static LeaseRecord Of(std::string_view lease);
  // Whether it may be taken over when its holder does not renew it.
  bool expires() const { return duration && renewed; }
};

// A new Lease that is held.
std::string NewLease(std::string_view ns, std::string_view name, std::string_view holder,
                     std::chrono::seconds duration, Clock::Wall now);
// The Lease, held by `holder` from now on; all else in it stays.
std::string TakenLease(std::string_view lease, std::string_view holder,
                       std::chrono::seconds duration, Clock::Wall now);
// With a new renewTime.
std::string RenewedLease(std::string_view lease, Clock::Wall now);
// Without a holder.
std::string FreedLease(std::string_view lease);

}  // namespace holdfast::kube
