// One run of a Backup, from its ResourceSet to the archive that was read back.
#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "archive/own_files.h"
#include "backup/backup.h"
#include "operator/backup_reconciler.h"
#include "operator/backup_status.h"
#include "operator/own_archives.h"
#include "operator/run_watch.h"
#include "resourceset/resource_set.h"

namespace holdfast::op {
namespace {

class SharedProgress : public backup::Progress {
 public:
  void Phase(std::string_view) override {}
  void Update(const backup::ProgressState& state) override {
    std::lock_guard lock(mutex_);
    state_ = state;
    known_ = true;
  }
  void Restarted(std::string_view) override {}
  std::string Text() const {
    std::lock_guard lock(mutex_);
    return known_ ? ProgressStatus(state_) : "";
  }

 private:
  mutable std::mutex mutex_;
  backup::ProgressState state_;
  bool known_ = false;
};

double Seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Result<std::string> BackupReconciler::Orphan(const BackupObject& backup, LocatedStore& store,
                                             const crypto::Transformers& keys, const Waits& waits) {
  if (!backup.run_started) return std::string();
  HF_ASSIGN(auto own, ListOwn(store.store(), backup.meta.name, context_.cluster_id, waits));
  for (const OwnArchive& archive : own) {
    if (archive.name.time < *backup.run_started) break;  // newest first
    if (archive.file.name == backup.filename) continue;
    Status good = VerifyStored(store.store(), archive.file.name, backup.verify, keys, waits);
    if (good) return archive.file.name;
    if (good.error().kind() != ErrorKind::kCorrupt) return Fail(std::move(good).error());
    context_.log.Warn("an archive of a run that died is not good; making another one",
                      {{"archive", archive.file.name}, {"error", good.error().ToString()}});
  }
  return std::string();
}

Result<BackupReconciler::Finished> BackupReconciler::TakeBackup(const BackupObject& backup,
                                                                RunTrace& trace,
                                                                std::stop_token stop) {
  Waits waits = StoreWaits(stop);
  const std::string& name = backup.meta.name;
  const Logger log = context_.log.With({{"backup", name}, {"run", trace.id}});
  HF_ASSIGN(auto set,
            resourceset::FetchResourceSet(context_.client, backup.resource_set, Call(stop)));
  RunWatch watch(context_.metrics, context_.clock, "Backup", name);
  HF_ASSIGN(auto keys, watch.Keys(ReadKeys(context_.client, context_.settings.ns,
                                           backup.encryption_secret, Call(stop))));
  HF_ASSIGN(LocatedStore store, watch.Store(Locate(backup, log, stop)));
  Finished finished;
  finished.store_kind = store.kind;
  HF_ASSIGN(finished.filename, Orphan(backup, store, keys, waits));
  if (!finished.filename.empty()) {
    if (auto info = store.store().Stat(finished.filename, waits))
      finished.archive_bytes = info->size;
    finished.result = AdoptedJson(finished.filename, finished.archive_bytes, backup.verify);
    finished.summary = "stored by a run whose end could not be told";
    return finished;
  }
  HF_TRY(WriteStatus(context_, BackupType(), backup.meta, StartStatus(backup, context_.clock.Now()),
                     stop));
  trace.began = true;
  // One that fails again and again says so once.
  log.Log(backup.phase == "Failed" ? LogLevel::kDebug : LogLevel::kInfo, "backup begins",
          {{"resourceSet", backup.resource_set}});
  if (store.opened.s3 != nullptr) {
    storage::LeftOverRule rule;
    rule.prefix = name + "-";
    rule.is_ours = [&](const std::string& file) {
      return archive::OwnedBy(file, name, context_.cluster_id).has_value();
    };
    auto swept = store.opened.s3->AbortLeftOvers(rule, waits);
    if (swept && !swept->warning.empty())
      log.Warn("unfinished uploads were left", {{"warning", swept->warning}});
  }

  SharedProgress progress;
  backup::Options options;
  options.name = name;
  options.guard = &guard_;
  options.during_restore = backup.meta.during_restore;
  Result<backup::BackupResult> result = [&] {
    ProgressWriter writer(context_, BackupType(), backup.meta, [&] { return progress.Text(); });
    return backup::Run(context_.client, set, keys, !backup.encryption_secret.empty(), store.store(),
                       options, progress, log, context_.clock, stop);
  }();
  if (!result && result.error().reason() == kube::kUnfinishedRestore) {
    auto view = guard_.Look(Call(stop));
    trace.restore = view && view->restore ? view->restore->ToString() : "that ran meanwhile";
  }
  if (!result) return Fail(std::move(result).error());
  trace.stored = true;
  Clock::Steady begin = context_.clock.SteadyNow();
  auto good = VerifyNew(store.store(), result->filename, backup.verify, result->hash, keys, waits);
  if (!good && good.error().kind() == ErrorKind::kCorrupt) {
    // What is not good must not take a good archive's place in retention.
    Status gone = store.store().Delete(result->filename, waits);
    trace.stored = false;
    return Fail(std::move(good).error().Hint(
        gone ? "it was deleted; look at the store's disk or network" : "delete it"));
  }
  if (!good) return Fail(std::move(good).error());
  auto read_back =
      std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock.SteadyNow() - begin);
  finished.filename = result->filename;
  finished.objects = result->objects;
  finished.archive_bytes = result->archive_bytes;
  finished.result = ResultJson(*result, backup.verify, *good);
  finished.phases = {{"collect", Seconds(result->durations.collect)},
                     {"verify", Seconds(result->durations.verify)},
                     {"store", Seconds(result->durations.store)},
                     {"read_back", Seconds(read_back)}};
  finished.summary = fmt::format("{} objects of {} kinds at revision {}, {} bytes, {} ms",
                                 result->objects, result->kinds, result->revision,
                                 result->archive_bytes, result->durations.total.count());
  return finished;
}

}  // namespace holdfast::op
