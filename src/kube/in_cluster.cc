#include "kube/in_cluster.h"

#include <cstdlib>

#include "kube/text_file.h"

namespace holdfast::kube {
namespace {

constexpr size_t kMaxFile = 1 << 20;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

PodEnvironment PodEnvironment::Own() {
  PodEnvironment pod;
  pod.host = Environment("KUBERNETES_SERVICE_HOST");
  pod.port = Environment("KUBERNETES_SERVICE_PORT");
  return pod;
}

Result<std::optional<ClientConfig::Data>> InClusterConfig(const PodEnvironment& pod) {
  if (pod.host.empty() || pod.port.empty()) return std::nullopt;
  ClientConfig::Data data;
  data.origin = "the pod's service account";
  bool ipv6 = pod.host.find(':') != std::string::npos && pod.host[0] != '[';
  data.server = "https://" + (ipv6 ? "[" + pod.host + "]" : pod.host) + ":" + pod.port;
  auto read = [&](const char* name) -> Result<std::string> {
    Result<std::string> text = ReadTextFile(pod.folder / name, kMaxFile);
    if (text) return text;
    return Fail(std::move(text)
                    .error()
                    .With("reading the pod's service account")
                    .Hint("the pod needs a service account with automountServiceAccountToken not "
                          "false"));
  };
  HF_ASSIGN(data.tls.ca_pem, read("ca.crt"));
  data.tls.ca_origin = (pod.folder / "ca.crt").string();
  HF_ASSIGN(std::string token, read("token"));
  Wipe(token);
  data.auth.token_file = (pod.folder / "token").string();
  data.auth.origin = data.auth.token_file;
  if (Result<std::string> ns = ReadTextFile(pod.folder / "namespace", 1024)) {
    while (!ns->empty() && static_cast<unsigned char>(ns->back()) <= ' ') ns->pop_back();
    if (!ns->empty()) data.default_namespace = *ns;
  }
  return data;
}

}  // namespace holdfast::kube
