#include "operator/backup_reconciler.h"

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"
#include "operator/backup_status.h"
#include "operator/own_archives.h"
#include "operator/run_watch.h"

namespace holdfast::op {
namespace {

using namespace std::chrono_literals;
using Step = BackupDecision::Step;

// After a failed retention, then twice as long each time.
constexpr std::chrono::milliseconds kRetentionAgain = 60s, kRetentionLongest = 1h;
constexpr std::chrono::milliseconds kRestoreAgain = 2s;
constexpr std::chrono::seconds kLately = 1h;
// Clocks of machines jump: a longer wait is looked at in between.
constexpr std::chrono::milliseconds kLongestWait = 10min;

std::chrono::milliseconds Since(const Clock& clock, Clock::Steady begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.SteadyNow() - begin);
}

}  // namespace

Waits BackupReconciler::StoreWaits(std::stop_token stop) const {
  Waits waits;
  waits.clock = &context_.clock;
  waits.stop = stop;
  return waits;
}

PassResult BackupReconciler::WaitUntil(Clock::Wall at) const {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(at - context_.clock.Now());
  return {false, std::clamp(left, std::chrono::milliseconds(0), kLongestWait)};
}

Result<LocatedStore> BackupReconciler::Locate(const BackupObject& backup, const Logger& log,
                                              std::stop_token stop) {
  return LocateStore(context_.client, context_.settings, backup.s3, "",
                     "backup " + backup.meta.name +
                         " needs to specify S3 details, or configure storage location at the "
                         "operator level",
                     log, context_.clock, Call(stop));
}

PassResult BackupReconciler::Reconcile(const std::string& name, std::stop_token stop) {
  auto text = context_.client.Get(BackupType(), "", name, Call(stop));
  if (!text && text.error().kind() == ErrorKind::kNotFound) {
    for (observe::Family* family : {&context_.metrics.objects, &context_.metrics.archive_bytes,
                                    &context_.metrics.phase_seconds})
      family->Forget(name);
    RunWatch::Forget(context_.metrics, "Backup", name);
    std::lock_guard lock(mutex_);
    retention_.erase(name);
    retention_reported_.erase(name);
    not_counted_reported_.erase(name);
    ran_now_.erase(name);
    seen_.erase(name);
    return {};
  }
  auto backup = text ? ParseBackup(*text) : Fail(std::move(text).error());
  if (!backup) {
    if (!stop.stop_requested())
      context_.log.Warn("a Backup cannot be read",
                        {{"backup", name}, {"error", backup.error().ToString()}});
    return {.failed = true};
  }
  if (backup->meta.deleting) return Delete(*backup, stop);
  bool guarded =
      std::count(backup->meta.finalizers.begin(), backup->meta.finalizers.end(), kFinalizer) != 0;
  if (backup->delete_archives != guarded) {
    std::vector<std::string> finalizers = backup->meta.finalizers;
    if (guarded)
      std::erase(finalizers, kFinalizer);
    else
      finalizers.emplace_back(kFinalizer);
    Status put =
        PatchFinalizers(context_.client, BackupType(), backup->meta, finalizers, Call(stop));
    if (!put) {
      context_.log.Debug("a finalizer was not written", {{"error", put.error().ToString()}});
      return {.failed = true};
    }
  }
  {
    std::lock_guard lock(mutex_);
    auto ran = ran_now_.find(name);
    if (ran != ran_now_.end() && ran->second == backup->meta.run_now)
      backup->last_run_now = ran->second;
  }
  BackupDecision decision = Decide(*backup, context_.clock.Now());
  switch (decision.step) {
    case Step::kRun: return Run(*backup, stop);
    case Step::kInvalid:
      return FailWith(*backup, Error(ErrorKind::kInvalid, decision.problem), true, {}, stop);
    case Step::kUpdate: return Update(*backup, decision, stop);
    case Step::kNothing:
    case Step::kWait: break;
  }
  bool clean_up = false;
  {
    std::lock_guard lock(mutex_);
    // Another process may have ended between the archive and the deletion of older ones.
    bool lately = backup->last_snapshot && context_.clock.Now() - *backup->last_snapshot < kLately;
    if (seen_.insert(name).second && backup->recurring() && lately && !backup->filename.empty())
      retention_.emplace(name, PendingRetention{backup->filename});
    clean_up = retention_.contains(name);
  }
  if (clean_up) return RunRetention(*backup, decision.at, stop);
  return decision.at ? WaitUntil(*decision.at) : PassResult{};
}

PassResult BackupReconciler::Update(const BackupObject& backup, const BackupDecision& decision,
                                    std::stop_token stop) {
  std::string status = UpdatedStatus(backup, decision.at, context_.clock.Now());
  if (Status put = WriteStatus(context_, BackupType(), backup.meta, status, stop); !put) {
    context_.log.Warn("a schedule was not written",
                      {{"backup", backup.meta.name}, {"error", put.error().ToString()}});
    return {.failed = true};
  }
  context_.log.Info(
      "schedule set anew",
      {{"backup", backup.meta.name}, {"next", decision.at ? FormatRfc3339(*decision.at) : "none"}});
  return decision.at ? WaitUntil(*decision.at) : PassResult{};
}

PassResult BackupReconciler::Run(const BackupObject& backup, std::stop_token stop) {
  if (!backup.meta.during_restore) {
    auto view = guard_.Look(Call(stop));
    if (!view && stop.stop_requested()) return {};
    if (!view) return FailWith(backup, view.error(), false, {}, stop);
    if (view->restore) return WaitForRestore(backup, view->restore->ToString(), stop);
  }
  Clock::Steady begin = context_.clock.SteadyNow();
  if (backup.phase != "Failed") context_.notifier.Tell(backup, "start", "the backup begins");
  RunTrace trace{.id = NewRunId()};
  auto finished = TakeBackup(backup, trace, stop);
  if (!finished && !trace.restore.empty()) return WaitForRestore(backup, trace.restore, stop);
  // Stopped: nothing is told. What was begun is taken up by the next leader.
  if (!finished && stop.stop_requested()) return {};
  context_.metrics.BackupProcessed(backup.meta.name, finished.has_value(),
                                   Since(context_.clock, begin), context_.clock.Now());
  if (finished) return Succeed(backup, *finished, trace, stop);
  return FailWith(backup, finished.error(), false, trace, stop);
}

PassResult BackupReconciler::WaitForRestore(const BackupObject& backup, const std::string& restore,
                                            std::stop_token stop) {
  if (backup.phase != "Pending") {
    context_.log.Info("a backup waits for a restore to end",
                      {{"backup", backup.meta.name}, {"restore", restore}});
    // A failure to say so is no matter: it waits all the same.
    (void)WriteStatus(context_, BackupType(), backup.meta,
                      PendingStatus("waits for the end of restore " + restore), stop);
  }
  return {false, kRestoreAgain};
}

PassResult BackupReconciler::Succeed(const BackupObject& backup, const Finished& finished,
                                     const RunTrace& trace, std::stop_token stop) {
  const std::string& name = backup.meta.name;
  Metrics& metrics = context_.metrics;
  metrics.objects.Set({name}, static_cast<double>(finished.objects));
  metrics.archive_bytes.Set({name}, static_cast<double>(finished.archive_bytes));
  for (const auto& [phase, seconds] : finished.phases)
    metrics.phase_seconds.Set({name, phase}, seconds);

  Clock::Wall now = context_.clock.Now();
  std::optional<Clock::Wall> next;
  if (backup.recurring())
    if (auto found = NextRun(backup, now)) next = *found;
  SuccessfulRun run{
      finished.filename, finished.store_kind, finished.result, finished.summary, now, next};
  Status put = WriteStatus(context_, BackupType(), backup.meta, SuccessStatus(backup, run), stop);
  if (!put && put.error().kind() != ErrorKind::kNotFound) {
    // The next pass finds the archive by status.runStarted and tells of it.
    context_.log.Warn("the archive is stored, but its Backup could not be told",
                      {{"backup", name}, {"run", trace.id}, {"error", put.error().ToString()}});
    return {.failed = true};
  }
  if (!backup.meta.run_now.empty()) {
    std::lock_guard lock(mutex_);
    ran_now_[name] = backup.meta.run_now;
  }
  context_.log.Info("backup done", {{"backup", name},
                                    {"run", trace.id},
                                    {"archive", finished.filename},
                                    {"summary", finished.summary}});
  context_.notifier.Tell(backup, "success", finished.filename + ": " + finished.summary);
  EmitEvent(context_.client, BackupType(), backup.meta,
            {false, "BackupCompleted", finished.filename + ": " + finished.summary}, context_.clock,
            context_.log);
  if (!backup.recurring()) return {};
  {
    std::lock_guard lock(mutex_);
    retention_[name] = {finished.filename};
  }
  return RunRetention(backup, next, stop);
}

PassResult BackupReconciler::RunRetention(const BackupObject& backup,
                                          std::optional<Clock::Wall> next, std::stop_token stop) {
  const std::string& name = backup.meta.name;
  PendingRetention pending;
  {
    std::lock_guard lock(mutex_);
    pending = retention_[name];
  }
  auto retained = [&]() -> Result<Retained> {
    HF_ASSIGN(LocatedStore store, Locate(backup, context_.log, stop));
    return Retain(store.store(), name, context_.cluster_id, KeepCount(backup), pending.just_written,
                  StoreWaits(stop));
  }();
  if (stop.stop_requested()) return {};
  if (retained) {
    for (const std::string& archive : retained->report.deleted)
      context_.log.Info("old archive deleted", {{"backup", name}, {"archive", archive}});
    ReportNotCounted(backup, retained->not_counted);
  }
  // Its own trouble: the archive is stored, and no new one is made for it.
  std::string same, text;
  if (!retained) {
    same = std::string(ErrorKindName(retained.error().kind()));
    text = retained.error().ToString();
  } else {
    for (const storage::PruneFailure& failure : retained->report.failed) {
      same += failure.name + " " + std::string(ErrorKindName(failure.error.kind())) + "\n";
      text += (text.empty() ? "" : "; ") + failure.ToString();
    }
  }
  ReportRetention(backup, same, text);
  // A lock is not over sooner for being tried again: the next run does.
  if (retained && retained->report.only_locked()) {
    std::lock_guard lock(mutex_);
    retention_.erase(name);
    return next ? WaitUntil(*next) : PassResult{};
  }
  std::chrono::milliseconds wait = kRetentionAgain;
  for (int i = 0; i < pending.failures && wait < kRetentionLongest; ++i) wait *= 2;
  {
    std::lock_guard lock(mutex_);
    ++retention_[name].failures;
  }
  PassResult again{false, std::min(wait, kRetentionLongest)};
  if (next) again.again = std::min(*again.again, *WaitUntil(*next).again);
  return again;
}

void BackupReconciler::ReportRetention(const BackupObject& backup, const std::string& same,
                                       const std::string& text) {
  const std::string& name = backup.meta.name;
  if (!text.empty()) context_.metrics.retention_failures.Add({name}, 1);
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(retention_reported_[name], same) == same || text.empty()) return;
  }
  context_.log.Warn("old archives could not be deleted", {{"backup", name}, {"error", text}});
  EmitEvent(context_.client, BackupType(), backup.meta, {true, "RetentionFailed", text},
            context_.clock, context_.log);
}

void BackupReconciler::ReportNotCounted(const BackupObject& backup,
                                        const std::vector<schedule::RetentionVerdict>& verdicts) {
  std::string text;
  for (const auto& verdict : verdicts)
    text += (text.empty() ? "" : "; ") + verdict.name + ": " + verdict.reason;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(not_counted_reported_[backup.meta.name], text) == text || text.empty())
      return;
  }
  context_.log.Warn("archives are not counted by retention",
                    {{"backup", backup.meta.name}, {"archives", text}});
  EmitEvent(context_.client, BackupType(), backup.meta, {true, "ArchivesNotCounted", text},
            context_.clock, context_.log);
}

PassResult BackupReconciler::FailWith(const BackupObject& backup, const Error& error, bool stalled,
                                      const RunTrace& trace, std::stop_token stop) {
  Failure failure{StatusText(error), error.hint(), stalled, trace.stored};
  bool told = AlreadySaid(backup.conditions, failure.text);
  if (!told) {
    std::string text = error.ToString();
    context_.log.Err("backup failed", {{"backup", backup.meta.name},
                                       {"run", trace.id.empty() ? "none" : trace.id},
                                       {"error", text}});
    EmitEvent(context_.client, BackupType(), backup.meta, {true, "BackupFailed", text},
              context_.clock, context_.log);
    context_.notifier.Tell(backup, "failure", text);
  }
  // A run that had not begun has written nothing meanwhile: what stands there is still true.
  bool unchanged = told && backup.phase == "Failed" && !trace.began &&
                   (Find(backup.conditions, "Stalled") != nullptr) == stalled;
  if (!unchanged) {
    Status put = WriteStatus(context_, BackupType(), backup.meta,
                             FailureStatus(backup, failure, context_.clock.Now()), stop);
    if (!put)
      context_.log.Warn("a failure could not be written into its Backup",
                        {{"backup", backup.meta.name}, {"error", put.error().ToString()}});
  }
  return {.failed = !stalled};
}

PassResult BackupReconciler::Delete(const BackupObject& backup, std::stop_token stop) {
  std::vector<std::string> finalizers = backup.meta.finalizers;
  if (std::erase(finalizers, kFinalizer) == 0) return {};
  Status done = [&]() -> Status {
    if (backup.delete_archives) {
      HF_ASSIGN(LocatedStore store, Locate(backup, context_.log, stop));
      HF_ASSIGN(auto report,
                DeleteOwn(store.store(), backup.meta.name, context_.cluster_id, StoreWaits(stop)));
      if (!report.failed.empty()) {
        std::string left;
        for (const std::string& text : report.FailedTexts())
          left += (left.empty() ? "" : "; ") + text;
        return Fail(report.failed[0].error.kind(), left);
      }
      context_.log.Info(
          "a Backup is deleted, and its archives with it",
          {{"backup", backup.meta.name}, {"archives", std::to_string(report.deleted.size())}});
    }
    return PatchFinalizers(context_.client, BackupType(), backup.meta, finalizers, Call(stop));
  }();
  if (done || stop.stop_requested()) return {};
  {
    // One that is locked may stay for weeks: it is reported once.
    std::string same = "deleting " + std::string(ErrorKindName(done.error().kind()));
    std::lock_guard lock(mutex_);
    if (std::exchange(retention_reported_[backup.meta.name], same) == same) return {.failed = true};
  }
  context_.log.Warn("the archives of a deleted Backup are still there",
                    {{"backup", backup.meta.name}, {"error", done.error().ToString()}});
  EmitEvent(
      context_.client, BackupType(), backup.meta,
      {true, "DeletingArchivesFailed",
       done.error().ToString() + "; to give up, remove the finalizer " + std::string(kFinalizer)},
      context_.clock, context_.log);
  return {.failed = true};
}

}  // namespace holdfast::op
