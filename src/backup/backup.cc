#include "backup/backup.h"

#include <optional>
#include <set>
#include <utility>

#include "archive/name.h"
#include "archive/writer.h"
#include "backup/attempt.h"
#include "backup/cluster_facts.h"
#include "backup/list_api.h"
#include "crypto/transformer.h"
#include "kube/client.h"
#include "resourceset/resource_set.h"
#include "storage/store.h"
#include "stream/spool.h"

namespace holdfast::backup {
namespace {

std::chrono::milliseconds Since(const Clock& clock, Clock::Steady begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.SteadyNow() - begin);
}

Error GaveUp(Error last, int restarts) {
  return std::move(last)
      .With("giving up after beginning again " + std::to_string(restarts) + " times")
      .Hint(
          "the lists must be read before etcd is compacted (kube-apiserver "
          "--etcd-compaction-interval, 5 minutes if not set) and while no selected CRD changes: "
          "run "
          "the backup at a quieter time, or select less");
}

// Attempts until one is of one instant.
Result<Attempted> Collect(const AttemptInput& input, stream::Spool& spool, int& restarts) {
  std::set<std::string> busy_kinds;
  while (true) {
    Result<Attempted> attempted = TryBackup(input, spool, busy_kinds);
    if (attempted || attempted.error().kind() != ErrorKind::kExpired) return attempted;
    if (restarts >= input.options->max_restarts)
      return Fail(GaveUp(std::move(attempted).error(), restarts));
    ++restarts;
    std::string reason = attempted.error().ToString();
    input.log->Warn("the backup begins again at a new revision",
                    {{"reason", reason}, {"restart", std::to_string(restarts)}});
    input.progress->Restarted(reason);
    HF_TRY(spool.Truncate());
  }
}

// Refuses a cluster with an unfinished restore, or one that cannot be looked at, unless the options
// say otherwise.
Status AskGuard(const Options& options, const Logger& log, const kube::Call& call,
                AttemptInput& input) {
  auto view = options.guard->LookUntilSure(call);
  if (!view && !options.during_restore) {
    bool forbidden = view.error().kind() == ErrorKind::kUnauthorized;
    Error error = std::move(view).error();
    return Fail(forbidden ? std::move(error).Hint(
                                "the backup needs the right to get configmaps, better leases too, "
                                "in namespace " +
                                options.guard->ns() +
                                "; --during-restore goes without, and the archive then counts as "
                                "taken during a restore")
                          : std::move(error));
  }
  if (!view) {
    input.during_restore = "unknown, " + view.error().MessageWithoutHint();
  } else {
    if (view->restore && !options.during_restore)
      return Fail(kube::RefusedBecauseOf(*view->restore, options.guard->ns()));
    if (view->restore) input.during_restore = view->restore->ToString();
    input.before = std::move(*view);
  }
  if (!input.during_restore.empty())
    log.Warn("the backup is taken during a restore", {{"restore", input.during_restore}});
  return {};
}

archive::Manifest ManifestOf(const Attempted& attempted) {
  archive::Manifest manifest;
  manifest.info = attempted.info;
  for (archive::KindInfo& kind : manifest.info.kinds) {
    auto count = attempted.summary.kinds.find(kind.kind);
    if (count == attempted.summary.kinds.end()) continue;
    kind.objects = count->second.objects;
    kind.bytes = count->second.bytes;
  }
  return manifest;
}

}  // namespace

Result<BackupResult> Run(kube::Client& client, const resourceset::ResourceSet& set,
                         const crypto::Transformers& keys, bool encrypted_suffix,
                         storage::Store& store, const Options& options, Progress& progress,
                         const Logger& log, Clock& clock, std::stop_token stop) {
  Clock::Steady begin = clock.SteadyNow();
  archive::ArchiveName name;
  name.backup = options.name;
  name.time = clock.Now();
  name.encrypted = encrypted_suffix;
  // A name that no store takes fails before any request; every uid is as long as this one.
  name.uid = "00000000-0000-0000-0000-000000000000";
  HF_TRY_CONTEXT(archive::MakeName(name), "naming the archive");

  if (options.during_restore) {
    archive::ArchiveName longer = name;
    longer.backup += kDuringRestoreSuffix;
    HF_TRY_CONTEXT(archive::MakeName(longer), "naming the archive");
  }

  ClientListApi api(client);
  kube::Call call;
  call.stop = stop;
  AttemptInput input;
  if (options.guard != nullptr) HF_TRY(AskGuard(options, log, call, input));
  HF_ASSIGN(name.uid, ReadClusterId(api, call));
  HF_ASSIGN_CONTEXT(stream::Spool spool, store.NewSpool(),
                    "making room for the archive in " + store.Describe());

  input.client = &client;
  input.api = &api;
  input.set = &set;
  input.keys = &keys;
  input.options = &options;
  input.progress = &progress;
  input.log = &log;
  input.clock = &clock;
  input.stop = stop;
  input.started = name.time;
  input.cluster_id = name.uid;
  BackupResult result;
  HF_ASSIGN(Attempted attempted, Collect(input, spool, result.restarts));
  result.durations.verify =
      std::chrono::duration_cast<std::chrono::milliseconds>(attempted.verifying);
  result.durations.collect = Since(clock, begin) - result.durations.verify;

  if (!attempted.info.during_restore.empty()) name.backup += kDuringRestoreSuffix;
  Clock::Steady store_begin = clock.SteadyNow();
  progress.Phase("storing");
  Waits waits;
  waits.clock = &clock;
  waits.stop = stop;
  HF_ASSIGN_CONTEXT(
      result.filename,
      archive::PutUnderFreeName(
          name, waits, [&](const std::string& file) { return store.Put(spool, file, waits); }),
      "storing the archive in " + store.Describe());
  result.durations.store = Since(clock, store_begin);
  result.durations.total = Since(clock, begin);

  result.manifest = ManifestOf(attempted);
  result.revision = attempted.info.revision;
  result.kinds = attempted.info.kinds.size();
  result.objects = attempted.summary.objects;
  result.bytes = attempted.summary.stored_bytes;
  result.archive_bytes = attempted.summary.gzip_bytes;
  result.hash = attempted.hash;
  result.warnings = attempted.info.warnings;
  return result;
}

}  // namespace holdfast::backup
