// Backups: one-time and recurring.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kube/cluster_guard.h"
#include "operator/backup_decision.h"
#include "operator/reconciler.h"
#include "operator/store_locator.h"
#include "schedule/retention.h"

namespace holdfast::op {

class BackupReconciler : public Reconciler {
 public:
  explicit BackupReconciler(Context& context)
      : context_(context), guard_(context.client, context.settings.ns, context.clock) {}

  PassResult Reconcile(const std::string& name, std::stop_token stop) override;

 private:
  // A run that has come to its end: the archive lies in its store and was read back.
  struct Finished {
    std::string filename;
    std::string store_kind;
    std::string result;  // JSON of status.lastResult
    std::string summary;
    std::map<std::string, double> phases;  // seconds
    uint64_t objects = 0, archive_bytes = 0;
  };

  // How far a run came.
  struct RunTrace {
    std::string id{};       // in the log
    bool began = false;     // status says so
    bool stored = false;    // an archive of it lies in the store, and the next pass takes it up
    std::string restore{};  // the restore for whose end it must wait instead
  };

  PassResult Run(const BackupObject& backup, std::stop_token stop);
  Result<Finished> TakeBackup(const BackupObject& backup, RunTrace& trace, std::stop_token stop);
  // The archive that an earlier run stored without having told so; its name, or "".
  Result<std::string> Orphan(const BackupObject& backup, LocatedStore& store,
                             const crypto::Transformers& keys, const Waits& waits);
  PassResult Succeed(const BackupObject& backup, const Finished& finished, const RunTrace& trace,
                     std::stop_token stop);
  PassResult FailWith(const BackupObject& backup, const Error& error, bool stalled,
                      const RunTrace& trace, std::stop_token stop);
  // Until a restore has ended: its archive would be of a cluster half restored.
  PassResult WaitForRestore(const BackupObject& backup, const std::string& restore,
                            std::stop_token stop);
  PassResult Update(const BackupObject& backup, const BackupDecision& decision,
                    std::stop_token stop);
  // `next`: when the Backup runs next. Looks again when that is, or sooner where it failed.
  PassResult RunRetention(const BackupObject& backup, std::optional<Clock::Wall> next,
                          std::stop_token stop);
  // Counts a failed retention; logs it and emits an Event unless the last one was the same.
  void ReportRetention(const BackupObject& backup, const std::string& same,
                       const std::string& text);
  // Empty archives and those dated in the future, once.
  void ReportNotCounted(const BackupObject& backup,
                        const std::vector<schedule::RetentionVerdict>& verdicts);
  PassResult Delete(const BackupObject& backup, std::stop_token stop);
  Result<LocatedStore> Locate(const BackupObject& backup, const Logger& log, std::stop_token stop);
  PassResult WaitUntil(Clock::Wall at) const;
  kube::Call Call(std::stop_token stop) const { return {.stop = stop}; }
  Waits StoreWaits(std::stop_token stop) const;

  Context& context_;
  kube::ClusterGuard guard_;
  std::mutex mutex_;
  struct PendingRetention {
    std::string just_written;
    int failures = 0;  // in a row
  };
  std::map<std::string, PendingRetention> retention_;  // still to be run
  // By Backup: what its last retention could not delete or did not count, as it was reported.
  std::map<std::string, std::string> retention_reported_, not_counted_reported_;
  std::set<std::string> seen_;  // names that had a pass
  // Values of the run-now annotation that were acted on: a CRD of an older chart forgets them.
  std::map<std::string, std::string> ran_now_;
};

}  // namespace holdfast::op
