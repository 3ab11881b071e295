#include "restore/engine.h"

#include <fmt/format.h>

#include <random>

#include "kube/client.h"
#include "kube/discovery.h"
#include "kube/webhook_error.h"
#include "restore/cluster_view.h"
#include "restore/examine.h"
#include "restore/opened_archive.h"
#include "restore/plan_report.h"
#include "restore/run_lock.h"
#include "restore/session.h"
#include "restore/under_lease.h"

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

struct Compared {
  bool ended = false;          // nothing is to be done, or nothing may be: the report says which
  bool planned_empty = false;  // only the record of an earlier run is to be cleaned up
};

// The first comparison, without the Lease. It decides that there is nothing to do, and is the plan
// that is shown; what is written is planned anew under the Lease.
Result<Compared> Compare(const Session& session, const OpenedArchive& archive) {
  session.progress.Phase("comparing with the cluster");
  Quiesce::Settings settings;
  settings.ns = session.options.lease_namespace;
  settings.run = session.options.run_name;
  settings.archive = archive.name;
  Quiesce quiesce(std::move(settings), session.report, session.log, session.clock);
  HF_TRY(quiesce.Adopt(session.api));
  HF_ASSIGN(ClusterView cluster, ReadCluster(session, archive, quiesce));
  Examine how = session.options.plan_only ? Examine::kAll : Examine::kWhetherEmpty;
  HF_ASSIGN(Plan plan, PlanExamined(session, archive, cluster, quiesce, {}, how));
  bool unfinished = !quiesce.adopted_run().empty();
  if (!session.options.plan_only && !plan.too_many_deletes().empty()) {
    return Fail(Error(ErrorKind::kInvalid, plan.too_many_deletes() + "; nothing was changed")
                    .Hint(std::string(kTooManyDeletesHint)));
  }
  bool nothing_to_do = plan.empty() && !unfinished;
  if (!session.options.plan_only && !nothing_to_do) return Compared{false, plan.empty()};
  ReportPlan(session, archive, cluster, plan, quiesce, nothing_to_do);
  return Compared{true, plan.empty()};
}

}  // namespace

Result<Report> Run(kube::Client& client, storage::Store& store, const std::string& archive,
                   const crypto::Transformers& keys, const Options& options, Progress& progress,
                   const Logger& log, Clock& clock, std::stop_token stop) {
  Options filled = options;
  if (filled.run_name.empty()) filled.run_name = "holdfast";
  if (filled.run_uid.empty()) filled.run_uid = RandomUid();
  ReportBuilder report;
  report.With([&](Report& begun) {
    begun.archive = archive;
    begun.run_name = filled.run_name;
    begun.plan_only = filled.plan_only;
  });
  ClientApi api(client, kube::Call{Deadline::Never(), stop});
  Session session{client, api, filled, progress, log, clock, report, stop};
  HF_ASSIGN(OpenedArchive opened, ReadArchive(session, store, archive, keys));
  HF_ASSIGN_CONTEXT(Compared compared, Compare(session, opened),
                    "comparing archive " + archive + " with the cluster");
  if (compared.ended) return report.Take();
  Result<Report> restored = RestoreUnderLease(session, opened, compared.planned_empty);
  if (!restored) return Fail(WithWaysOut(client, std::move(restored).error(), clock, stop));
  return restored;
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
  Status up = quiesce.Up(last, TypeOfDiscovery(discovery), Quiesce::Record::kRemove);
  Status released = lease->Release({Deadline::After(clock, kGrace), {}});
  HF_TRY(up);
  HF_TRY(released);
  Report done = report.Take();
  for (const std::string& text : done.scaled) lines.push_back("scaled up " + text);
  for (const std::string& text : done.notes) lines.push_back(text);
  if (state) lines.push_back("removed the record of the unfinished restore " + state->run);
  if (!holder.empty()) lines.push_back("freed the Lease that " + holder + " had left behind");
  return lines;
}

}  // namespace holdfast::restore
