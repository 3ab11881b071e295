#include "kube/exec_credential.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "kube/child_process.h"

namespace holdfast::kube {
namespace {

constexpr std::chrono::minutes kPluginTimeout{2};

Error BadAnswer(const std::string& what) {
  return Error(ErrorKind::kUnauthorized, "the credential plugin's answer cannot be used: " + what);
}

std::string TextOf(const nlohmann::json& object, const char* key) {
  auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string ExecInfo(const ExecConfig& exec, std::string_view cluster) {
  std::string info =
      "{\"kind\":\"ExecCredential\",\"apiVersion\":" + json::Quote(exec.api_version) +
      ",\"spec\":{\"interactive\":false";
  if (exec.provide_cluster_info && !cluster.empty()) info += ",\"cluster\":" + std::string(cluster);
  return info + "}}";
}

}  // namespace

Result<ExecCredential> ParseExecCredential(std::string_view text, std::string_view api_version) {
  nlohmann::json root = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Fail(BadAnswer("it is not a JSON object"));
  if (TextOf(root, "kind") != "ExecCredential")
    return Fail(BadAnswer("its kind is not ExecCredential"));
  if (TextOf(root, "apiVersion") != api_version)
    return Fail(BadAnswer("its apiVersion is not " + std::string(api_version) +
                          ", which the kubeconfig names"));
  auto status = root.find("status");
  if (status == root.end() || !status->is_object()) return Fail(BadAnswer("it has no status"));
  ExecCredential credential;
  credential.token = SecretBytes::Take(TextOf(*status, "token"));
  credential.cert_pem = TextOf(*status, "clientCertificateData");
  credential.key_pem = SecretBytes::Take(TextOf(*status, "clientKeyData"));
  if (credential.cert_pem.empty() != credential.key_pem.empty())
    return Fail(
        BadAnswer("clientCertificateData and clientKeyData belong together; one is missing"));
  if (credential.token.empty() && credential.cert_pem.empty())
    return Fail(BadAnswer("it has neither a token nor a client certificate"));
  std::string expires = TextOf(*status, "expirationTimestamp");
  if (!expires.empty()) {
    Result<Clock::Wall> at = ParseRfc3339(expires);
    if (!at) return Fail(BadAnswer("its expirationTimestamp is not a time"));
    credential.expires = *at;
  }
  return credential;
}

Result<ExecCredential> RunExecPlugin(const ExecConfig& exec, std::string_view cluster, Clock& clock,
                                     const Call& call) {
  ChildRequest request;
  request.argv.push_back(exec.command);
  request.argv.insert(request.argv.end(), exec.args.begin(), exec.args.end());
  request.env = exec.env;
  request.env.emplace_back("KUBERNETES_EXEC_INFO", ExecInfo(exec, cluster));
  Call bounded = call;
  bounded.deadline = call.deadline.Min(Deadline::After(clock, kPluginTimeout));
  Result<ChildResult> result = RunChild(request, clock, bounded);
  if (!result) {
    Error error = std::move(result).error();
    if (error.kind() == ErrorKind::kCancelled &&
        (call.stop.stop_requested() || call.deadline.Passed(clock)))
      return Fail(std::move(error));
    std::string hint = !exec.install_hint.empty() ? exec.install_hint
                       : error.kind() == ErrorKind::kNotFound
                           ? "install it, or give its full path in the kubeconfig"
                           : "run it by hand to see what it wants";
    return Fail(Error(ErrorKind::kUnauthorized, "credential plugin: " + error.ToString())
                    .Hint(std::move(hint)));
  }
  if (result->exit_code != 0) {
    Wipe(result->output);
    return Fail(Error(ErrorKind::kUnauthorized, "credential plugin " + exec.command +
                                                    " ended with exit status " +
                                                    std::to_string(result->exit_code))
                    .Hint("what it printed to standard error says more; you may have to log in"));
  }
  Result<ExecCredential> credential = ParseExecCredential(result->output, exec.api_version);
  Wipe(result->output);
  return credential;
}

}  // namespace holdfast::kube
