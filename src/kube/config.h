// Where the API server is and who we are there: kubeconfig files or the pod's service account.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace holdfast::kube {

struct ConfigOptions {
  std::string
      kubeconfig;       // --kubeconfig; empty: $KUBECONFIG (several files merged, first wins), then
                        // ~/.kube/config, then in-cluster
  std::string context;  // --context; empty: current-context
};

// Resolved, validated, with file contents read. Movable. The fields are what net and the client
// need; token rotation (token file, exec plugin) happens inside the client through `Credentials`.
class ClientConfig {
 public:
  ClientConfig();
  ~ClientConfig();
  ClientConfig(ClientConfig&&) noexcept;
  ClientConfig& operator=(ClientConfig&&) noexcept;

  // Errors name the file and the field; kNotFound when there is neither a file nor a pod.
  static Result<ClientConfig> Load(const ConfigOptions& options);

  const std::string& server() const;
  // Namespace of the context; "default" when it names none.
  const std::string& default_namespace() const;

  struct Data;
  Data& data() { return *data_; }
  const Data& data() const { return *data_; }

 private:
  std::unique_ptr<Data> data_;
};

}  // namespace holdfast::kube
