#include "testbed/control_plane.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "testbed/certificates.h"
#include "testbed/control_plane_args.h"
#include "testbed/control_plane_files.h"
#include "testbed/kubeconfig.h"
#include "testbed/ports.h"
#include "testbed/scratch.h"
#include "testbed/supervisor.h"
#include "testbed/tools.h"

namespace holdfast::testbed {
namespace {

constexpr int kPortTries = 5;
constexpr std::chrono::milliseconds kPollEvery{20};

}  // namespace

std::string_view ComponentName(Component component) {
  switch (component) {
    case Component::kEtcd: return "etcd";
    case Component::kApiServer: return "kube-apiserver";
    case Component::kControllerManager: return "kube-controller-manager";
  }
  return "?";
}

struct ControlPlane::Impl {
  struct Running {
    pid_t pid = -1;  // -1: it does not run
  };

  ControlPlaneOptions options;
  ControlPlaneFiles files;
  std::unique_ptr<Supervisor> supervisor;
  PortReservation etcd_port, api_server_port, manager_port;
  std::array<Running, 3> running;
  std::string server_url;
  std::unique_ptr<Etcd> etcd;

  Running& Of(Component component) { return running[static_cast<size_t>(component)]; }

  ControlPlanePorts Ports() const {
    return {etcd_port.port(), api_server_port.port(), manager_port.port()};
  }

  Status TakePorts() {
    HF_ASSIGN(etcd_port, PortReservation::Take());
    HF_ASSIGN(api_server_port, PortReservation::Take());
    HF_ASSIGN(manager_port, PortReservation::Take());
    server_url = "https://127.0.0.1:" + std::to_string(api_server_port.port());
    etcd = std::make_unique<Etcd>("http://127.0.0.1:" + std::to_string(etcd_port.port()));
    return WriteKubeconfigs(files, options, server_url);
  }

  Status Spawn(Component component) {
    if (component == Component::kEtcd && options.datastore == Datastore::kKine) {
      // etcd makes its folder itself.
      std::error_code error;
      std::filesystem::create_directories(files.EtcdData(), error);
      if (error) return Fail(ErrnoError("create " + files.EtcdData().string(), error.value()));
    }
    HF_ASSIGN(
        Of(component).pid,
        supervisor->Spawn(ComponentArgs(component, options, files, Ports()), files.Log(component)));
    return {};
  }

  Status Kill(Component component, int signal) {
    Running& program = Of(component);
    if (program.pid < 0) return {};
    Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(30));
    HF_TRY(supervisor->Terminate(program.pid, signal, deadline));
    program.pid = -1;
    return {};
  }

  Result<HttpAnswer> Request(std::string method, std::string url, std::string_view body) const {
    HttpCall call;
    call.method = std::move(method);
    call.url = std::move(url);
    call.body = body;
    if (call.method == "PATCH") call.content_type = "application/merge-patch+json";
    call.ca_file = files.Pki("ca.crt");
    call.cert_file = files.Pki("admin.crt");
    call.key_file = files.Pki("admin.key");
    return Http(call);
  }

  bool Answers200(Component component) const {
    auto is_ok = [](const Result<HttpAnswer>& answer) { return answer && answer->code == 200; };
    switch (component) {
      case Component::kEtcd: {
        // kine speaks gRPC only; the API server, which is started beside it, waits for it.
        if (options.datastore == Datastore::kKine) return true;
        HttpCall call;
        call.url = etcd->endpoint() + "/health";
        return is_ok(Http(call));
      }
      case Component::kApiServer:
        // The namespace is made by a loop that /readyz does not wait for.
        return is_ok(Request("GET", server_url + "/readyz", "")) &&
               is_ok(Request("GET", server_url + "/api/v1/namespaces/default", ""));
      case Component::kControllerManager: {
        HttpCall call;
        call.url = "https://127.0.0.1:" + std::to_string(manager_port.port()) + "/healthz";
        call.insecure = true;  // it made its serving certificate itself; nothing secret is sent
        return is_ok(Http(call));
      }
    }
    return false;
  }

  // Polls, because the components tell nobody when they are ready.
  Status WaitReady(Component component) {
    Deadline deadline = Deadline::After(Clock::Real(), options.start_timeout);
    std::string name(ComponentName(component));
    while (!Answers200(component)) {
      HF_ASSIGN(auto ended, supervisor->Ended(Of(component).pid));
      if (ended) {
        Of(component).pid = -1;
        return Fail(ErrorKind::kUnavailable, name + " ended (" + *ended +
                                                 ") while starting; its log:\n" +
                                                 LogTail(files.Log(component)));
      }
      if (deadline.Passed(Clock::Real())) {
        return Fail(ErrorKind::kUnavailable, name + " was not ready after " +
                                                 std::to_string(options.start_timeout.count()) +
                                                 " s; its log:\n" + LogTail(files.Log(component)));
      }
      Clock::Real().Sleep(kPollEvery, {});
    }
    return {};
  }

  Status StartAll() {
    // The API server waits for etcd by itself; starting both at once saves a second.
    HF_TRY(Spawn(Component::kEtcd));
    HF_TRY(Spawn(Component::kApiServer));
    HF_TRY(WaitReady(Component::kEtcd));
    HF_TRY(WaitReady(Component::kApiServer));
    if (!options.controller_manager) return {};
    HF_TRY(Spawn(Component::kControllerManager));
    return WaitReady(Component::kControllerManager);
  }

  // True when a stranger took one of our ports between the draw and the start.
  bool PortWasTaken() const {
    for (Component component :
         {Component::kEtcd, Component::kApiServer, Component::kControllerManager}) {
      auto log = ReadFile(files.Log(component));
      if (log && log->find("address already in use") != std::string::npos) return true;
    }
    return false;
  }
};

ControlPlane::ControlPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlPlane::~ControlPlane() = default;  // the supervisor's destructor stops everything

Result<std::unique_ptr<ControlPlane>> ControlPlane::Start(ControlPlaneOptions options) {
  if (options.tools.empty()) {
    std::vector<std::string> names = {options.datastore == Datastore::kKine ? "kine" : "etcd",
                                      "kube-apiserver"};
    if (options.controller_manager) names.push_back("kube-controller-manager");
    HF_ASSIGN_CONTEXT(options.tools, FindTools(names), "finding the test bed's programs");
  }
  auto impl = std::make_unique<Impl>();
  HF_ASSIGN(impl->files.dir, MakeScratchFolder(options.parent));
  HF_ASSIGN(impl->supervisor, Supervisor::Start(impl->files.dir));
  impl->options = std::move(options);
  HF_TRY_CONTEXT(WriteIdentities(impl->files, impl->options), "preparing a control plane");
  for (int attempt = 1;; ++attempt) {
    HF_TRY(impl->TakePorts());
    Status started = impl->StartAll();
    if (started) return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(impl)));
    if (attempt == kPortTries || !impl->PortWasTaken()) {
      return Fail(std::move(started).error().With("starting a control plane"));
    }
    for (Component component :
         {Component::kControllerManager, Component::kApiServer, Component::kEtcd}) {
      HF_TRY(impl->Kill(component, SIGKILL));
      std::error_code ignored;
      std::filesystem::remove(impl->files.Log(component), ignored);
    }
    std::error_code ignored;
    std::filesystem::remove_all(impl->files.EtcdData(), ignored);
  }
}

Status ControlPlane::Stop() { return impl_->supervisor->Stop(); }

std::filesystem::path ControlPlane::kubeconfig() const { return impl_->files.AdminKubeconfig(); }

Result<std::filesystem::path> ControlPlane::KubeconfigFor(std::string_view user) const {
  for (const TokenUser& known : users()) {
    if (known.name == user) return impl_->files.UserKubeconfig(known.name);
  }
  return Fail(ErrorKind::kNotFound, "the control plane has no token user " + std::string(user));
}

const std::vector<TokenUser>& ControlPlane::users() const { return impl_->options.users; }
const std::string& ControlPlane::server_url() const { return impl_->server_url; }
std::filesystem::path ControlPlane::ca_file() const { return impl_->files.Pki("ca.crt"); }
std::filesystem::path ControlPlane::wrong_ca_file() const {
  return impl_->files.Pki("wrong-ca.crt");
}
std::filesystem::path ControlPlane::client_cert_file() const {
  return impl_->files.Pki("admin.crt");
}
std::filesystem::path ControlPlane::client_key_file() const {
  return impl_->files.Pki("admin.key");
}
const Etcd& ControlPlane::etcd() const { return *impl_->etcd; }
std::filesystem::path ControlPlane::etcd_data_dir() const { return impl_->files.EtcdData(); }
std::filesystem::path ControlPlane::dir() const { return impl_->files.dir; }
std::filesystem::path ControlPlane::log_file(Component c) const { return impl_->files.Log(c); }
std::filesystem::path ControlPlane::audit_log() const { return impl_->files.AuditLog(); }
const std::filesystem::path& ControlPlane::tools() const { return impl_->options.tools; }

Status ControlPlane::StopComponent(Component component, int signal) {
  HF_TRY_CONTEXT(impl_->Kill(component, signal),
                 "stopping " + std::string(ComponentName(component)));
  return {};
}

Status ControlPlane::StartComponent(Component component) {
  std::string name(ComponentName(component));
  if (pid_t pid = impl_->Of(component).pid; pid >= 0) {
    HF_ASSIGN(auto ended, impl_->supervisor->Ended(pid));
    if (!ended) return Fail(ErrorKind::kConflict, name + " is running");
  }
  HF_TRY(impl_->Spawn(component));
  HF_TRY_CONTEXT(impl_->WaitReady(component), "restarting " + name);
  return {};
}

Result<pid_t> ControlPlane::Pid(Component component) const {
  pid_t pid = impl_->Of(component).pid;
  if (pid >= 0) {
    HF_ASSIGN(auto ended, impl_->supervisor->Ended(pid));
    if (!ended) return pid;
  }
  return Fail(ErrorKind::kNotFound, std::string(ComponentName(component)) + " does not run");
}

Result<HttpAnswer> ControlPlane::Request(std::string_view method, std::string_view path,
                                         std::string_view body) const {
  return impl_->Request(std::string(method), impl_->server_url + std::string(path), body);
}

Result<std::vector<AuditEvent>> ControlPlane::AuditEvents() const {
  if (!impl_->options.audit_log) {
    return Fail(ErrorKind::kInvalid, "the control plane was started without an audit log");
  }
  // Events are written in the order in which requests end: when a request of ours is there, those
  // answered before it are, too.
  HF_ASSIGN(std::string mark, RandomHex(8));
  std::string uri = "/version?holdfast-testbed-mark=" + mark;
  HF_TRY(Request("GET", uri));
  Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(30));
  std::string log;
  while (true) {
    HF_ASSIGN(log, ReadFile(audit_log()));
    if (log.find(mark) != std::string::npos && log.back() == '\n') break;
    if (deadline.Passed(Clock::Real())) {
      return Fail(ErrorKind::kInternal, "the API server did not audit a request of the test bed");
    }
    Clock::Real().Sleep(kPollEvery, {});
  }
  std::vector<AuditEvent> events;
  for (size_t begin = 0, end; (end = log.find('\n', begin)) != std::string::npos; begin = end + 1) {
    auto line =
        nlohmann::json::parse(log.begin() + static_cast<std::ptrdiff_t>(begin),
                              log.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!line.is_object())
      return Fail(ErrorKind::kInternal, "the audit log has a line that is not JSON");
    AuditEvent event;
    event.verb = line.value("verb", "");
    event.uri = line.value("requestURI", "");
    event.user_agent = line.value("userAgent", "");
    event.user = line["user"].value("username", "");
    if (line.contains("responseStatus")) event.code = line["responseStatus"].value("code", 0);
    if (event.uri != uri) events.push_back(std::move(event));
  }
  return events;
}

}  // namespace holdfast::testbed
