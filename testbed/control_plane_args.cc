#include "testbed/control_plane_args.h"

namespace holdfast::testbed {
namespace {

std::string Loopback(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

std::vector<std::string> EtcdArgs(const ControlPlaneFiles& files, const ControlPlanePorts& ports) {
  return {
      "--name=default",
      "--data-dir=" + files.EtcdData().string(),
      "--listen-client-urls=" + Loopback(ports.etcd),
      "--advertise-client-urls=" + Loopback(ports.etcd),
      // The only member speaks to no peer: the kernel may choose.
      "--listen-peer-urls=http://127.0.0.1:0",
      "--unsafe-no-fsync",
      "--log-level=warn",
      // 100,000 objects and their history do not fit into the default of 2 GB.
      "--quota-backend-bytes=" + std::to_string(int64_t{8} << 30),
  };
}

std::vector<std::string> KineArgs(const ControlPlaneFiles& files, const ControlPlanePorts& ports) {
  return {
      "--listen-address=" + Loopback(ports.etcd),
      // As k3s opens it, but for fsync.
      "--endpoint=sqlite://" + (files.EtcdData() / "state.db").string() +
          "?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate&_synchronous=OFF",
      "--metrics-bind-address=0",
  };
}

std::vector<std::string> ApiServerArgs(const ControlPlaneOptions& options,
                                       const ControlPlaneFiles& files,
                                       const ControlPlanePorts& ports) {
  std::vector<std::string> args = {
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      "--secure-port=" + std::to_string(ports.api_server),
      "--etcd-servers=" + Loopback(ports.etcd),
      "--cert-dir=" + files.Pki("").string(),
      "--tls-cert-file=" + files.Pki("server.crt").string(),
      "--tls-private-key-file=" + files.Pki("server.key").string(),
      "--client-ca-file=" + files.Pki("ca.crt").string(),
      "--token-auth-file=" + files.Tokens().string(),
      "--authorization-mode=RBAC",
      "--disable-admission-plugins=ServiceAccount",
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-account-key-file=" + files.Pki("service-account.pub").string(),
      "--service-account-signing-key-file=" + files.Pki("service-account.key").string(),
      "--service-cluster-ip-range=10.0.0.0/16",
      "--allow-privileged=true",
  };
  if (options.etcd_compaction_interval) {
    args.push_back("--etcd-compaction-interval=" +
                   std::to_string(options.etcd_compaction_interval->count()) + "s");
  }
  if (options.audit_log) {
    args.push_back("--audit-policy-file=" + files.AuditPolicy().string());
    args.push_back("--audit-log-path=" + files.AuditLog().string());
    args.push_back("--audit-log-maxsize=1000000");  // MB: never rotated
  }
  std::string gates;
  for (const std::string& gate : options.feature_gates) gates += (gates.empty() ? "" : ",") + gate;
  if (!gates.empty()) args.push_back("--feature-gates=" + gates);
  return args;
}

std::vector<std::string> ManagerArgs(const ControlPlaneFiles& files,
                                     const ControlPlanePorts& ports) {
  return {
      "--bind-address=127.0.0.1",
      "--secure-port=" + std::to_string(ports.controller_manager),
      "--cert-dir=" + files.Pki("").string(),
      "--kubeconfig=" + files.ManagerKubeconfig().string(),
      "--leader-elect=false",
      "--use-service-account-credentials=true",
      "--service-account-private-key-file=" + files.Pki("service-account.key").string(),
      "--root-ca-file=" + files.Pki("ca.crt").string(),
  };
}

}  // namespace

std::vector<std::string> ComponentArgs(Component component, const ControlPlaneOptions& options,
                                       const ControlPlaneFiles& files,
                                       const ControlPlanePorts& ports) {
  const bool kine = component == Component::kEtcd && options.datastore == Datastore::kKine;
  std::vector<std::string> argv = {
      (options.tools / (kine ? "kine" : ComponentName(component))).string()};
  std::vector<std::string> own;
  const std::vector<std::string>* extra = nullptr;
  switch (component) {
    case Component::kEtcd:
      own = kine ? KineArgs(files, ports) : EtcdArgs(files, ports);
      extra = &options.etcd_args;
      break;
    case Component::kApiServer:
      own = ApiServerArgs(options, files, ports);
      extra = &options.api_server_args;
      break;
    case Component::kControllerManager:
      own = ManagerArgs(files, ports);
      extra = &options.controller_manager_args;
      break;
  }
  argv.insert(argv.end(), own.begin(), own.end());
  argv.insert(argv.end(), extra->begin(), extra->end());
  return argv;
}

}  // namespace holdfast::testbed
