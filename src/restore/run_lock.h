// The Lease that keeps two restores from running at once: `restore-controller`, the one which the
// operator uses too.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"

namespace holdfast::restore {

inline constexpr std::string_view kLeaseName = "restore-controller";

// Held and renewed until released or destroyed.
class RunLock {
 public:
  // `holder` is "<name>:<uid>". A Lease that is held by somebody else, but was not renewed for its
  // duration, is taken over; where it expires soon that is waited for. kConflict naming the holder
  // when it is renewed, or has no duration (the operator's own). When the Lease is lost later,
  // `on_lost` is stopped. Everything given outlives the lock. Blocks.
  static Result<std::unique_ptr<RunLock>> Acquire(kube::Client& client, const std::string& ns,
                                                  const std::string& holder, const Logger& log,
                                                  Clock& clock, std::stop_token stop,
                                                  std::stop_source on_lost);
  ~RunLock();

  bool lost() const;
  std::string why_lost() const;
  // Frees the Lease; fine when it was lost.
  Status Release();

  // Who holds it, expired or not; empty when nobody does.
  static Result<std::string> Holder(kube::Client& client, const std::string& ns,
                                    std::stop_token stop);

 private:
  struct Impl;
  explicit RunLock(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::restore
