#include "bench/operator_bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/json_scan.h"
#include "bench/process.h"
#include "bench/running_operator.h"
#include "kube/client.h"
#include "resourceset/resource_set.h"
#include "testbed/control_plane.h"
#include "testbed/kubeconfig.h"

namespace holdfast::bench {
namespace {

namespace fs = std::filesystem;
using Time = std::chrono::steady_clock;

constexpr char kBackups[] = "/apis/resources.cattle.io/v1/backups";
constexpr char kRestores[] = "/apis/resources.cattle.io/v1/restores";
constexpr char kSets[] = "/apis/resources.cattle.io/v1/resourcesets";
constexpr int kScheduled = 500, kOnce = 1000;

void Say(const std::string& what) {
  std::printf("%s\n", what.c_str());
  std::fflush(stdout);
}

// A control plane with the chart's CRDs and one small ResourceSet, "app".
class Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> Start(const fs::path& charts) {
    std::unique_ptr<Cluster> cluster(new Cluster);
    testbed::ControlPlaneOptions options;
    options.etcd_compaction_interval = std::chrono::seconds(0);
    HF_ASSIGN(cluster->plane_, testbed::ControlPlane::Start(std::move(options)));
    kube::ConfigOptions config;
    config.kubeconfig = cluster->kubeconfig();
    HF_ASSIGN(auto loaded, kube::ClientConfig::Load(config));
    HF_ASSIGN(cluster->client_, kube::Client::Create(std::move(loaded), {}, cluster->log_));
    HF_TRY(cluster->Install(charts));
    return cluster;
  }

  std::string kubeconfig() const { return plane_->kubeconfig().string(); }

  Status Post(const std::string& path, const std::string& yaml) {
    kube::RawRequest request{
        .method = "POST", .path = path, .body = yaml, .content_type = "application/yaml"};
    HF_TRY_CONTEXT(client_->Raw(request), "POST " + path);
    return {};
  }
  Result<std::string> Get(const std::string& path) { return client_->Raw({.path = path}); }

  // Looks every `poll`, seldom enough not to take the machine from what is measured.
  static Status Await(const std::string& what, const std::function<Result<bool>()>& done,
                      std::chrono::milliseconds poll = std::chrono::milliseconds(20)) {
    auto begin = Time::now();
    while (SecondsSince(begin) < 600) {
      HF_ASSIGN(bool yes, done());
      if (yes) return {};
      std::this_thread::sleep_for(poll);
    }
    return Fail(ErrorKind::kUnavailable, what + ": not within ten minutes");
  }

 private:
  Status Install(const fs::path& charts) {
    for (const char* kind : {"backup", "restore", "resourceset"}) {
      HF_ASSIGN(std::string crd, testbed::ReadFile(charts / "rancher-backup-crd" / "templates" /
                                                   (std::string(kind) + ".yaml")));
      HF_TRY(Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd));
    }
    for (const char* path : {kBackups, kRestores, kSets})
      HF_TRY(Await(path, [&]() -> Result<bool> { return Get(path).has_value(); }));
    for (const char* ns : {kOperatorNamespace, "app"})
      HF_TRY(Post("/api/v1/namespaces", "{metadata: {name: " + std::string(ns) + "}}"));
    HF_TRY(Post("/api/v1/namespaces/app/configmaps", "{metadata: {name: a}, data: {x: '1'}}"));
    return Post(kSets,
                "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: app}, "
                "resourceSelectors: [{apiVersion: v1, kinds: [configmaps], namespaces: [app]}]}");
  }

  const Logger log_ = Logger::Quiet();
  std::unique_ptr<testbed::ControlPlane> plane_;
  std::unique_ptr<kube::Client> client_;
};

class OperatorBench {
 public:
  OperatorBench(const OperatorBenchOptions& options, Figures& figures)
      : options_(options), figures_(figures) {}

  Status Run() {
    fs::create_directories(Store());
    Say("starting a control plane for the operator");
    HF_ASSIGN(cluster_, Cluster::Start(options_.charts));
    HF_TRY(ReadyAndIdle());
    HF_TRY(Scheduled());
    HF_TRY(Once());
    HF_TRY(LargeBackups());
    HF_TRY(RestoresOfNothing());
    return RestoresIntoEmptyClusters();
  }

 private:
  fs::path Store() const { return options_.dir / "store"; }
  fs::path Log() const { return options_.dir / "log"; }

  Result<std::unique_ptr<RunningOperator>> StartOperator() {
    return RunningOperator::Start({.holdfast = options_.holdfast,
                                   .kubeconfig = cluster_->kubeconfig(),
                                   .store = Store(),
                                   .log = options_.dir / "operator.log"});
  }

  // In percent of one CPU, over `seconds`.
  static Result<double> CpuShare(const RunningOperator& running, int seconds) {
    HF_ASSIGN(double before, running.CpuSeconds());
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    HF_ASSIGN(double after, running.CpuSeconds());
    return (after - before) / seconds * 100;
  }

  Status ReadyAndIdle() {
    std::vector<double> times;
    for (int i = 0; i < options_.runs; ++i) {
      HF_ASSIGN(auto running, StartOperator());
      times.push_back(running->seconds_to_ready());
    }
    figures_.Add("operator, start to ready", Median(times), "s", 0.3, times);
    HF_ASSIGN(auto running, StartOperator());
    std::this_thread::sleep_for(std::chrono::seconds(2));  // what belongs to the start
    HF_ASSIGN(double share, CpuShare(*running, 30));
    HF_ASSIGN(double rss, running->RssMib());
    figures_.Add("operator, idle CPU", share, "%", 0.2, {share});
    figures_.Add("operator, idle RSS", rss, "MiB", 30, {rss});
    return {};
  }

  static std::string Backup(const std::string& name, const std::string& spec) {
    return "{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: " + name +
           "}, spec: " + spec + "}";
  }

  struct Told {
    std::set<std::string> files;  // of the Backups whose status is complete
    size_t scheduled = 0;         // with the right next run
  };
  Result<Told> Look(const std::string& prefix) {
    HF_ASSIGN(std::string list, cluster_->Get(kBackups));
    Told told;
    auto items = json::Find(list, {"items"});
    if (!items) return told;
    for (json::ArrayReader reader(*items); auto item = reader.Next();) {
      auto name = json::FindString(*item, {"metadata", "name"});
      auto file = json::FindString(*item, {"status", "filename"});
      if (!name || !name->starts_with(prefix) || !file || !file->starts_with(*name + "-")) continue;
      if (json::FindString(*item, {"status", "phase"}) == "Completed") told.files.insert(*file);
      auto next = json::FindString(*item, {"status", "nextSnapshotAt"});
      told.scheduled += next && next->ends_with("-01-01T00:00:00Z");
    }
    return told;
  }

  // Every Backup has been told of an archive of its own, which is there, and there is no other.
  Status CheckArchives(const Told& told, const std::string& prefix) {
    size_t stored = 0;
    for (const auto& entry : fs::directory_iterator(Store())) {
      std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix) || !name.ends_with(".tar.gz")) continue;
      ++stored;
      if (!told.files.contains(name))
        return Fail(ErrorKind::kInternal, "no Backup was told of the archive " + name);
    }
    if (stored != told.files.size())
      return Fail(ErrorKind::kInternal, std::to_string(stored) + " archives of " +
                                            std::to_string(told.files.size()) + " Backups");
    return {};
  }

  // Returns when all have been told of; the seconds that took.
  Result<double> MakeMany(const std::string& prefix, int count, const std::string& spec) {
    auto begin = Time::now();
    for (int i = 0; i < count; ++i)
      HF_TRY(cluster_->Post(kBackups, Backup(prefix + std::to_string(i), spec)));
    Told told;
    HF_TRY(Cluster::Await(
        std::to_string(count) + " Backups",
        [&]() -> Result<bool> {
          HF_ASSIGN(told, Look(prefix));
          return told.files.size() == static_cast<size_t>(count);
        },
        std::chrono::milliseconds(500)));
    double took = SecondsSince(begin);
    HF_TRY(CheckArchives(told, prefix));
    return took;
  }

  Status Scheduled() {
    HF_ASSIGN(auto running, StartOperator());
    HF_ASSIGN(double took,
              MakeMany("yearly-", kScheduled, "{resourceSetName: app, schedule: '0 0 1 1 *'}"));
    HF_ASSIGN(Told told, Look("yearly-"));
    if (told.scheduled != told.files.size())
      return Fail(ErrorKind::kInternal,
                  "only " + std::to_string(told.scheduled) + " Backups show the right next run");
    HF_ASSIGN(double rss, running->RssMib());
    figures_.Add("500 Backups with schedules, all told of", took, "s", 0, {took});
    figures_.Add("500 Backups with schedules, RSS", rss, "MiB", 50, {rss});
    HF_ASSIGN(double share, CpuShare(*running, 30));
    figures_.Add("500 Backups with schedules, idle CPU", share, "%", 0.2, {share});
    return {};
  }

  Status Once() {
    HF_ASSIGN(auto running, StartOperator());
    HF_ASSIGN(double took, MakeMany("once-", kOnce, "{resourceSetName: app}"));
    HF_ASSIGN(double rss, running->RssMib());
    figures_.Add("1,000 Backups, all told of", took, "s", 60, {took});
    figures_.Add("1,000 Backups, RSS", rss, "MiB", 0, {rss});
    return {};
  }

  // Within 15 % or 300 ms of the command line.
  void Compare(const std::string& what, const std::vector<double>& cli,
               const std::vector<double>& cr) {
    double floor = Median(cli);
    figures_.Add(what + ", command line", floor, "s", 0, cli);
    figures_.Add(what + ", custom resource", Median(cr), "s", std::max(floor * 1.15, floor + 0.3),
                 cr);
  }

  // Seconds from its creation until it is completed.
  Result<double> Through(const std::string& plural, const std::string& name,
                         const std::string& yaml) {
    auto begin = Time::now();
    HF_TRY(cluster_->Post(plural, yaml));
    HF_TRY(Cluster::Await(name, [&]() -> Result<bool> {
      HF_ASSIGN(std::string object, cluster_->Get(plural + "/" + name));
      auto phase = json::FindString(object, {"status", "phase"});
      if (phase == "Failed")
        return Fail(ErrorKind::kInternal,
                    name + " failed: " + std::string(json::Find(object, {"status"}).value_or("")));
      return phase == "Completed";
    }));
    return SecondsSince(begin);
  }
  Result<double> RestoreByCr(const std::string& name) {
    return Through(kRestores, name,
                   "{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: " + name +
                       "}, spec: {backupFilename: " + archive_ + ", prune: false}}");
  }
  Result<double> RestoreByCommand() {
    HF_ASSIGN(auto run, MustRun({options_.holdfast, "restore", archive_, "--kubeconfig",
                                 cluster_->kubeconfig(), "--store", Store(), "--log-level", "warn"},
                                Log()));
    return run.cost.wall_seconds;
  }

  Status LargeBackups() {
    Say("loading " + std::to_string(options_.objects) + " objects");
    fs::path set = options_.dir / "set.yaml";
    HF_TRY(MustRun({options_.testbed, "load", "--kubeconfig", cluster_->kubeconfig(), "--objects",
                    std::to_string(options_.objects), "--seed", "1", "--resource-set", set},
                   Log()));
    HF_ASSIGN(std::string text, testbed::ReadFile(set));
    HF_TRY(cluster_->Post(kSets, text));
    HF_ASSIGN(auto parsed, resourceset::ReadResourceSetFile(set.string()));
    HF_ASSIGN(auto running, StartOperator());
    std::vector<double> cli, cr;
    for (int i = 0; i <= options_.runs; ++i) {  // the first warms the API server's caches
      HF_ASSIGN(auto run,
                MustRun({options_.holdfast, "backup", "--kubeconfig", cluster_->kubeconfig(),
                         "--resource-set", set, "--store", Store(), "--log-level", "warn"},
                        Log()));
      archive_ = run.out.substr(0, run.out.find('\n'));
      std::string large = "large-" + std::to_string(i);
      HF_ASSIGN(double took,
                Through(kBackups, large, Backup(large, "{resourceSetName: " + parsed.name + "}")));
      if (i > 0) cli.push_back(run.cost.wall_seconds), cr.push_back(took);
    }
    Compare("backup", cli, cr);
    return {};
  }

  Status RestoresOfNothing() {
    HF_ASSIGN(auto running, StartOperator());
    std::vector<double> cli, cr;
    for (int i = 0; i < options_.runs; ++i) {
      HF_ASSIGN(double by_command, RestoreByCommand());
      HF_ASSIGN(double by_cr, RestoreByCr("same-" + std::to_string(i)));
      cli.push_back(by_command), cr.push_back(by_cr);
    }
    Compare("restore of nothing", cli, cr);
    return {};
  }

  Status RestoresIntoEmptyClusters() {
    std::vector<double> cli, cr;
    HF_ASSIGN(cluster_, Cluster::Start(options_.charts));
    HF_ASSIGN(double by_command, RestoreByCommand());
    HF_ASSIGN(cluster_, Cluster::Start(options_.charts));
    HF_ASSIGN(auto running, StartOperator());
    HF_ASSIGN(double by_cr, RestoreByCr("empty"));
    Compare("restore into an empty cluster", {by_command}, {by_cr});
    return {};
  }

  const OperatorBenchOptions& options_;
  Figures& figures_;
  std::unique_ptr<Cluster> cluster_;
  std::string archive_;  // of the command line's last backup
};

}  // namespace

Status BenchOperator(const OperatorBenchOptions& options, Figures& figures) {
  return OperatorBench(options, figures).Run();
}

}  // namespace holdfast::bench
