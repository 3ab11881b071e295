#include "restore/engine.h"

#include <fmt/format.h>

#include <random>

#include "kube/client.h"
#include "kube/discovery.h"
#include "kube/webhook_error.h"
#include "restore/quiesce.h"
#include "restore/restore_run.h"
#include "restore/run_lock.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::seconds kGrace{30};

std::string RandomUid() {
  std::random_device random;
  auto bits = [&](int digits) {
    return fmt::format("{:0{}x}", random() & ((1ull << (4 * digits)) - 1), digits);
  };
  return bits(8) + "-" + bits(4) + "-" + bits(4) + "-" + bits(4) + "-" + bits(4) + bits(8);
}

// A webhook that is called for everything refuses the Lease, too: its configuration must be named.
Error WithWaysOut(kube::Client& client, Error error, Clock& clock, std::stop_token stop) {
  kube::Call call{Deadline::After(clock, kGrace), stop};
  return kube::ExplainWebhook(std::move(error),
                              [&](const kube::ListRequest& request, const kube::ObjectSink& sink) {
                                return client.ListPage(request, sink, call);
                              });
}

}  // namespace

Result<Report> Run(kube::Client& client, storage::Store& store, const std::string& archive,
                   const crypto::Transformers& keys, const Options& options, Progress& progress,
                   const Logger& log, Clock& clock, std::stop_token stop) {
  Options filled = options;
  if (filled.run_name.empty()) filled.run_name = "holdfast";
  if (filled.run_uid.empty()) filled.run_uid = RandomUid();
  RestoreRun run(client, filled, progress, log, clock, stop);
  HF_TRY(run.ReadArchive(store, archive, keys));
  HF_TRY_CONTEXT(run.Compare(), "comparing archive " + archive + " with the cluster");
  if (filled.plan_only || run.NothingToDo()) {
    run.ReportPlan();
    return run.TakeReport();
  }
  Status changed = run.Change();
  Report report = run.TakeReport();
  if (changed) return report;
  changed = Fail(WithWaysOut(client, std::move(changed).error(), clock, stop));
  const Counts& c = report.counts;
  uint64_t written = c.created + c.updated + c.status_updated + c.deleted;
  return Fail(std::move(changed).error().With("restoring " + archive + ", ended early after " +
                                              std::to_string(written) + " writes"));
}

Result<std::vector<std::string>> Abort(kube::Client& client, const std::string& lease_namespace,
                                       const Logger& log, Clock& clock, std::stop_token stop) {
  std::vector<std::string> lines;
  ClientApi api(client, kube::Call{Deadline::Never(), stop});
  HF_ASSIGN(auto state, ReadState(api, lease_namespace));
  HF_ASSIGN(auto discovery, kube::Discovery::Fetch(client, kube::Call{Deadline::Never(), stop}));
  HF_ASSIGN(std::string holder, kube::LeaseHold::Holder(client, lease_namespace, kLeaseName,
                                                        {Deadline::Never(), stop}));
  if (!state && holder.empty()) return lines;
  auto taken =
      kube::LeaseHold::Acquire(client, LeaseOf(lease_namespace, "holdfast-abort:" + RandomUid()),
                               clock, log, {Deadline::Never(), stop});
  if (!taken) return Fail(WithWaysOut(client, std::move(taken).error(), clock, stop));
  auto lease = std::move(*taken);
  ReportBuilder report;
  Quiesce::Settings settings;
  settings.ns = lease_namespace;
  Quiesce quiesce(std::move(settings), report, log, clock);
  HF_TRY(quiesce.Adopt(api));
  ClientApi last(client, kube::Call{Deadline::After(clock, kGrace), {}});
  Status up = quiesce.Up(last, TypeOfDiscovery(discovery));
  Status released = lease->Release({Deadline::After(clock, kGrace), {}});
  HF_TRY(up);
  HF_TRY(released);
  Report done = report.Take();
  for (const std::string& text : done.scaled) lines.push_back("scaled up " + text);
  for (const std::string& text : done.notes) lines.push_back(text);
  if (!holder.empty()) lines.push_back("freed the Lease that " + holder + " had left behind");
  return lines;
}

}  // namespace holdfast::restore
