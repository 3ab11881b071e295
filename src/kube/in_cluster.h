// The configuration that Kubernetes gives every pod.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "kube/config_data.h"

namespace holdfast::kube {

// What a pod's environment says. Tests give their own.
struct PodEnvironment {
  std::string host;  // KUBERNETES_SERVICE_HOST
  std::string port;  // KUBERNETES_SERVICE_PORT
  std::filesystem::path folder = "/var/run/secrets/kubernetes.io/serviceaccount";

  static PodEnvironment Own();
};

// nullopt outside of a pod. The token is read anew while the client runs, because the kubelet
// rotates it; an absent token or CA is kNotFound (automountServiceAccountToken: false).
Result<std::optional<ClientConfig::Data>> InClusterConfig(const PodEnvironment& pod);

}  // namespace holdfast::kube
