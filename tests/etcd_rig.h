// Real etcd clusters of any supported version, and etcd's own tools, for tests.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "testbed/ports.h"
#include "testbed/supervisor.h"

namespace holdfast::tests {

struct Ran {
  int code = -1;
  std::string out;  // standard output and error together
};
// Through the shell; blocks.
Ran RunCommand(const std::string& command);
// This project's program.
Ran Holdfast(const std::string& arguments);
// What `holdfast etcd status` says of a snapshot or database; a test fails where it fails.
nlohmann::json SnapshotStatus(const std::filesystem::path& file);

// "" is etcd 3.6, "-3.5", "-3.4".
std::string VersionName(const std::string& suffix);

// One folder, ports for three members, and whatever was started in it. Ends with everything.
class EtcdRig {
 public:
  static Result<std::unique_ptr<EtcdRig>> Start();
  ~EtcdRig();

  const std::filesystem::path& dir() const { return dir_; }
  // The path of etcd, etcdctl, etcdutl of the version.
  std::string Tool(const std::string& name, const std::string& suffix) const;
  // "n0=http://127.0.0.1:PORT,..." of the first `members`; PeerUrl(i) is one of them.
  std::string InitialCluster(size_t members) const;
  std::string PeerUrl(size_t i) const;
  std::string ClientUrl(size_t i) const;
  // "SNAPSHOT --data-dir D --name nI --initial-cluster ...", as all restorers take them.
  std::string RestoreFlags(const std::filesystem::path& snapshot, size_t i, size_t members,
                           const std::filesystem::path& data_dir) const;

  // Starts member i of a cluster of `members` on `data_dir`, which may be missing.
  Status StartMember(const std::string& suffix, size_t i, size_t members,
                     const std::filesystem::path& data_dir,
                     const std::vector<std::string>& extra = {});
  // Until every one of the first `members` serves a linearizable read; 90 s. `flags` come
  // last.
  Status WaitReady(const std::string& suffix, size_t members, const std::string& flags = {});
  void StopAll();
  // Kills the member that was started as number `nth`, from 0.
  void Kill(size_t nth);
  std::string Log(size_t i) const;

  // etcdctl against the first member.
  Ran Ctl(const std::string& suffix, const std::string& arguments, size_t member = 0) const;
  // Fills the cluster: keys with history, a deleted one, a leased one, large values, a user and a
  // role, a compaction.
  Status Fill(const std::string& suffix, int keys = 120) const;
  Status Save(const std::string& suffix, const std::filesystem::path& file) const;

 private:
  EtcdRig() = default;

  std::filesystem::path dir_;
  std::filesystem::path tools_;
  std::unique_ptr<testbed::Supervisor> supervisor_;
  std::vector<testbed::PortReservation> peers_, clients_;
  std::vector<pid_t> running_;
};

}  // namespace holdfast::tests
