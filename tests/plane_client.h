// A client of a test's control plane.
#pragma once

#include <memory>
#include <stdexcept>

#include "base/log.h"
#include "kube/client.h"
#include "kube/config.h"
#include "testbed/control_plane.h"

namespace holdfast::tests {

inline const Logger& QuietLog() {
  static const Logger log = Logger::Quiet();
  return log;
}

// Throws with the error's text: a test that needs it cannot go on.
template <typename T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().ToString());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::unique_ptr<kube::Client> ClientOf(const std::filesystem::path& kubeconfig) {
  kube::ConfigOptions options;
  options.kubeconfig = kubeconfig.string();
  return Must(kube::Client::Create(Must(kube::ClientConfig::Load(options)), {}, QuietLog()));
}

}  // namespace holdfast::tests
