// Kubeconfigs, the answers of credential plugins, and Status objects.
#include <cstdint>
#include <string>
#include <string_view>

#include "kube/exec_credential.h"
#include "kube/kubeconfig.h"
#include "kube/status_error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  if (size > 16384) return 0;
  std::string text(reinterpret_cast<const char*>(data), size);
  // A folder that does not exist: no file of this machine is read by a relative path.
  (void)kube::ResolveKubeconfig({{"/nonexistent/one", text}}, "");
  size_t half = text.find("---SECOND---");
  if (half != std::string::npos)
    (void)kube::ResolveKubeconfig(
        {{"/nonexistent/one", text.substr(0, half)}, {"/nonexistent/two", text.substr(half + 12)}},
        "a");
  (void)kube::ParseExecCredential(text, "client.authentication.k8s.io/v1");
  (void)kube::StatusError(500, text, &text, {"GET", text, ""}).ToString();
  (void)kube::EmbeddedStatusError(text, {"GET", text, ""}).ToString();
  return 0;
}
