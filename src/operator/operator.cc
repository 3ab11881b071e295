#include "operator/operator.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/json_scan.h"
#include "kube/lease.h"
#include "net/http_server.h"
#include "observe/endpoint.h"
#include "operator/backup_reconciler.h"
#include "operator/informer.h"
#include "operator/restore_reconciler.h"
#include "operator/work_queue.h"
#include "storage/local_store.h"

namespace holdfast::op {
namespace {

using namespace std::chrono_literals;

// A small backup mostly waits: up to 100 ms for the API server's cache to hear that it is current.
// A large one takes about 50 MiB.
constexpr int kBackupWorkers = 3;
constexpr int kRestoreWorkers = 2;
constexpr std::chrono::seconds kLeaseTime{15};
constexpr std::chrono::milliseconds kLeaseTry = 2s;

Result<std::string> ClusterId(kube::Client& client, const kube::Call& call) {
  kube::ResourceType namespaces;
  namespaces.gv = {"", "v1"};
  namespaces.plural = "namespaces";
  namespaces.kind = "Namespace";
  HF_ASSIGN_CONTEXT(std::string object, client.Get(namespaces, "", "kube-system", call),
                    "Error getting namespace kube-system");
  auto uid = json::FindString(object, {"metadata", "uid"});
  if (!uid) return Fail(ErrorKind::kInternal, "Namespace kube-system has no uid");
  return *uid;
}

// One kind: its informer, its queue and its workers.
class Controller {
 public:
  Controller(Context& context, const kube::ResourceType& type, Reconciler& reconciler,
             observe::Readiness& readiness)
      : context_(context),
        type_(type),
        reconciler_(reconciler),
        queue_(context.clock),
        informer_(
            context.client, type, context.settings.resync, Fingerprint,
            [this](const std::string& name) { queue_.Add(name); }, readiness, context.log,
            context.clock) {}

  void Start(int workers, std::stop_token stop) {
    threads_.emplace_back([this, stop] { informer_.Run(stop); });
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this, stop] { Work(stop); });
  }
  void Join() { threads_.clear(); }
  std::vector<std::string> Objects() const { return informer_.Objects(); }
  bool synced() const { return informer_.synced(); }
  size_t depth() const { return queue_.depth(); }

 private:
  void Work(std::stop_token stop) {
    while (auto name = queue_.Pop(stop)) {
      PassResult result = reconciler_.Reconcile(*name, stop);
      queue_.Done(*name, result.failed, result.again);
    }
  }

  Context& context_;
  const kube::ResourceType& type_;
  Reconciler& reconciler_;
  WorkQueue queue_;
  Informer informer_;
  std::vector<std::jthread> threads_;
};

// Says in the log and at /readyz when backups cannot be written to the default folder, and when
// they can be again.
class FolderCheck {
 public:
  FolderCheck(const Settings& settings, observe::Readiness& readiness, const Logger& log)
      : folder_(settings.default_folder), readiness_(readiness), log_(log) {}

  void Look() {
    if (folder_.empty()) return;
    storage::LocalStore store(folder_);
    auto spool = store.NewSpool();
    std::string why = spool ? "" : spool.error().ToString();
    if (why == said_) return;
    said_ = why;
    if (why.empty()) {
      log_.Info("the default folder can be written again", {{"folder", folder_}});
      readiness_.Ready(kWhat);
    } else {
      log_.Err("the default folder cannot be written", {{"folder", folder_}, {"error", why}});
      readiness_.NotReady(kWhat, why);
    }
  }

 private:
  static constexpr const char* kWhat = "default store";
  const std::string folder_;
  observe::Readiness& readiness_;
  const Logger& log_;
  std::string said_;
};

// Fields of status that are ours are dropped by a CRD of the reference, or of an older chart.
void WarnOfOldCrds(Context& context, std::stop_token stop) {
  kube::ResourceType crds;
  crds.gv = {"apiextensions.k8s.io", "v1"};
  crds.plural = "customresourcedefinitions";
  crds.kind = "CustomResourceDefinition";
  struct Needed {
    const char *crd, *field;
  };
  for (Needed needed : {Needed{"backups.resources.cattle.io", "runStarted"},
                        Needed{"restores.resources.cattle.io", "planConfigMap"}}) {
    auto crd = context.client.Get(crds, "", needed.crd, {.stop = stop});
    if (crd && crd->find("\"" + std::string(needed.field) + "\"") == crd->npos)
      context.log.Warn(
          "the CRD is of an older chart and drops fields of status, such as phase, history and the "
          "marks by which an interrupted run is found again; upgrade rancher-backup-crd",
          {{"crd", needed.crd}, {"field", needed.field}});
  }
}

void Lead(Context& context, observe::Readiness& readiness, FolderCheck& folder,
          std::stop_token stop) {
  Metrics& metrics = context.metrics;
  metrics.leader.Set({}, 1);
  auto dead = RemoveDeadRestoreLease(context.client, context.settings.ns, {.stop = stop});
  if (dead && !dead->empty())
    context.log.Warn("removed the Lease of a restore that has ended or is gone",
                     {{"holder", *dead}});
  BackupReconciler backups(context);
  RestoreReconciler restores(context);
  Controller backup_controller(context, BackupType(), backups, readiness);
  Controller restore_controller(context, RestoreType(), restores, readiness);
  backup_controller.Start(kBackupWorkers, stop);
  restore_controller.Start(kRestoreWorkers, stop);
  WarnOfOldCrds(context, stop);
  while (context.clock.Sleep(context.settings.metrics_interval, stop)) {
    // A kind that could not be listed yet keeps what it showed.
    if (backup_controller.synced()) metrics.DescribeBackups(backup_controller.Objects());
    if (restore_controller.synced()) metrics.DescribeRestores(restore_controller.Objects());
    metrics.queue_depth.Set({"Backup"}, static_cast<double>(backup_controller.depth()));
    metrics.queue_depth.Set({"Restore"}, static_cast<double>(restore_controller.depth()));
    folder.Look();
  }
  backup_controller.Join();
  restore_controller.Join();
  metrics.leader.Set({}, 0);
  // What the next leader finds out, it says itself.
  metrics.store_reachable.Replace({});
  metrics.keys_readable.Replace({});
}

// Blocks until the Lease is ours; none when stopped.
std::unique_ptr<kube::LeaseHold> BecomeLeader(Context& context, std::stop_token stop) {
  kube::LeaseOptions options;
  options.ns = context.settings.ns;
  options.name = kLeaderLease;
  options.purpose = context.settings.identity;
  options.duration = kLeaseTime;
  kube::LeaseObservation observed;
  options.observed = &observed;
  std::string said;
  while (!stop.stop_requested()) {
    auto hold = kube::LeaseHold::Acquire(context.client, options, context.clock, context.log,
                                         {.stop = stop});
    if (hold) return std::move(*hold);
    std::string why = hold.error().kind() == ErrorKind::kConflict ? hold.error().message()
                                                                  : hold.error().ToString();
    if (why != said && !stop.stop_requested()) context.log.Info("standing by", {{"reason", why}});
    said = why;
    context.clock.Sleep(kLeaseTry, stop);
  }
  return nullptr;
}

}  // namespace

Status Run(kube::Client& client, const Settings& settings, const Logger& log, Clock& clock,
           std::stop_token stop) {
  log.Info("holdfast operator " HOLDFAST_VERSION " starts",
           {{"namespace", settings.ns}, {"identity", settings.identity}});
  if (!settings.bad_buckets.empty())
    log.Err("BACKUP_DURATION_BUCKETS is not a rising list of numbers; the defaults are used",
            {{"item", settings.bad_buckets}});
  observe::Registry registry;
  observe::Readiness readiness;
  observe::AddProcessMetrics(registry);
  Metrics metrics(registry, settings);
  registry.BeforeScrape([&, last = std::make_shared<kube::ClientCounters>()] {
    kube::ClientCounters now = client.counters();
    metrics.api_requests.Add({}, static_cast<double>(now.requests - last->requests));
    metrics.api_retries.Add({}, static_cast<double>(now.retries - last->retries));
    metrics.api_bytes.Add({}, static_cast<double>(now.bytes_received - last->bytes_received));
    *last = now;
  });
  readiness.NotReady("API server", "not reached yet");
  net::HttpServerOptions http;
  http.address = settings.listen_address;
  http.port = settings.listen_port;
  auto server = net::HttpServer::Start(
      http, observe::Pages(readiness, settings.metrics ? &registry : nullptr));
  if (!server)
    log.Err("no metrics and no health pages", {{"error", server.error().ToString()}});
  else
    log.Info("listening", {{"port", std::to_string((*server)->port())}});

  HF_ASSIGN(std::string cluster_id, ClusterId(client, {.stop = stop}));
  readiness.Ready("API server");
  FolderCheck folder(settings, readiness, log);
  folder.Look();
  Notifier notifier(client, settings, metrics, log, clock);
  Context context{client, settings, metrics, notifier, log, clock, cluster_id};
  while (auto lease = BecomeLeader(context, stop)) {
    log.Info("leading", {{"lease", settings.ns + "/" + std::string(kLeaderLease)}});
    std::stop_source work;
    {
      Link stopped(stop, work);
      Link lost(lease->lost_token(), work);
      Lead(context, readiness, folder, work.get_token());
    }
    // What ran was given up as when the process ends; the leader takes it up, whoever that is.
    if (lease->lost()) log.Warn("no longer the leader", {{"reason", lease->why_lost()}});
  }
  log.Info("stopped");
  return {};
}

}  // namespace holdfast::op
