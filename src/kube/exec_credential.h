// Exec credential plugins: programs named in a kubeconfig that print a token or a client
// certificate (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/). Private
// to kube.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "kube/client.h"
#include "kube/config_data.h"

namespace holdfast::kube {

struct ExecCredential {
  SecretBytes token;  // empty: none
  std::string cert_pem;
  SecretBytes key_pem;
  std::optional<Clock::Wall> expires;
};

// Runs the plugin (argv as it stands, no shell; standard input is empty, standard error is ours)
// with KUBERNETES_EXEC_INFO set, and reads what it printed. `cluster` is JSON for spec.cluster,
// used when the plugin wants it. Blocks up to two minutes, or until call's deadline or stop, and
// then kills it. Errors are kUnauthorized (kCancelled when stopped) and never hold what it printed.
Result<ExecCredential> RunExecPlugin(const ExecConfig& exec, std::string_view cluster, Clock& clock,
                                     const Call& call);

// The text of an ExecCredential object of that apiVersion.
Result<ExecCredential> ParseExecCredential(std::string_view text, std::string_view api_version);

}  // namespace holdfast::kube
