// The command lines of a control plane's components. Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "testbed/control_plane.h"

namespace holdfast::testbed {

// Where a control plane's files are.
struct ControlPlaneFiles {
  std::filesystem::path dir;

  std::filesystem::path Pki(const std::string& name) const { return dir / "pki" / name; }
  std::filesystem::path Log(Component component) const {
    return dir / "logs" / (std::string(ComponentName(component)) + ".log");
  }
  std::filesystem::path Tokens() const { return dir / "tokens.csv"; }
  std::filesystem::path AuditPolicy() const { return dir / "audit-policy.yaml"; }
  std::filesystem::path AuditLog() const { return dir / "logs" / "audit.log"; }
  std::filesystem::path EtcdData() const { return dir / "etcd"; }
  std::filesystem::path AdminKubeconfig() const { return dir / "kubeconfig"; }
  std::filesystem::path ManagerKubeconfig() const { return dir / "controller-manager.kubeconfig"; }
  std::filesystem::path UserKubeconfig(const std::string& user) const {
    return dir / "users" / (user + ".kubeconfig");
  }
};

struct ControlPlanePorts {
  uint16_t etcd = 0;
  uint16_t api_server = 0;
  uint16_t controller_manager = 0;
};

// The whole argv, the program first.
std::vector<std::string> ComponentArgs(Component component, const ControlPlaneOptions& options,
                                       const ControlPlaneFiles& files,
                                       const ControlPlanePorts& ports);

}  // namespace holdfast::testbed
