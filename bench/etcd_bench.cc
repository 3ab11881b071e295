#include "bench/etcd_bench.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "bench/etcd_database.h"
#include "bench/process.h"
#include "testbed/ports.h"
#include "testbed/supervisor.h"
#include "testbed/tools.h"

namespace holdfast::bench {
namespace {

namespace fs = std::filesystem;
using Argv = std::vector<std::string>;

constexpr double kMiB = 1 << 20;

// Medians of several runs of the same command.
struct Series {
  std::vector<double> wall, peak;
  double seconds() const { return Median(wall); }
  double mib() const { return Median(peak); }
};

class EtcdBench {
 public:
  EtcdBench(const EtcdBenchOptions& options, Figures& figures)
      : options_(options), figures_(figures) {}

  Status Run() {
    HF_ASSIGN(tools_, testbed::FindTools({"etcd", "etcdctl", "etcdutl"}));
    EtcdDatabaseOptions made;
    keys_ = made.keys;
    if (!fs::exists(options_.database)) {
      std::printf("writing a database of %llu keys\n", static_cast<unsigned long long>(keys_));
      std::fflush(stdout);
      HF_TRY(WriteEtcdDatabase(options_.database, made));
    }
    std::printf("etcd: %.0f MB, %llu keys\n",
                static_cast<double>(fs::file_size(options_.database)) / 1e6,
                static_cast<unsigned long long>(keys_));
    HF_TRY(MustRun({"sha256sum", options_.database}, Log()));  // warm
    if (Wanted("verify") || Wanted("look")) HF_TRY(TheirStatus());
    if (Wanted("verify")) HF_TRY(Verify());
    if (Wanted("look")) HF_TRY(Look());
    if (Wanted("restore")) HF_TRY(Restore());
    if (Wanted("save")) HF_TRY(Save());
    return {};
  }

 private:
  bool Wanted(const char* what) const { return options_.only == "all" || options_.only == what; }
  fs::path Log() const { return options_.dir / "log"; }
  std::string Tool(const char* name) const { return (tools_ / name).string(); }
  fs::path Out() const { return options_.dir / "out"; }

  // Several commands in turn, so that a change of the machine's mood meets all of them; what they
  // made at Out() is removed in between.
  Status Measure(const std::vector<Argv>& commands, std::vector<Series>& series) {
    series.assign(commands.size(), {});
    for (int run = 0; run < options_.runs; ++run) {
      for (size_t i = 0; i < commands.size(); ++i) {
        HF_ASSIGN(auto ran, MustRun(commands[i], Log()));
        series[i].wall.push_back(ran.cost.wall_seconds);
        series[i].peak.push_back(ran.cost.peak_mib);
        fs::remove_all(Out());
        fs::remove(Out().string() + ".meta");
        sync();  // what is left of it is not the next one's business
      }
    }
    return {};
  }
  void Seconds(const char* name, const Series& series) {
    figures_.Add(name, series.seconds(), "s", 0, series.wall);
  }
  void Ratio(const char* name, const Series& ours, const Series& theirs, double limit) {
    std::vector<double> ratios;
    for (size_t i = 0; i < ours.wall.size(); ++i) ratios.push_back(ours.wall[i] / theirs.wall[i]);
    figures_.Add(name, ours.seconds() / theirs.seconds(), "x", limit, ratios);
  }

  Status TheirStatus() {
    std::vector<Series> series;
    HF_TRY(Measure({{Tool("etcdutl"), "snapshot", "status", options_.database}}, series));
    status_ = series[0];
    Seconds("etcdutl snapshot status", status_);
    return {};
  }

  Status Verify() {
    std::vector<Series> series;
    // Status does not look at the checksum, verify does: on a CPU without SHA instructions that
    // alone takes longer than all of status.
    HF_TRY(Measure({{options_.holdfast, "etcd", "verify", options_.database},
                    {"sha256sum", options_.database}},
                   series));
    Seconds("sha256sum", series[1]);
    Seconds("etcd verify", series[0]);
    Ratio("etcd verify / etcdutl snapshot status", series[0], status_, 1.5);
    double limit = 64 + 40 * static_cast<double>(keys_) / kMiB;
    figures_.Add("etcd verify, peak RSS", series[0].mib(), "MiB", limit, series[0].peak);
    return {};
  }

  Status Look() {
    std::vector<Series> series;
    // The oldest record of all: nothing is further from where the search begins.
    HF_TRY(Measure({{options_.holdfast, "etcd", "extract", options_.database,
                     "widgets.bench.example.com", FirstWidget(), "-n", "team-0"},
                    {options_.holdfast, "etcd", "top", options_.database}},
                   series));
    Seconds("etcd extract, one object", series[0]);
    Ratio("etcd extract / etcdutl snapshot status", series[0], status_, 0.6);
    figures_.Add("etcd extract, peak RSS", series[0].mib(), "MiB", 0, series[0].peak);
    Seconds("etcd top", series[1]);
    Ratio("etcd top / etcdutl snapshot status", series[1], status_, 2);
    figures_.Add("etcd top, peak RSS", series[1].mib(), "MiB", 0, series[1].peak);
    return {};
  }

  Status Restore() {
    std::vector<Series> series;
    std::string dir = "--data-dir=" + Out().string();
    HF_TRY(Measure({{Tool("etcdutl"), "snapshot", "restore", options_.database, dir},
                    {options_.floor, options_.database, Out()},
                    {options_.holdfast, "etcd", "restore", options_.database, dir}},
                   series));
    Seconds("etcdutl snapshot restore", series[0]);
    figures_.Add("etcdutl snapshot restore, peak RSS", series[0].mib(), "MiB", 0, series[0].peak);
    Seconds("copy, hash and fsync of the file", series[1]);
    Seconds("etcd restore", series[2]);
    Ratio("etcd restore / etcdutl snapshot restore", series[2], series[0], 0.6);
    Ratio("etcd restore / copy, hash and fsync", series[2], series[1], 1.2);
    figures_.Add("etcd restore, peak RSS", series[2].mib(), "MiB", 64, series[2].peak);
    return {};
  }

  Status Save() {
    HF_ASSIGN(auto supervisor, testbed::Supervisor::Start({}));
    HF_ASSIGN(auto client, testbed::PortReservation::Take());
    HF_ASSIGN(auto peer, testbed::PortReservation::Take());
    std::string url = fmt::format("http://127.0.0.1:{}", client.port());
    std::string peer_url = fmt::format("http://127.0.0.1:{}", peer.port());
    fs::path data = options_.dir / "served";
    HF_TRY(MustRun({options_.holdfast, "etcd", "restore", options_.database,
                    "--data-dir=" + data.string(), "--initial-cluster=default=" + peer_url,
                    "--initial-advertise-peer-urls=" + peer_url, "--bump-revision=0"},
                   Log()));
    HF_TRY(supervisor->Spawn({Tool("etcd"), "--data-dir=" + data.string(),
                              "--quota-backend-bytes=8589934592", "--listen-client-urls=" + url,
                              "--advertise-client-urls=" + url, "--listen-peer-urls=" + peer_url},
                             Log()));
    Argv ready = {Tool("etcdctl"), "--endpoints=" + url, "get", "/registry/namespaces/kube-system"};
    for (int tries = 0;; ++tries) {
      HF_ASSIGN(auto ran, RunProgram(ready, Log()));
      if (ran.exit_code == 0) break;
      if (tries == 100) return Fail(ErrorKind::kUnavailable, "etcd does not start");
      Clock::Real().Sleep(std::chrono::milliseconds(200), {});
    }
    Argv ours = {options_.holdfast, "etcd", "save", Out(), "--endpoints=" + url};
    Argv packed = ours;
    packed.push_back("--compress=zstd");
    std::vector<Series> series;
    HF_TRY(
        Measure({{Tool("etcdctl"), "--endpoints=" + url, "snapshot", "save", Out()}, ours, packed},
                series));
    Seconds("etcdctl snapshot save", series[0]);
    Seconds("etcd save", series[1]);
    Ratio("etcd save / etcdctl snapshot save", series[1], series[0], 1.1);
    figures_.Add("etcd save, peak RSS", series[1].mib(), "MiB", 0, series[1].peak);
    Seconds("etcd save, zstd", series[2]);
    Ratio("etcd save, zstd / etcdctl snapshot save", series[2], series[0], 1.3);
    HF_TRY(supervisor->Stop());
    fs::remove_all(data);
    return {};
  }

  const EtcdBenchOptions& options_;
  Figures& figures_;
  fs::path tools_;
  uint64_t keys_ = 0;
  Series status_;
};

}  // namespace

Status BenchEtcd(const EtcdBenchOptions& options, Figures& figures) {
  return EtcdBench(options, figures).Run();
}

}  // namespace holdfast::bench
