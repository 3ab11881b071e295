// Talking to etcd's servers: status, alarms, hashes, snapshots. The only user of gRPC.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "etcd/store.h"

namespace holdfast::etcd {

struct ClientOptions {
  // "https://10.0.0.1:2379", "http://...", or "10.0.0.1:2379" (TLS when a CA or a certificate is
  // given).
  std::vector<std::string> endpoints;
  // PEM; empty: the machine's. These three files are read again before each call: a certificate
  // that was renewed is used from the next call on.
  std::string ca_file;
  std::string cert_file, key_file;
  std::string user;
  // Called for each login: what it reads may change. May block.
  std::function<Result<SecretBytes>()> password;
  std::chrono::milliseconds call_timeout{5000};      // of every call but Snapshot
  std::chrono::milliseconds silence_timeout{30000};  // of Snapshot: between two pieces
};

struct ServerStatus {
  uint64_t cluster_id = 0;
  uint64_t member_id = 0;
  int64_t revision = 0;
  std::string version;
  std::string storage_version;
  uint64_t db_size = 0;
  uint64_t leader = 0;  // 0: none
  uint64_t raft_index = 0;
  uint64_t raft_applied_index = 0;
  bool learner = false;
  std::vector<std::string> errors;
};

struct KeyHash {
  uint32_t hash = 0;
  int64_t compact_revision = 0;
};

// Endpoints are told apart by their place in ClientOptions::endpoints. Every call blocks and may be
// made by several threads at once. A login that etcd has forgotten is made again. kUnavailable: no
// answer, no leader; kUnauthorized: TLS refused us, a right is missing; kCancelled: `stop`.
class Client {
 public:
  // Reads the files; connects later. kInvalid: an endpoint that is none.
  static Result<std::unique_ptr<Client>> Create(ClientOptions options);
  ~Client();

  size_t size() const;
  const std::string& endpoint(size_t i) const;

  Result<ServerStatus> Status(size_t i, std::stop_token stop = {});
  Result<std::vector<AlarmRow>> Alarms(size_t i, std::stop_token stop = {});
  // Of all keys as they were at `revision` (the server reads them all).
  Result<KeyHash> HashKeys(size_t i, int64_t revision, std::stop_token stop = {});
  // The whole snapshot, the digest at its end included, handed to `take` in pieces; an error of
  // `take` ends it. Success means that the stream ended as the server meant it to, not that the
  // bytes are right.
  holdfast::Status Snapshot(size_t i, const std::function<holdfast::Status(std::string_view)>& take,
                            std::stop_token stop = {});

 private:
  holdfast::Status SnapshotOnce(size_t i,
                                const std::function<holdfast::Status(std::string_view)>& take,
                                std::stop_token stop, bool& begun);
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::etcd
