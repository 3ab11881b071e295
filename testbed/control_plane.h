// A real Kubernetes control plane on loopback for one test: etcd or kine, kube-apiserver and, if
// wanted, kube-controller-manager, with nothing shared with any other that runs on this machine.
//
//   HF_ASSIGN(auto plane, ControlPlane::Start());
//   ... use plane->kubeconfig() ...
//
// Everything is stopped and its folder removed when the object is destroyed or its process dies in
// whatever way. RBAC authorization; Kubernetes' defaults but for: ServiceAccount admission off
// (nobody makes tokens for pods), no reconciler of the endpoints of service "kubernetes", etcd
// without fsync.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "testbed/etcd.h"
#include "testbed/http.h"

namespace holdfast::testbed {

// Somebody whom the API server knows by a bearer token. No RBAC rule names the user: it may do only
// what every authenticated user may (discovery), until a test grants more.
struct TokenUser {
  std::string name;
  std::string token;  // empty: a random one is made
  std::vector<std::string> groups;
};

// What the API server stores in. kKine is kine, etcd's API on SQLite, as k3s runs it by default: it
// has no JSON gateway, so ControlPlane::etcd() is of no use there.
enum class Datastore { kEtcd, kKine };

struct ControlPlaneOptions {
  Datastore datastore = Datastore::kEtcd;
  std::vector<TokenUser> users = {{"nobody", "", {}}};
  bool controller_manager = false;
  bool audit_log = false;  // every request at level Metadata
  // "WatchList=false", ...
  std::vector<std::string> feature_gates;
  // "--flag=value"; they come last, so they win over ours.
  std::vector<std::string> api_server_args;
  std::vector<std::string> etcd_args;  // of kine, where that takes etcd's place
  std::vector<std::string> controller_manager_args;
  // How often the API server compacts etcd; zero: never. Unset: Kubernetes' default, 5 minutes.
  std::optional<std::chrono::seconds> etcd_compaction_interval;
  // The control plane's folder is made in here; empty: $TMPDIR, else /tmp.
  std::filesystem::path parent;
  // Where the programs are; empty: FindTools().
  std::filesystem::path tools;
  // For each component to become ready.
  std::chrono::seconds start_timeout{90};
};

enum class Component { kEtcd /* or kine */, kApiServer, kControllerManager };
std::string_view ComponentName(Component component);  // "kube-apiserver"

// One line of the audit log.
struct AuditEvent {
  std::string verb;  // get, list, watch, create, update, patch, delete, deletecollection
  std::string uri;
  std::string user;
  std::string user_agent;
  int code = 0;

  bool IsWrite() const { return verb != "get" && verb != "list" && verb != "watch"; }
};

class ControlPlane {
 public:
  // Returns when /readyz is ok and namespace default is there: some seconds on an idle machine. The
  // error of a component that does not start holds the tail of its log.
  static Result<std::unique_ptr<ControlPlane>> Start(ControlPlaneOptions options = {});
  // Kills everything and removes the folder.
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  Status Stop();

  // The administrator's (client certificate, group system:masters).
  std::filesystem::path kubeconfig() const;
  // Of one of options.users; kNotFound for another name.
  Result<std::filesystem::path> KubeconfigFor(std::string_view user) const;
  // The options' users with their tokens filled in.
  const std::vector<TokenUser>& users() const;

  // "https://127.0.0.1:PORT"; stays the same over restarts.
  const std::string& server_url() const;
  std::filesystem::path ca_file() const;
  // A certificate authority that signed nothing here: a kubeconfig with it must fail.
  std::filesystem::path wrong_ca_file() const;
  std::filesystem::path client_cert_file() const;
  std::filesystem::path client_key_file() const;

  // etcd speaks plain HTTP on loopback.
  const Etcd& etcd() const;
  const std::string& etcd_endpoint() const { return etcd().endpoint(); }
  // etcd's data folder (it holds member/snap/db); kine's holds state.db.
  std::filesystem::path etcd_data_dir() const;

  std::filesystem::path dir() const;
  std::filesystem::path log_file(Component component) const;
  std::filesystem::path audit_log() const;
  // The folder of the programs; "kubectl" is in it when build-tools was asked for it.
  const std::filesystem::path& tools() const;

  // Stops the component with `signal` and waits for its end (after 30 s it is killed). A control
  // plane survives the loss of any of them: data is in etcd's folder until Stop().
  Status StopComponent(Component component, int signal);
  // Starts one that was stopped or died, on its old port, and waits until it is ready.
  Status StartComponent(Component component);
  Status StopApiServer() { return StopComponent(Component::kApiServer, 9); }
  Status StartApiServer() { return StartComponent(Component::kApiServer); }
  // kNotFound when it does not run.
  Result<pid_t> Pid(Component component) const;

  // A request as the administrator; `path` with query. Any answer is a success.
  Result<HttpAnswer> Request(std::string_view method, std::string_view path,
                             std::string_view body = {}) const;
  // All audited requests so far, also those that have only just been answered. Needs
  // options.audit_log. The control plane's own have users that begin with "system:".
  Result<std::vector<AuditEvent>> AuditEvents() const;

 private:
  struct Impl;
  explicit ControlPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::testbed
