#include "tests/etcd_rig.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testbed/tools.h"

namespace holdfast::tests {

Ran RunCommand(const std::string& command) {
  Ran ran;
  FILE* pipe = popen(("{ " + command + "; } 2>&1").c_str(), "re");
  if (pipe == nullptr) return ran;
  char buffer[4096];
  while (size_t got = fread(buffer, 1, sizeof buffer, pipe)) ran.out.append(buffer, got);
  int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

Ran Holdfast(const std::string& arguments) {
  return RunCommand(std::string(HOLDFAST_PROGRAM) + " " + arguments);
}

nlohmann::json SnapshotStatus(const std::filesystem::path& file) {
  Ran ran = Holdfast("etcd status -o json " + file.string());
  EXPECT_EQ(ran.code, 0) << ran.out;
  return nlohmann::json::parse(ran.out, nullptr, false);
}

std::string VersionName(const std::string& suffix) {
  return suffix.empty() ? "3_6" : suffix == "-3.5" ? "3_5" : "3_4";
}

Result<std::unique_ptr<EtcdRig>> EtcdRig::Start() {
  std::unique_ptr<EtcdRig> rig(new EtcdRig);
  HF_ASSIGN(rig->tools_,
            testbed::FindTools({"etcd", "etcdctl", "etcdutl", "etcd-3.5", "etcdctl-3.5",
                                "etcdutl-3.5", "etcd-3.4", "etcdctl-3.4"}));
  std::string name = (std::filesystem::temp_directory_path() / "etcd-rig-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return Fail(ErrnoError("making a folder", errno));
  rig->dir_ = name;
  HF_ASSIGN(rig->supervisor_, testbed::Supervisor::Start(rig->dir_));
  for (int i = 0; i < 3; ++i) {
    HF_ASSIGN(auto peer, testbed::PortReservation::Take());
    HF_ASSIGN(auto client, testbed::PortReservation::Take());
    rig->peers_.push_back(std::move(peer));
    rig->clients_.push_back(std::move(client));
  }
  return rig;
}

EtcdRig::~EtcdRig() = default;

std::string EtcdRig::Tool(const std::string& name, const std::string& suffix) const {
  return (tools_ / (name + suffix)).string();
}
std::string EtcdRig::PeerUrl(size_t i) const {
  return fmt::format("http://127.0.0.1:{}", peers_[i].port());
}
std::string EtcdRig::ClientUrl(size_t i) const {
  return fmt::format("http://127.0.0.1:{}", clients_[i].port());
}
std::string EtcdRig::InitialCluster(size_t members) const {
  std::string all;
  for (size_t i = 0; i < members; ++i)
    all += fmt::format("{}n{}={}", i == 0 ? "" : ",", i, PeerUrl(i));
  return all;
}

std::string EtcdRig::RestoreFlags(const std::filesystem::path& snapshot, size_t i, size_t members,
                                  const std::filesystem::path& data_dir) const {
  return fmt::format(
      "{} --data-dir {} --name n{} --initial-cluster {} --initial-cluster-token again "
      "--initial-advertise-peer-urls {}",
      snapshot.string(), data_dir.string(), i, InitialCluster(members), PeerUrl(i));
}

Status EtcdRig::StartMember(const std::string& suffix, size_t i, size_t members,
                            const std::filesystem::path& data_dir,
                            const std::vector<std::string>& extra) {
  std::vector<std::string> argv = {Tool("etcd", suffix),
                                   fmt::format("--name=n{}", i),
                                   "--data-dir=" + data_dir.string(),
                                   "--listen-client-urls=" + ClientUrl(i),
                                   "--advertise-client-urls=" + ClientUrl(i),
                                   "--listen-peer-urls=" + PeerUrl(i),
                                   "--initial-advertise-peer-urls=" + PeerUrl(i),
                                   "--initial-cluster=" + InitialCluster(members)};
  if (suffix != "-3.4") argv.push_back("--unsafe-no-fsync");
  argv.insert(argv.end(), extra.begin(), extra.end());
  HF_ASSIGN(pid_t pid, supervisor_->Spawn(argv, dir_ / fmt::format("etcd{}.log", i)));
  running_.push_back(pid);
  return {};
}

Ran EtcdRig::Ctl(const std::string& suffix, const std::string& arguments, size_t member) const {
  std::string url = ClientUrl(member);
  if (arguments.find("--cacert") != std::string::npos) url.replace(0, 4, "https");
  return RunCommand(fmt::format("{}{} --endpoints={} {}", suffix == "-3.4" ? "ETCDCTL_API=3 " : "",
                                Tool("etcdctl", suffix), url, arguments));
}

Status EtcdRig::WaitReady(const std::string& suffix, size_t members, const std::string& flags) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  for (size_t i = 0; i < members; ++i) {
    while (Ctl(suffix, "--command-timeout=2s " + flags + " get nothing", i).code != 0) {
      if (std::chrono::steady_clock::now() > end)
        return Fail(ErrorKind::kUnavailable, fmt::format("etcd {} is not ready: {}", i, Log(i)));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // polls another process
    }
  }
  return {};
}

void EtcdRig::StopAll() {
  for (pid_t pid : running_) {
    (void)supervisor_->Terminate(pid, SIGTERM,
                                 Deadline::After(Clock::Real(), std::chrono::seconds(20)));
  }
  running_.clear();
}

void EtcdRig::Kill(size_t nth) {
  (void)supervisor_->Terminate(running_.at(nth), SIGKILL,
                               Deadline::After(Clock::Real(), std::chrono::seconds(20)));
}

std::string EtcdRig::Log(size_t i) const {
  std::ifstream file(dir_ / fmt::format("etcd{}.log", i));
  std::stringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  return all.size() > 3000 ? all.substr(all.size() - 3000) : all;
}

Status EtcdRig::Fill(const std::string& suffix, int keys) const {
  std::string script;
  auto ctl = [&](const std::string& arguments) {
    script += fmt::format("{}{} --endpoints={} {} >/dev/null && ",
                          suffix == "-3.4" ? "ETCDCTL_API=3 " : "", Tool("etcdctl", suffix),
                          ClientUrl(0), arguments);
  };
  // One transaction of many puts is one call of the tool.
  std::string first, second;
  for (int i = 0; i < keys; ++i) {
    first += fmt::format("put key{:04} first{}\n", i, i);
    second += fmt::format("put key{:04} second{}\n", i, i);
  }
  std::ofstream(dir_ / "first.txn") << "\n" << first << "\n\n";
  std::ofstream(dir_ / "second.txn") << "\n" << second << "\n\n";
  std::ofstream(dir_ / "big.value") << std::string(20'000, 'x');
  ctl("txn < " + (dir_ / "first.txn").string());
  ctl("txn < " + (dir_ / "second.txn").string());
  ctl("put again 1");
  ctl("del key0007");
  ctl("compaction 3");
  ctl("put again 2");
  ctl("put '<a&b>' escaped");
  ctl("put big < " + (dir_ / "big.value").string());
  ctl("lease grant 36000 | tee " + (dir_ / "lease.txt").string());
  ctl("put leased value --lease=$(cut -d' ' -f2 " + (dir_ / "lease.txt").string() + ")");
  ctl("user add root:secret");
  ctl("role add reader");
  ctl("role grant-permission reader read key");
  ctl("user grant-role root reader");
  ctl("del again");
  ctl("put last one");
  Ran ran = RunCommand(script + "true");
  if (ran.code != 0) return Fail(ErrorKind::kInternal, "filling etcd: " + ran.out);
  return {};
}

Status EtcdRig::Save(const std::string& suffix, const std::filesystem::path& file) const {
  std::filesystem::remove(file);
  Ran ran = Ctl(suffix, "snapshot save " + file.string());
  if (ran.code != 0) return Fail(ErrorKind::kInternal, "saving: " + ran.out);
  return {};
}

}  // namespace holdfast::tests
