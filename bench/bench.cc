// ./dev bench: see README.md.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/json_scan.h"
#include "bench/etcd_bench.h"
#include "bench/figures.h"
#include "bench/lists_floor.h"
#include "bench/operator_bench.h"
#include "bench/process.h"
#include "bench/s3_bench.h"
#include "testbed/control_plane.h"

namespace holdfast::bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  uint64_t objects = 20'000;
  uint64_t big_secrets = 0;
  uint64_t planned = 1'000'000;
  int runs = 5;
  int restore_runs = 3;
  int etcd_runs = 3;
  std::string etcd = "all";
  uint64_t mib = 2048;
  std::string only = "all";
  std::string json;
};

std::string Program(std::string_view name) {
  fs::path here = fs::read_symlink("/proc/self/exe").parent_path();  // <build>/bench
  if (name == "holdfast") return here.parent_path() / "holdfast";
  if (name == "testbed") return here.parent_path() / "testbed" / "testbed";
  return here / name;
}

class Bench {
 public:
  Bench(Options options, fs::path dir) : options_(std::move(options)), dir_(std::move(dir)) {}

  Status Run() {
    if (options_.only != "etcd" && options_.only != "operator" && options_.only != "plan")
      HF_TRY(RunObjects());
    if (Wanted("plan")) HF_TRY(RunPlan());
    if (Wanted("etcd")) HF_TRY(RunEtcd());
    if (Wanted("operator")) HF_TRY(RunOperator());
    if (!options_.json.empty()) std::ofstream(options_.json) << figures_.ToJson();
    return {};
  }
  bool all_within() const { return figures_.all_within(); }

 private:
  bool Wanted(const char* what) const { return options_.only == "all" || options_.only == what; }

  // The database is kept from run to run, and all of this lies on one disk: the build folder's.
  Status RunEtcd() {
    fs::path build = fs::path(Program("holdfast")).parent_path();
    fs::path work = build / ("bench-etcd." + std::to_string(getpid()));
    fs::create_directory(work);
    Status status = BenchEtcd({.runs = options_.etcd_runs,
                               .holdfast = Program("holdfast"),
                               .floor = Program("etcd_floor"),
                               .database = build / "bench-etcd.db",
                               .dir = work,
                               .only = options_.etcd},
                              figures_);
    fs::remove_all(work);
    return status;
  }

  Status RunOperator() {
    plane_.reset();
    return BenchOperator({.runs = options_.restore_runs,
                          .objects = options_.objects,
                          .holdfast = Program("holdfast"),
                          .testbed = Program("testbed"),
                          .charts = HOLDFAST_CHARTS,
                          .dir = dir_ / "operator"},
                         figures_);
  }

  // A plan's memory must not grow with the lines that it has.
  Status RunPlan() {
    plane_.reset();
    const fs::path archive = dir_ / "tiny.tar.gz";
    std::printf("a plan that creates %llu objects\n",
                static_cast<unsigned long long>(options_.planned));
    std::fflush(stdout);
    HF_TRY(MustRun({Program("tiny_archive"), std::to_string(options_.planned), archive}, Log()));
    HF_ASSIGN(auto empty, StartPlane());
    HF_ASSIGN(auto run, MustRun({Program("holdfast"), "restore", archive, "--plan", "--kubeconfig",
                                 empty->kubeconfig(), "--log-level", "warn"},
                                Log()));
    fs::remove(archive);
    const std::string last = "tiny-" + std::to_string(options_.planned - 1);
    if (run.out.find(last) == std::string::npos)
      return Fail(ErrorKind::kInternal, "the plan does not name " + last);
    figures_.Add("plan, every object created", run.cost.wall_seconds, "s", 0, {});
    figures_.Add("plan, every object created, peak RSS", run.cost.peak_mib, "MiB", 160, {});
    return {};
  }

  Status RunObjects() {
    std::unique_ptr<S3Bench> s3;
    if (Wanted("s3")) {
      HF_ASSIGN(s3, S3Bench::Start(dir_));
      HF_TRY(s3->Transfers(Program("s3_transfer"), options_.mib << 20, options_.restore_runs,
                           figures_));
    }
    std::printf("starting a control plane and loading %llu objects\n",
                static_cast<unsigned long long>(options_.objects));
    std::fflush(stdout);
    HF_ASSIGN(plane_, StartPlane());
    set_ = dir_ / "resourceset.yaml";
    std::vector<std::string> load = {Program("testbed"), "load",
                                     "--kubeconfig",     plane_->kubeconfig(),
                                     "--objects",        std::to_string(options_.objects),
                                     "--seed",           "1",
                                     "--resource-set",   set_};
    if (options_.big_secrets > 0)
      load.insert(load.end(), {"--large-secrets", std::to_string(options_.big_secrets)});
    HF_TRY(MustRun(load, Log()));
    WriteEncryptionConfig();
    if (Wanted("s3")) HF_TRY(s3->Backups(BackupCommand(false), options_.runs, figures_));
    s3.reset();
    if (Wanted("backup") || Wanted("restore")) HF_TRY(BenchBackup());
    if (Wanted("restore")) {
      HF_TRY(BenchUnchanged());
      HF_TRY(BenchRestore());
    }
    return {};
  }

  fs::path Log() const { return dir_ / "log"; }

  static Result<std::unique_ptr<testbed::ControlPlane>> StartPlane() {
    testbed::ControlPlaneOptions options;
    options.etcd_compaction_interval = std::chrono::seconds(0);
    return testbed::ControlPlane::Start(std::move(options));
  }

  void WriteEncryptionConfig() {
    std::ofstream(dir_ / "encryption.yaml")
        << "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
           "- resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: bench\n"
           "        secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n  - identity: {}\n";
  }

  std::vector<std::string> BackupCommand(bool encrypted) {
    std::vector<std::string> argv = {
        Program("holdfast"), "backup", "--kubeconfig", plane_->kubeconfig(),
        "--resource-set",    set_,     "--log-level",  "warn"};
    if (encrypted) argv.insert(argv.end(), {"--encryption-config", dir_ / "encryption.yaml"});
    return argv;
  }
  std::vector<std::string> BackupToFolder(bool encrypted) {
    std::vector<std::string> argv = BackupCommand(encrypted);
    argv.insert(argv.end(), {"--store", dir_ / "store"});
    return argv;
  }

  std::vector<std::string> RestoreCommand(const testbed::ControlPlane& plane) {
    return {Program("holdfast"),
            "restore",
            archive_,
            "--kubeconfig",
            plane.kubeconfig(),
            "--store",
            dir_ / "store",
            "--log-level",
            "warn",
            "-o",
            "json"};
  }

  static std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

  Status BenchBackup() {
    fs::path config = dir_ / "curl";
    HF_ASSIGN(size_t lists, WriteCurlConfig(*plane_, set_, config));
    std::printf("floor: %zu lists by curl, 8 at a time\n", lists);
    HF_TRY(MustRun(CurlCommand(config), Log()));  // warms the API server's caches
    std::vector<double> floor, wall, ratio, cpu, peak, cpu_per_100mb;
    for (int i = 0; i < options_.runs; ++i) {
      HF_ASSIGN(auto curl, MustRun(CurlCommand(config), Log()));
      HF_ASSIGN(auto backup, MustRun(BackupToFolder(true), Log()));
      fs::remove(dir_ / "store" / FirstLine(backup.out));
      floor.push_back(curl.cost.wall_seconds);
      wall.push_back(backup.cost.wall_seconds);
      cpu.push_back(backup.cost.cpu_seconds);
      peak.push_back(backup.cost.peak_mib);
    }
    HF_ASSIGN(auto plain, MustRun(BackupToFolder(false), Log()));
    archive_ = FirstLine(plain.out);
    HF_ASSIGN(auto shown, MustRun({Program("holdfast"), "show", archive_, "--store", dir_ / "store",
                                   "-o", "json"},
                                  Log()));
    double bytes = std::stod(std::string(json::Find(shown.out, {"bytes"}).value_or("0")));
    for (int i = 0; i < options_.runs; ++i) cpu_per_100mb.push_back(cpu[i] / bytes * 1e8);
    backup_seconds_ = Median(wall);
    std::printf("archive: %.1f MB of objects\n", bytes / 1e6);
    figures_.Add("curl, the same lists", Median(floor), "s", 0, floor);
    figures_.Add("backup, aescbc on secrets", backup_seconds_, "s", 0, wall);
    for (int i = 0; i < options_.runs; ++i) ratio.push_back(wall[i] / floor[i]);
    figures_.Add("backup / curl", backup_seconds_ / Median(floor), "x", 1.35, ratio);
    figures_.Add("backup, own CPU per 100 MB", Median(cpu_per_100mb), "s", 1.1, cpu_per_100mb);
    figures_.Add("backup, peak RSS", Median(peak), "MiB", 64, peak);
    return {};
  }

  Status BenchUnchanged() {
    std::vector<double> wall, peak;
    for (int i = 0; i < options_.restore_runs; ++i) {
      HF_ASSIGN(auto run, MustRun(RestoreCommand(*plane_), Log()));
      if (json::Find(run.out, {"nothingToDo"}) != "true")
        return Fail(ErrorKind::kInternal,
                    "a restore of what had just been backed up found changes");
      wall.push_back(run.cost.wall_seconds);
      peak.push_back(run.cost.peak_mib);
    }
    figures_.Add("restore, nothing changed", Median(wall), "s", 0, wall);
    figures_.Add("restore, nothing changed / backup", Median(wall) / backup_seconds_, "x", 2.0, {});
    figures_.Add("restore, nothing changed, peak RSS", Median(peak), "MiB", 0, peak);
    return {};
  }

  Status BenchRestore() {
    plane_.reset();
    std::vector<double> floor, wall, cpu, peak;
    for (int i = 0; i < options_.restore_runs; ++i) {
      {
        HF_ASSIGN(auto empty, StartPlane());
        HF_ASSIGN(auto run, MustRun({Program("restore_floor"), empty->kubeconfig(),
                                     dir_ / "store" / archive_},
                                    Log()));
        floor.push_back(run.cost.wall_seconds);
      }
      HF_ASSIGN(auto empty, StartPlane());
      HF_ASSIGN(auto run, MustRun(RestoreCommand(*empty), Log()));
      wall.push_back(run.cost.wall_seconds);
      cpu.push_back(run.cost.cpu_seconds);
      peak.push_back(run.cost.peak_mib);
    }
    figures_.Add("the same bodies by POST, 32 at a time", Median(floor), "s", 0, floor);
    figures_.Add("restore into an empty cluster", Median(wall), "s", 0, wall);
    figures_.Add("restore / POST", Median(wall) / Median(floor), "x", 1.3, {});
    figures_.Add("restore, own CPU", Median(cpu), "s", 0, cpu);
    figures_.Add("restore, peak RSS", Median(peak), "MiB", options_.objects > 20'000 ? 160 : 96,
                 peak);
    return {};
  }

  Options options_;
  fs::path dir_;
  fs::path set_;
  std::string archive_;
  double backup_seconds_ = 0;
  std::unique_ptr<testbed::ControlPlane> plane_;
  Figures figures_;
};

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  Options options;
  CLI::App app("Ratios against floors measured in the same run.");
  app.add_option("--objects", options.objects, "objects that the loader makes");
  app.add_option("--big-secrets", options.big_secrets, "secrets of 1 MB besides");
  app.add_option("--planned", options.planned, "objects that the plan creates");
  app.add_option("--runs", options.runs, "runs of each backup figure");
  app.add_option("--mib", options.mib, "size of the file that goes to a bucket and back");
  app.add_option("--restore-runs", options.restore_runs, "runs of each restore figure");
  app.add_option("--etcd-runs", options.etcd_runs, "runs of each figure of etcd");
  app.add_option("--etcd", options.etcd, "of etcd's figures: restore, verify, save, look or all");
  app.add_option("--only", options.only,
                 "backup, restore (which needs a backup too), plan, s3, etcd, operator or all");
  app.add_option("--json", options.json, "file for the figures as JSON");
  CLI11_PARSE(app, argc, argv);

  char name[] = "/tmp/holdfast-bench-XXXXXX";
  if (mkdtemp(name) == nullptr) return 1;
  int code = 1;
  {
    Bench bench(options, name);
    holdfast::Status status = bench.Run();
    if (!status)
      std::fprintf(stderr, "bench: %s\n", status.error().ToString().c_str());
    else
      code = bench.all_within() ? 0 : 3;
  }
  std::filesystem::remove_all(name);
  return code;
}
