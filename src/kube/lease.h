// Holding a coordination.k8s.io/v1 Lease: at most one process works at a time.
//
// The rules, which are those of client-go's leader election made stricter:
//  - A holder is one process and one call of Acquire(): no two are ever the same, so that nobody
//    takes another's Lease for its own (kube/lease_holder.h).
//  - A holder renews six times in the Lease's duration. When the last renewal that succeeded began
//    two thirds of the duration ago, the Lease is lost, whatever the server holds.
//  - A challenger takes a Lease over when it has not seen it change for a whole duration, measured
//    by its own steady clock from when it first saw it. Times that others wrote are never compared
//    with a clock: machines' clocks may differ by any amount.
//  - What a challenger waits for is longer than what a holder may go without renewing; a process
//    that was paused finds its Lease lost before it sends anything more (Valid()).
//  - A Lease whose holder is proven to have ended, on this machine, is taken over after a second.
//  - A Lease with a holder but without leaseDurationSeconds or renewTime, as Rancher's
//    backup-restore operator writes it, is held until its holder frees it.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"

namespace holdfast::kube {

// leases.coordination.k8s.io/v1, which every API server has.
const ResourceType& LeaseType();

// Error::reason() of the kConflict when another holds the Lease, and when a hold was lost.
inline constexpr std::string_view kLeaseHeld = "LeaseHeld";
inline constexpr std::string_view kLeaseLost = "LeaseLost";

// A Lease that another holds, as it was last seen, and since when it has been so.
class LeaseObservation {
 public:
  // Takes note of the Lease's text. Time from which it may be taken over, by `clock`'s steady time;
  // Clock::Steady::max() when it does not expire. To be called with each text that was read.
  Clock::Steady Note(std::string_view lease, const Clock& clock);
  // Whether it changed between the first Note() and the last: its holder lives.
  bool changed() const { return changes_ > 1; }

 private:
  std::string seen_;
  Clock::Steady since_{};
  int changes_ = 0;
};

struct LeaseOptions {
  std::string ns;       // created when missing
  std::string name;     // created when missing
  std::string purpose;  // what the work is for; the process is added to make the holder
  std::chrono::seconds duration{30};  // at least 1
  // How long to wait for another holder's Lease to expire or to be freed. Waiting ends as soon as
  // the holder renews it. Zero: no waiting.
  std::chrono::seconds wait_for_expiry{0};
  // Resume: a Lease with exactly this holder that does not expire is taken over at once, because
  // the caller continues that holder's work and is certain that nobody else does. Empty: none.
  std::string resume;
  // Kept from one attempt to the next by a caller that tries again and again; not owned. nullptr:
  // observed anew by each call.
  LeaseObservation* observed = nullptr;
};

// A Lease that is ours. Renewed by a thread of its own until it is released or lost. Thread-safe
// but for Release(), Retake() and the destructor.
class LeaseHold {
 public:
  // Blocks. kConflict with reason kLeaseHeld when another holds it: the message names the holder.
  // `client`, `clock` and `log` must outlive what is returned.
  static Result<std::unique_ptr<LeaseHold>> Acquire(Client& client, const LeaseOptions& options,
                                                    Clock& clock, const Logger& log,
                                                    const Call& call = {});
  // Releases it within five seconds, unless that has been done or it is lost.
  ~LeaseHold();

  // Ends renewing and frees the Lease (holderIdentity, renewTime and duration are removed). Sends
  // nothing when it is lost: it is another's, or stays as the mark of work that did not end. Ok
  // as well when it is no longer ours. Blocks.
  Status Release(const Call& call = {});

  // Somebody else has it, or it could not be renewed in time: send nothing more that changes the
  // cluster. Never false again.
  bool lost() const;
  // Stopped when it is lost.
  std::stop_token lost_token() const;
  // Empty until it is lost.
  std::string why_lost() const;
  // kConflict with reason kLeaseLost when it is lost, by the local clock and what renewing found.
  // Sends nothing: for each write.
  Status Valid() const;
  // Reads the Lease: Valid(), and still this holder in the object of the same uid. For steps that
  // would undo another's work. kConflict with reason kLeaseLost when it is lost; the error of the
  // request when it cannot be read. Blocks.
  Status CheckStillHeld(const Call& call = {});

  // Takes a lost Lease again, when it was lost because the API server did not answer: a new hold,
  // when nobody else has held it since. Tries for `limit` or until `call.stop`. kConflict with
  // reason kLeaseLost when somebody has held or deleted it; else the last request's error. Blocks.
  Result<std::unique_ptr<LeaseHold>> Retake(std::chrono::nanoseconds limit, const Call& call = {});

  // As it stands in the object.
  const std::string& holder() const;

  // Who holds it, expired or not; empty when nobody does. Blocks.
  static Result<std::string> Holder(Client& client, std::string_view ns, std::string_view name,
                                    const Call& call = {});

 private:
  struct Impl;
  explicit LeaseHold(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::kube
