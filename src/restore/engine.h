// A whole restore: from the archive in a store to the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "restore/delete_limit.h"
#include "restore/report.h"

namespace holdfast::kube {
class Client;
}
namespace holdfast::storage {
class Store;
}
namespace holdfast::crypto {
class Transformers;
}

namespace holdfast::restore {

struct Options {
  bool prune =
      false;  // delete what the archive's ResourceSet selects and the archive does not have
  // How long deleted objects may take to go before their finalizers are removed.
  std::chrono::seconds delete_timeout{0};
  // Failures of single objects, and of prune, do not fail the restore; they are reported all the
  // same.
  bool ignore_errors = false;
  // Say what would be done. Changes nothing: reads are sent, dry runs of the updates that are
  // planned (examine.h), and, where prune would delete ServiceAccounts or their tokens, one
  // SelfSubjectReview (who are we? it is a POST that stores nothing), so that the plan does not
  // delete our own.
  bool plan_only = false;
  // Delete what cannot be updated, because a field is immutable, and create it again (immutable.h
  // has the rules; RoleBindings are treated so in any case).
  bool recreate_immutable = false;
  // With plan_only: called with each line of the plan, in order, instead of keeping it in the
  // report. From one thread; must not throw.
  std::function<void(const PlanLine&)> plan_line;
  // Prune stops the restore before anything is changed when it would delete more.
  DeleteLimit max_deletes;
  // Prune even where the archive lacks a whole selected type of which the cluster has objects.
  bool allow_missing_types = false;
  // Prune PersistentVolumes and PersistentVolumeClaims too, and namespaces that hold claims.
  bool prune_volumes = false;

  // Where the Lease and the state of a running restore are kept; created when missing.
  std::string lease_namespace = "cattle-resources-system";
  std::string run_name;  // names the run in the Lease and in messages; empty: one is made up
  std::string run_uid;   // the second half of the Lease's holder; empty: one is made up
  // Objects that prune must never touch, besides those it never touches anyway: Secrets which the
  // run itself uses. "<plural>.<group>#<version>/[<namespace>/]<name>", as entries are named in
  // archives.
  std::vector<std::string> keep;

  size_t workers = 32;             // objects written at once
  size_t list_threads = 8;         // lists read at once
  std::filesystem::path temp_dir;  // of the spool; empty: $TMPDIR, else /tmp

  std::chrono::seconds pods_timeout{30};         // for the pods of scaled-down controllers to end
  std::chrono::seconds established_timeout{60};  // for CRDs to be established and served
  std::chrono::seconds terminating_timeout{30};  // for terminating namesakes to go, in each phase
  // For Namespaces and CRDs that are being deleted to go, before what is in them is restored.
  std::chrono::seconds going_timeout{120};
};

inline constexpr std::string_view kTooManyDeletesHint =
    "look at what would be deleted with --plan; allow it with --max-deletes (spec.maxDeletes of a "
    "Restore), or restore without prune";

// Receives how far the work is; called by one thread at a time, must not block for long.
class Progress {
 public:
  virtual ~Progress() = default;
  // A phase begins, in words for the reader: "reading the archive", "comparing with the cluster".
  virtual void Phase(std::string_view /*what*/) {}
  // Within the phase; `total` is 0 where it is not known.
  virtual void Done(uint64_t /*done*/, uint64_t /*total*/) {}
};

// Restores `archive` of `store` into the cluster of `client`. Blocks until it has ended.
//
// Nothing is changed before the whole archive was read, verified and decrypted, and compared with
// the cluster. Where nothing differs nothing is written at all, not even the Lease. Otherwise the
// Lease `restore-controller` is held for the time of the changes (kConflict naming the holder when
// somebody else has it), that a restore has begun is stored in the cluster, and the ResourceSet's
// controllers are scaled down; their counts are stored first, so that the next run, or Abort(),
// scales them up after a crash. What is written is planned on what is read after that.
//
// Failures of single objects are in the report, not in the Result: the caller decides by
// Report::failed() and Options::ignore_errors. An error means that the restore did not come to its
// end: the archive is damaged or cannot be decrypted, the API server does not answer, somebody else
// holds the Lease, or `stop` was requested (kCancelled). Controllers have then been scaled up
// again, or the error says that they were not.
Result<Report> Run(kube::Client& client, storage::Store& store, const std::string& archive,
                   const crypto::Transformers& keys, const Options& options, Progress& progress,
                   const Logger& log, Clock& clock, std::stop_token stop);

// Undoes what a crashed restore left: scales its controllers up to the counts stored in the
// cluster, forgets them, and frees its Lease. Objects already restored stay. Refuses with kConflict
// while the Lease's holder is still renewing it. Returns lines for the reader; none when there was
// nothing to do.
Result<std::vector<std::string>> Abort(kube::Client& client, const std::string& lease_namespace,
                                       const Logger& log, Clock& clock, std::stop_token stop);

}  // namespace holdfast::restore
