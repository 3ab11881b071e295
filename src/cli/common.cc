#include "cli/common.h"

#include <filesystem>
#include <map>

#include "crypto/encryption_config.h"
#include "etcd/client/kms_client.h"

namespace holdfast::cli {

Result<Logger> Session::MakeLogger() const {
  HF_ASSIGN(LogLevel level, ParseLogLevel(common.log_level));
  HF_ASSIGN(LogFormat format, ParseLogFormat(common.log_format));
  return Logger(level, format);
}

Result<std::unique_ptr<kube::Client>> Session::Connect(const Logger& log) const {
  HF_ASSIGN(auto config,
            kube::ClientConfig::Load({.kubeconfig = common.kubeconfig, .context = common.context}));
  return kube::Client::Create(std::move(config), {}, log);
}

void AddClusterOptions(Command command, CommonOptions& common) {
  command
      .AddOption("--kubeconfig", common.kubeconfig,
                 "kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then the pod's "
                 "service account)")
      .Group("Cluster");
  command.AddOption("--context", common.context, "context of the kubeconfig").Group("Cluster");
}

void AddEncryptionOption(Command command, std::string& file) {
  command
      .AddOption("--encryption-config", file,
                 "EncryptionConfiguration with the keys (YAML or JSON), as kube-apiserver has it")
      .Text("FILE");
}

void AddOutputOption(Command command, Format& format, bool text) {
  std::map<std::string, Format> names = {{"json", Format::kJson}, {"yaml", Format::kYaml}};
  if (text) names["text"] = Format::kText;
  command.AddChoice("-o,--output", format, names, "form of the result")
      .Text(text ? "text|json|yaml" : "json|yaml");
}

Result<crypto::Transformers> LoadKeys(const std::string& file) {
  if (file.empty()) return crypto::Transformers::None();
  HF_ASSIGN(auto config, crypto::EncryptionConfig::Load(file));
  return crypto::Transformers::Build(std::move(config), etcd::GrpcKms());
}

bool LooksLikeFile(const std::string& resource_set) {
  std::error_code ignored;
  return resource_set.find('/') != std::string::npos || resource_set.ends_with(".yaml") ||
         resource_set.ends_with(".yml") || resource_set.ends_with(".json") ||
         std::filesystem::is_regular_file(resource_set, ignored);
}

Result<resourceset::ResourceSet> LoadResourceSet(const std::string& file_or_name,
                                                 kube::Client& client, const kube::Call& call) {
  if (LooksLikeFile(file_or_name)) return resourceset::ReadResourceSetFile(file_or_name);
  return resourceset::FetchResourceSet(client, file_or_name, call);
}

}  // namespace holdfast::cli
