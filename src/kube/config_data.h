// What a kubeconfig or a pod says, resolved. Private to kube.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "kube/config.h"
#include "net/http_client.h"

namespace holdfast::kube {

// An exec credential plugin (client.authentication.k8s.io).
struct ExecConfig {
  std::string api_version;
  std::string command;  // a path when it has a slash (absolute by then), else looked up in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // added to ours
  std::string install_hint;
  bool provide_cluster_info = false;
};

// Who we are. Client certificates stand in TlsOptions.
struct AuthInfo {
  std::string origin;  // for errors: `user "admin" in /root/.kube/config`
  SecretBytes token;
  std::string token_file;  // goes before token, as in kubectl
  std::string username;
  SecretBytes password;
  std::optional<ExecConfig> exec;  // unused when token or username is there
  // Impersonate-* headers ("as", "as-uid", "as-groups", "as-user-extra").
  std::vector<net::HttpHeader> impersonate;
};

struct ClientConfig::Data {
  std::string server;  // no slash at its end; may have a path
  std::string default_namespace = "default";
  std::string origin;  // for errors: `context "prod" of /root/.kube/config`
  net::TlsOptions tls;
  std::string proxy_url;
  AuthInfo auth;
};

}  // namespace holdfast::kube
