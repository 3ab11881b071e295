#include "operator/restore_reconciler.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "kube/cluster_guard.h"
#include "kube/lease_holder.h"
#include "operator/own_archives.h"
#include "operator/plan_text.h"
#include "operator/run_watch.h"
#include "restore/engine.h"

namespace holdfast::op {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kWaitForOther = 2s;
// A Restore that has failed so often with the same spec is given up.
constexpr int64_t kMostAttempts = 6;
constexpr size_t kMostEvents = 10;
constexpr size_t kMostPlan = 800'000;  // with the report behind it; a ConfigMap has at most 1 MiB

class SharedProgress : public restore::Progress {
 public:
  void Phase(std::string_view what) override {
    std::lock_guard lock(mutex_);
    phase_ = what;
    done_ = total_ = 0;
  }
  void Done(uint64_t done, uint64_t total) override {
    std::lock_guard lock(mutex_);
    done_ = done;
    total_ = total;
  }
  std::string Text() const {
    std::lock_guard lock(mutex_);
    if (phase_.empty()) return "";
    std::string text = phase_;
    if (done_ > 0) text += ": " + std::to_string(done_);
    if (total_ > 0) text += " of " + std::to_string(total_);
    return "{\"progress\":" + json::Quote(text) + "}";
  }

 private:
  mutable std::mutex mutex_;
  std::string phase_;
  uint64_t done_ = 0, total_ = 0;
};

Error NoArchive(const RestoreObject& restore, const LocatedStore& store) {
  std::string message = store.kind == "PV"
                            ? "error opening tarball backup file open " + store.folder + "/" +
                                  store.file + ": no such file or directory"
                            : "failed to download s3 backup: no backup files found with prefix [" +
                                  (store.folder.empty() ? "" : store.folder + "/") + store.file +
                                  "] in bucket [" + store.bucket + "]";
  return Error(ErrorKind::kNotFound, std::move(message))
      .Hint("spec.backupFilename is " + restore.filename +
            "; status.filename of the Backup has the whole name");
}

}  // namespace

bool RestoreReconciler::Enter(const std::string& who, std::string& holder) {
  std::lock_guard lock(mutex_);
  holder = running_;
  if (!running_.empty()) return false;
  running_ = who;
  return true;
}

void RestoreReconciler::Leave() {
  std::lock_guard lock(mutex_);
  running_.clear();
}

PassResult RestoreReconciler::Reconcile(const std::string& name, std::stop_token stop) {
  auto text = context_.client.Get(RestoreType(), "", name, {.stop = stop});
  if (!text && text.error().kind() == ErrorKind::kNotFound) {
    RunWatch::Forget(context_.metrics, "Restore", name);
    return {};
  }
  auto restore = text ? ParseRestore(*text) : Fail(std::move(text).error());
  if (!restore) {
    if (!stop.stop_requested())
      context_.log.Warn("a Restore cannot be read",
                        {{"restore", name}, {"error", restore.error().ToString()}});
    return {.failed = true};
  }
  bool seen = restore->observed_generation == restore->meta.generation;
  bool stalled = seen && Find(restore->conditions, "Stalled") != nullptr;
  bool planned = seen && restore->dry_run && restore->phase == "Completed";
  if (restore->meta.deleting || !restore->completed.empty() || stalled || planned) return {};
  std::string untold;
  {
    std::lock_guard lock(mutex_);
    auto found = untold_.find(restore->meta.uid);
    if (found != untold_.end()) untold = found->second;
  }
  if (!untold.empty()) return TellEnd(*restore, untold, stop);
  // It was given up and has been edited since.
  if (restore->attempts >= kMostAttempts) restore->attempts = 0;
  std::string holder;
  if (!Enter(name + ":" + restore->meta.uid, holder)) return Wait(*restore, holder, stop);
  PassResult result = Run(*restore, stop);
  Leave();
  return result;
}

PassResult RestoreReconciler::Wait(const RestoreObject& restore, const std::string& holder,
                                   std::stop_token stop) {
  std::string message = "restore " + holder + " is in progress";
  const Condition* ready = Find(restore.conditions, "Ready");
  if (ready == nullptr || ready->message != message) {
    auto conditions =
        WithTimes(Waiting("Waiting", message), restore.conditions, context_.clock.Now());
    // A failure to say so is no matter: it waits all the same.
    (void)WriteStatus(context_, RestoreType(), restore.meta,
                      "{\"phase\":\"Waiting\",\"conditions\":" + ToJson(conditions) + "}", stop);
  }
  return {false, kWaitForOther};
}

PassResult RestoreReconciler::Run(const RestoreObject& restore, std::stop_token stop) {
  (void)WriteStatus(context_, RestoreType(), restore.meta, R"({"phase":"InProgress"})", stop);
  std::string run = NewRunId();
  auto restored = Work(restore, run, stop);
  // Stopped: what was begun is continued by the next leader.
  if (!restored && stop.stop_requested()) return {};
  if (!restored && restored.error().reason() == kube::kLeaseHeld) {
    auto holder = kube::LeaseHold::Holder(context_.client, context_.settings.ns,
                                          kube::kRestoreLease, {.stop = stop});
    return Wait(restore,
                holder && !holder->empty() ? std::string(kube::PurposeOfHolder(*holder))
                                           : "of another program",
                stop);
  }
  if (!restored) return FailWith(restore, restored.error(), nullptr, run, stop);
  const restore::Report& report = restored->report;
  if (report.failed() && !restore.ignore_errors && !restore.dry_run) {
    const restore::ObjectNote& first = report.failures.notes.front();
    return FailWith(
        restore,
        Error(ErrorKind::kUnavailable,
              fmt::format("{} of {} objects were not restored, the first: {}: {}",
                          report.failures.total, report.counts.objects, first.object, first.text)),
        &report, run, stop);
  }
  return Finish(restore, *restored, run, stop);
}

Result<std::string> RestoreReconciler::FindArchive(const RestoreObject& restore,
                                                   LocatedStore& store,
                                                   const crypto::Transformers& keys,
                                                   const Waits& waits) {
  if (store.file == "latest" && !restore.backup_name.empty())
    return NewestGood(store.store(), restore.backup_name, context_.cluster_id, keys, waits);
  if (store.file.empty())
    return Fail(Error(ErrorKind::kInvalid, "empty backup name")
                    .Hint("spec.backupFilename names the archive"));
  auto info = store.store().Stat(store.file, waits);
  if (!info &&
      (info.error().kind() == ErrorKind::kNotFound || info.error().kind() == ErrorKind::kInvalid))
    return Fail(NoArchive(restore, store));
  if (!info) return Fail(std::move(info).error());
  return store.file;
}

Result<RestoreReconciler::Restored> RestoreReconciler::Work(const RestoreObject& restore,
                                                            const std::string& run,
                                                            std::stop_token stop) {
  kube::Call call{.stop = stop};
  Waits waits;
  waits.clock = &context_.clock;
  waits.stop = stop;
  const Settings& settings = context_.settings;
  const Logger log = context_.log.With({{"restore", restore.meta.name}, {"run", run}});
  RunWatch watch(context_.metrics, context_.clock, "Restore", restore.meta.name);
  HF_ASSIGN(auto keys,
            watch.Keys(ReadKeys(context_.client, settings.ns, restore.encryption_secret, call)));
  HF_ASSIGN(LocatedStore store,
            watch.Store(LocateStore(context_.client, settings, restore.s3, restore.filename,
                                    "backup location not specified on the restore CR, and not "
                                    "configured at the operator level",
                                    log, context_.clock, call)));
  HF_ASSIGN(std::string file, FindArchive(restore, store, keys, waits));

  restore::Options options;
  options.prune = restore.prune;
  options.delete_timeout = restore.delete_timeout;
  options.ignore_errors = restore.ignore_errors;
  options.plan_only = restore.dry_run;
  options.allow_missing_types = restore.allow_missing_types;
  options.recreate_immutable = restore.recreate_immutable;
  options.prune_volumes = restore.prune_volumes;
  if (!restore.max_deletes.empty()) {
    HF_ASSIGN_CONTEXT(options.max_deletes, restore::ParseDeleteLimit(restore.max_deletes),
                      "spec.maxDeletes");
  }
  PlanText plan(kMostPlan);
  options.plan_line = [&plan](const restore::PlanLine& line) { plan.Add(line); };
  options.lease_namespace = settings.ns;
  options.run_name = restore.meta.name;
  options.run_uid = restore.meta.uid;
  for (const std::string& secret : store.secrets) options.keep.push_back("secrets.#v1/" + secret);
  if (!restore.encryption_secret.empty())
    options.keep.push_back("secrets.#v1/" + settings.ns + "/" + restore.encryption_secret);
  log.Info("restore begins", {{"archive", file}});
  if (!restore.dry_run && restore.phase != "Failed")
    context_.notifier.Tell(restore, "start", "the restore of " + file + " begins");
  SharedProgress progress;
  Result<restore::Report> report = [&] {
    ProgressWriter writer(context_, RestoreType(), restore.meta, [&] { return progress.Text(); });
    return restore::Run(context_.client, store.store(), file, keys, options, progress, log,
                        context_.clock, stop);
  }();
  if (!report) return Fail(std::move(report).error());
  Restored restored{std::move(*report), store.kind, ""};
  if (restore.dry_run) {
    HF_ASSIGN(restored.plan_config_map,
              StorePlan(restore, std::move(plan).Finish(restored.report), call));
  }
  return restored;
}

Result<std::string> RestoreReconciler::StorePlan(const RestoreObject& restore,
                                                 const std::string& text, const kube::Call& call) {
  std::string name = restore.meta.name + "-plan";
  std::string object = fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":{},"namespace":{},)"
      R"("ownerReferences":[{{"apiVersion":"resources.cattle.io/v1","kind":"Restore","name":{},)"
      R"("uid":{}}}]}},"data":{{"plan.txt":{}}}}})",
      json::Quote(name), json::Quote(context_.settings.ns), json::Quote(restore.meta.name),
      json::Quote(restore.meta.uid), json::Quote(text));
  auto put = context_.client.Create(ConfigMapType(), context_.settings.ns, object, call);
  if (!put && put.error().reason() == "AlreadyExists")
    put = context_.client.Update(ConfigMapType(), context_.settings.ns, name, object, call);
  if (!put)
    return Fail(std::move(put).error().With("storing the plan in ConfigMap " +
                                            context_.settings.ns + "/" + name));
  return name;
}

PassResult RestoreReconciler::Finish(const RestoreObject& restore, const Restored& restored,
                                     const std::string& run, std::stop_token stop) {
  std::string summary = Summary(restored.report);
  context_.log.Info("restore done",
                    {{"restore", restore.meta.name}, {"run", run}, {"summary", summary}});
  if (!restore.dry_run) context_.notifier.Tell(restore, "success", summary);
  EmitEvent(
      context_.client, RestoreType(), restore.meta,
      {restored.report.failed(), restore.dry_run ? "RestorePlanned" : "RestoreCompleted", summary},
      context_.clock, context_.log);
  TellOfFailures(restore, restored.report);
  return TellEnd(restore,
                 RestoredStatus(restore, restored.report, restored.store_kind,
                                restored.plan_config_map, context_.clock.Now()),
                 stop);
}

PassResult RestoreReconciler::TellEnd(const RestoreObject& restore, const std::string& status,
                                      std::stop_token stop) {
  Status put = WriteStatus(context_, RestoreType(), restore.meta, status, stop);
  bool told = put || put.error().kind() == ErrorKind::kNotFound ||
              put.error().kind() == ErrorKind::kConflict;
  std::lock_guard lock(mutex_);
  if (told) {
    untold_.erase(restore.meta.uid);
    return {};
  }
  // The work is done and is not repeated for a status that cannot be written.
  untold_[restore.meta.uid] = status;
  context_.log.Warn("a restore is done, but its Restore could not be told",
                    {{"restore", restore.meta.name}, {"error", put.error().ToString()}});
  return {.failed = true};
}

void RestoreReconciler::TellOfFailures(const RestoreObject& restore,
                                       const restore::Report& report) {
  size_t told = 0;
  for (const restore::ObjectNote& note : report.failures.notes) {
    if (++told > kMostEvents) break;
    EmitEvent(context_.client, RestoreType(), restore.meta,
              {true, "ObjectNotRestored", note.object + ": " + note.text}, context_.clock,
              context_.log);
  }
}

PassResult RestoreReconciler::FailWith(const RestoreObject& restore, const Error& error,
                                       const restore::Report* report, const std::string& run,
                                       std::stop_token stop) {
  std::string text = StatusText(error);
  // A damaged archive stays damaged; objects that fail again and again are for a person to look at.
  // What is missing (a Secret, a file, a store) may come.
  bool stalled = error.kind() == ErrorKind::kCorrupt ||
                 (report != nullptr && restore.attempts + 1 >= kMostAttempts);
  if (!AlreadySaid(restore.conditions, text) || stalled) {
    context_.log.Err("restore failed",
                     {{"restore", restore.meta.name}, {"run", run}, {"error", error.ToString()}});
    context_.notifier.Tell(restore, "failure", error.ToString());
    EmitEvent(context_.client, RestoreType(), restore.meta,
              {true, "RestoreFailed", error.ToString()}, context_.clock, context_.log);
    if (report != nullptr) TellOfFailures(restore, *report);
  }
  Status put = WriteStatus(
      context_, RestoreType(), restore.meta,
      RestoreFailureStatus(restore, text, error.hint(), stalled, report, context_.clock.Now()),
      stop);
  if (!put)
    context_.log.Warn("a failure could not be written into its Restore",
                      {{"restore", restore.meta.name}, {"error", put.error().ToString()}});
  return {.failed = !stalled};
}

}  // namespace holdfast::op
