#include "backup/attempt.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "archive/read_back.h"
#include "backup/cluster_facts.h"
#include "backup/collect.h"
#include "backup/instant.h"
#include "backup/settle.h"
#include "base/workers.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"

namespace holdfast::backup {
namespace {

using resourceset::Selection;
using resourceset::TypeSelection;

ListMode ModeFor(const kube::ServerVersion& server, const Options& options) {
  // Consistent lists come from the watch cache from 1.31 on, streamed from 1.34 on.
  if (options.force_exact || !server.AtLeast(1, 31)) return ListMode::kExact;
  return server.AtLeast(1, 34) ? ListMode::kWhole : ListMode::kPages;
}

// The writer on a thread of its own. Its failure stops the listers.
class WriterThread {
 public:
  WriterThread(Pipe& pipe, archive::Writer& writer, std::string_view filters,
               std::stop_source abort)
      : pipe_(pipe), thread_([this, &writer, filters, abort]() mutable {
          try {
            status_ = pipe_.WriteAll(writer, filters, abort.get_token());
          } catch (const std::exception& error) {
            status_ =
                Fail(ErrorKind::kInternal, std::string("writing the archive: ") + error.what());
            pipe_.Close();
          }
          if (!status_) abort.request_stop();
        }) {}
  ~WriterThread() { Join(); }

  // Waits until all that was pushed is written.
  Status Join() {
    pipe_.Close();
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  Pipe& pipe_;
  Status status_;
  std::thread thread_;
};

class Attempt {
 public:
  Attempt(const AttemptInput& input, std::set<std::string>& busy_kinds)
      : in_(input), api_(*input.api), busy_kinds_(busy_kinds) {
    call_.stop = input.stop;
  }

  Result<Attempted> Run(stream::Spool& spool) {
    in_.progress->Phase("reading what the cluster has");
    // The CRDs before discovery, so that none can change between them unnoticed.
    HF_ASSIGN(std::optional<CrdStates> crds, ReadCrds(api_, call_));
    HF_ASSIGN_CONTEXT(kube::Discovery discovery, kube::Discovery::Fetch(*in_.client, call_),
                      "asking the API server for its resources");
    HF_ASSIGN(Selection selection, Selection::Build(*in_.set, discovery, *in_.log));
    HF_ASSIGN(Instant instant, Instant::Fix(api_, References(selection.types()), call_));
    in_.log->Debug("revision fixed", {{"revision", instant.text()}});
    if (in_.options->hooks.revision_fixed) in_.options->hooks.revision_fixed(instant.text());

    archive::ManifestInfo info;
    HF_TRY(CheckNoRestoreBegan(info));

    std::optional<archive::BackgroundReadBack> read_back;
    if (in_.options->verify) read_back.emplace(spool);
    stream::SpoolSink sink(spool);
    archive::Writer writer(sink, in_.started);
    in_.progress->Phase("listing");
    HF_TRY(Collect(selection, instant, ModeFor(discovery.server_version(), *in_.options), writer,
                   info.kinds));
    if (crds) {
      HF_ASSIGN(std::optional<CrdStates> now, ReadCrds(api_, call_));
      if (now)
        HF_TRY(CheckCrdsUnchanged(api_, instant, *crds, *now, selection.types(), *in_.set, call_));
    } else {
      info.warnings.push_back(
          "customresourcedefinitions may not be listed: a change of one during the backup would "
          "not have been noticed");
    }

    info.holdfast_version = HOLDFAST_VERSION;
    info.cluster_id = in_.cluster_id;
    info.kubernetes_version = discovery.server_version().git_version;
    info.rancher_version = ReadRancherVersion(api_, discovery, call_);
    info.revision = instant.text();
    info.started = in_.started;
    info.finished = in_.clock->Now();
    for (const archive::KindInfo& kind : info.kinds)
      if (!kind.pinned)
        info.warnings.push_back(kind.kind + " is not of the backup's revision: " + kind.note);
    HF_ASSIGN_CONTEXT(archive::ArchiveSummary summary, writer.Finish(info), "writing the archive");
    HF_TRY_CONTEXT(sink.Close(), "writing the archive");
    in_.progress->Phase("verifying");
    Clock::Steady begin = in_.clock->SteadyNow();
    stream::Hash128 hash{};
    if (read_back) {
      HF_ASSIGN(hash, read_back->Finish(summary));
    }
    return Attempted{std::move(info), std::move(summary), hash, in_.clock->SteadyNow() - begin};
  }

 private:
  // The instant is fixed: it must not lie within a restore that has begun since the run has.
  Status CheckNoRestoreBegan(archive::ManifestInfo& info) {
    info.during_restore = in_.during_restore;
    if (!in_.before.warning.empty()) info.warnings.push_back(in_.before.warning);
    kube::ClusterGuard* guard = in_.options->guard;
    if (guard != nullptr && info.during_restore.empty()) {
      auto now = guard->Look(call_);
      if (!now && !in_.options->during_restore) return Fail(std::move(now).error());
      kube::UnfinishedRestore seen;
      if (!now)
        seen.run = "it cannot be found out: " + now.error().ToString();
      else if (now->restore)
        seen = *now->restore;
      else if (now->lease_version != in_.before.lease_version)
        seen.run = "that ran while the backup began";
      seen.recorded = seen.recorded || !seen.run.empty();
      if (seen.recorded || !seen.holder.empty()) {
        if (!in_.options->during_restore) return Fail(kube::RefusedBecauseOf(seen, guard->ns()));
        info.during_restore = seen.ToString();
      }
    }
    if (!info.during_restore.empty())
      info.warnings.push_back("taken during a restore: " + info.during_restore);
    return {};
  }

  Status Collect(const Selection& selection, Instant& instant, ListMode mode,
                 archive::Writer& writer, std::vector<archive::KindInfo>& kinds) {
    const std::vector<TypeSelection>& types = selection.types();
    kinds.resize(types.size());
    std::stop_source abort;
    std::stop_callback outer(in_.stop, [&] { abort.request_stop(); });
    Pipe pipe(in_.options->memory_budget, types.size(), *in_.progress);
    WriterThread writer_thread(pipe, writer, in_.set->json, abort);
    Status listed = ParallelFor(types.size(), std::max<size_t>(1, in_.options->list_threads),
                                abort.get_token(), [&](size_t i, std::stop_token stop) {
                                  return CollectKind(selection, types[i], instant, mode, pipe,
                                                     kinds[i], std::move(stop));
                                });
    // A lister that failed ends the run: what was pushed need not be written.
    if (!listed) abort.request_stop();
    Status written = writer_thread.Join();
    if (in_.stop.stop_requested())
      return Fail(ErrorKind::kCancelled, "the backup was stopped; nothing was stored");
    // Where one has failed, the others were only cancelled.
    if (!listed && listed.error().kind() != ErrorKind::kCancelled) return listed;
    if (!written) return Fail(std::move(written).error().With("writing the archive"));
    return listed;
  }

  Status CollectKind(const Selection& selection, const TypeSelection& type, Instant& instant,
                     ListMode mode, Pipe& pipe, archive::KindInfo& info, std::stop_token stop) {
    const Hooks& hooks = in_.options->hooks;
    if (hooks.before_kind) hooks.before_kind(*type.type);
    info.kind = KindKey(*type.type);
    SettleRequest request;
    request.selection = &type;
    request.mode = mode;
    request.busy = IsBusy(info.kind);
    kube::Call call;
    call.stop = stop;
    KindCollector collector(selection, type, *in_.keys, pipe, stop);
    HF_ASSIGN(KindOutcome outcome, SettleKind(api_, instant, request, collector, call));
    HF_TRY(collector.Finish());
    if (outcome.busy) SetBusy(info.kind);
    info.way = std::move(outcome.way);
    info.pinned = outcome.pinned;
    info.note = std::move(outcome.note);
    in_.log->Debug("listed", {{"kind", info.kind}, {"way", info.way}});
    if (hooks.after_kind) hooks.after_kind(*type.type);
    return {};
  }

  bool IsBusy(const std::string& kind) {
    std::lock_guard lock(mutex_);
    return busy_kinds_.contains(kind);
  }
  void SetBusy(const std::string& kind) {
    std::lock_guard lock(mutex_);
    busy_kinds_.insert(kind);
  }

  const AttemptInput& in_;
  ListApi& api_;
  kube::Call call_;
  std::mutex mutex_;  // guards busy_kinds_
  std::set<std::string>& busy_kinds_;
};

}  // namespace

Result<Attempted> TryBackup(const AttemptInput& input, stream::Spool& spool,
                            std::set<std::string>& busy_kinds) {
  return Attempt(input, busy_kinds).Run(spool);
}

}  // namespace holdfast::backup
