// Holding a coordination.k8s.io/v1 Lease: at most one of us works at a time.
//
// What others wrote is honoured: a Lease with a holderIdentity but without leaseDurationSeconds or
// renewTime (as Rancher's backup-restore operator writes it) is held until its holder lets go; one
// with both may be taken over when renewTime + duration has passed. That compares the holder's
// clock with ours: the machines' clocks must agree to less than the duration.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"

namespace holdfast::kube {

// leases.coordination.k8s.io/v1, which every API server has.
const ResourceType& LeaseType();

struct LeaseOptions {
  std::string ns;                     // created when missing
  std::string name;                   // created when missing
  std::string holder;                 // who we are; no two that run at once may have the same
  std::chrono::seconds duration{30};  // at least 1; renewed three times in it
  // Another holder's Lease that expires within this time is waited for, once: a holder that lives
  // renews it meanwhile. Zero: no waiting.
  std::chrono::seconds wait_for_expiry{0};
};

// A Lease that is ours. Renewed by a thread of its own until it is released or lost.
class LeaseHold {
 public:
  // Blocks. kConflict when another holds it, with the holder and how long it may last in the
  // message. `client`, `clock` and `log` must outlive what is returned.
  static Result<std::unique_ptr<LeaseHold>> Acquire(Client& client, const LeaseOptions& options,
                                                    Clock& clock, const Logger& log,
                                                    const Call& call = {});
  // Releases it within five seconds, unless that has been done.
  ~LeaseHold();

  // Ends renewing and frees the Lease (holderIdentity, renewTime and duration are removed, so that
  // nobody takes them for his own). Ok as well when it is no longer ours. Blocks.
  Status Release(const Call& call = {});

  // Somebody else has it, or it could not be renewed in time: stop writing.
  bool lost() const;
  // Stopped when it is lost.
  std::stop_token lost_token() const;
  // Empty until it is lost.
  std::string why_lost() const;

  // Who holds it, expired or not; empty when nobody does. Blocks.
  static Result<std::string> Holder(Client& client, std::string_view ns, std::string_view name,
                                    const Call& call = {});

 private:
  struct Impl;
  explicit LeaseHold(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::kube
