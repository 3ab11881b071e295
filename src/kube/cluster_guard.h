// Whether a restore of a cluster has begun and has not ended. The one place that decides it: asked
// by whoever must not work on a cluster that is half restored, on the command line and in the
// operator.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/lease.h"

namespace holdfast::kube {

// Where they are when nothing else is said.
inline constexpr std::string_view kRestoreNamespace = "cattle-resources-system";
// The Lease under which a restore changes the cluster; the reference operator uses it too.
inline constexpr std::string_view kRestoreLease = "restore-controller";
// The ConfigMap that is there from before a restore's first change until it has come to its end
// (docs/formats/restore-state.md).
inline constexpr std::string_view kRestoreRecord = "holdfast-restore-state";

// Error::reason() of the kConflict because of a restore that has not ended.
inline constexpr std::string_view kUnfinishedRestore = "UnfinishedRestore";

struct UnfinishedRestore {
  std::string holder;     // of the Lease, without the process: "<Restore>:<uid>"; empty: it is free
  bool recorded = false;  // the record is there: the cluster may be half restored
  std::string run;        // the record's; empty where it is absent or unreadable
  std::string archive;    // the record's
  // "restore-1:uid", or the record's run and archive.
  std::string ToString() const;
};

// kConflict, kUnfinishedRestore, with what to do about it.
Error RefusedBecauseOf(const UnfinishedRestore& restore, const std::string& ns);

// Thread-safe. `client` and `clock` must outlive it.
class ClusterGuard {
 public:
  ClusterGuard(Client& client, std::string ns, Clock& clock)
      : client_(client), ns_(std::move(ns)), clock_(clock) {}

  struct View {
    std::optional<UnfinishedRestore> restore;
    // Of the Lease; empty: there is none. Two views without a restore and with the same version:
    // none ran in between either.
    std::string lease_version;
    // What could not be looked at, for the reader: the Lease may not be read (403), but its record
    // may. A restore of the reference operator, which keeps no record, is then not noticed.
    std::string warning;
  };
  // A restore is unfinished while its record is there, and while its Lease is held: until the
  // holder is proven to have ended or has not renewed the Lease for its duration while this guard
  // looked at it. Without a record such a run has changed nothing. Two GETs; blocks for them.
  Result<View> Look(const Call& call);
  // Look(), and where only a Lease that nobody may be renewing stands in the way, again until that
  // is known: blocks up to the Lease's duration, at most a minute.
  Result<View> LookUntilSure(const Call& call);

  const std::string& ns() const { return ns_; }

 private:
  Client& client_;
  const std::string ns_;
  Clock& clock_;
  std::mutex mutex_;
  LeaseObservation observed_;  // under mutex_
};

}  // namespace holdfast::kube
