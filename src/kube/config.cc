#include "kube/config.h"

#include <cstdlib>
#include <optional>

#include "kube/config_data.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"
#include "kube/text_file.h"

namespace holdfast::kube {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxKubeconfig = 16 << 20;

std::vector<fs::path> FilesOf(std::string_view list) {
  std::vector<fs::path> files;
  while (!list.empty()) {
    size_t colon = std::min(list.find(':'), list.size());
    if (colon > 0) files.emplace_back(list.substr(0, colon));
    list.remove_prefix(std::min(colon + 1, list.size()));
  }
  return files;
}

// Files that do not exist are left out, as in kubectl.
Result<std::vector<KubeconfigText>> ReadAll(const std::vector<fs::path>& files) {
  std::vector<KubeconfigText> texts;
  for (const fs::path& file : files) {
    std::error_code ignored;
    fs::path absolute = fs::absolute(file, ignored);
    Result<std::string> text = ReadTextFile(absolute, kMaxKubeconfig);
    if (!text && text.error().kind() == ErrorKind::kNotFound) continue;
    if (!text) return Fail(std::move(text).error().With("reading the kubeconfig"));
    texts.push_back({absolute, std::move(*text)});
  }
  return texts;
}

constexpr char kHint[] =
    "name a kubeconfig with --kubeconfig or in KUBECONFIG, or put one at ~/.kube/config";

Error NoFile(const std::string& what) { return Error(ErrorKind::kNotFound, what).Hint(kHint); }

Result<ClientConfig::Data> LoadData(const ConfigOptions& options) {
  std::vector<fs::path> files;
  std::string asked;  // by whom files were named; empty: nobody did
  const char* variable = std::getenv("KUBECONFIG");
  if (!options.kubeconfig.empty()) {
    files = {options.kubeconfig};
    asked = options.kubeconfig;
  } else if (variable != nullptr && *variable != '\0') {
    files = FilesOf(variable);
    asked = "KUBECONFIG=" + std::string(variable);
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    files = {fs::path(home) / ".kube" / "config"};
  }
  HF_ASSIGN(std::vector<KubeconfigText> texts, ReadAll(files));
  if (texts.empty() && !asked.empty())
    return Fail(NoFile("the kubeconfig " + asked + " does not exist"));
  if (!texts.empty()) {
    HF_ASSIGN(std::optional<ClientConfig::Data> data, ResolveKubeconfig(texts, options.context));
    if (data) return std::move(*data);
    if (!asked.empty())
      return Fail(
          Error(ErrorKind::kInvalid, "the kubeconfig " + asked + " names no context").Hint(kHint));
  }
  if (!options.context.empty())
    return Fail(
        NoFile("context \"" + options.context + "\" is asked for, but there is no kubeconfig"));
  HF_ASSIGN(std::optional<ClientConfig::Data> pod, InClusterConfig(PodEnvironment::Own()));
  if (pod) return std::move(*pod);
  return Fail(NoFile("no cluster is named: there is no kubeconfig, and this is not a pod"));
}

}  // namespace

ClientConfig::ClientConfig() : data_(std::make_unique<Data>()) {}
ClientConfig::~ClientConfig() = default;
ClientConfig::ClientConfig(ClientConfig&&) noexcept = default;
ClientConfig& ClientConfig::operator=(ClientConfig&&) noexcept = default;

Result<ClientConfig> ClientConfig::Load(const ConfigOptions& options) {
  HF_ASSIGN(Data data, LoadData(options));
  ClientConfig config;
  *config.data_ = std::move(data);
  return config;
}

const std::string& ClientConfig::server() const { return data_->server; }
const std::string& ClientConfig::default_namespace() const { return data_->default_namespace; }

}  // namespace holdfast::kube
