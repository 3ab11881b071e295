#include "bench/lists_floor.h"

#include <fstream>

#include "base/log.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "resourceset/resource_set.h"
#include "resourceset/selection.h"

namespace holdfast::bench {

Result<size_t> WriteCurlConfig(const testbed::ControlPlane& plane,
                               const std::filesystem::path& set_file,
                               const std::filesystem::path& config) {
  Logger log = Logger::Quiet();
  HF_ASSIGN(auto set, resourceset::ReadResourceSetFile(set_file.string()));
  HF_ASSIGN(auto client_config, kube::ClientConfig::Load({.kubeconfig = plane.kubeconfig()}));
  HF_ASSIGN(auto client, kube::Client::Create(std::move(client_config), {}, log));
  HF_ASSIGN(auto discovery, kube::Discovery::Fetch(*client));
  HF_ASSIGN(auto selection, resourceset::Selection::Build(set, discovery, log));

  std::ofstream out(config);
  out << "silent\nfail\ncacert = " << plane.ca_file() << "\ncert = " << plane.client_cert_file()
      << "\nkey = " << plane.client_key_file() << "\n";
  size_t lists = 0;
  for (const auto& type : selection.types()) {
    if (type.access != resourceset::TypeSelection::Access::kList) continue;
    out << "url = \"" << plane.server_url() << type.type->CollectionPath("")
        << "\"\noutput = /dev/null\n";
    ++lists;
  }
  out.close();
  if (!out) return Fail(ErrnoError(config.string(), errno));
  return lists;
}

std::vector<std::string> CurlCommand(const std::filesystem::path& config) {
  return {"curl", "-A", "x", "--parallel", "--parallel-max", "8", "--config", config.string()};
}

}  // namespace holdfast::bench
