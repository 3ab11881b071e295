#include "cli/chart.h"

#include <cstdlib>
#include <filesystem>

#include "base/json_text.h"
#include "cli/chart_files.h"
#include "kube/child_process.h"
#include "resourceset/document.h"
#include "resourceset/regexp.h"

namespace holdfast::cli {
namespace {

constexpr const char* kVersionPattern = R"(^v\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?$)";
constexpr const char* kReleases =
    "https://github.com/rancher/backup-restore-operator/releases/download";
constexpr std::chrono::seconds kRenderTime{60};
constexpr size_t kMaxRendered = 16 << 20;

Result<resourceset::Document> DocumentOf(const resourceset::ChartFiles& files,
                                         const std::string& name) {
  auto found = files.find(name);
  auto documents = resourceset::ParseYaml(found == files.end() ? "{}" : found->second);
  if (!documents) return Fail(ErrorKind::kInvalid, name + ": " + documents.error().message());
  if (documents->empty()) return Fail(ErrorKind::kInvalid, name + " is empty");
  return std::move(documents->front());
}

// {"kubewarden":{"enabled":true}} for every one in values.yaml; empty: there is none.
Result<std::string> OptionalResources(const resourceset::ChartFiles& files) {
  HF_ASSIGN(auto values, DocumentOf(files, "values.yaml"));
  const resourceset::Node* optional = values.root->Find("optionalResources");
  if (optional == nullptr || optional->entries.empty()) return std::string();
  std::string json;
  for (const auto& entry : optional->entries)
    json += (json.empty() ? "{" : ",") + json::Quote(entry.key) + ":{\"enabled\":true}";
  return json + "}";
}

// The lowest Kubernetes version that the chart takes ("1.34.0" of ">= 1.34.0-0 < 1.37.0-0"); helm
// alone would claim the one it was built with. Empty: any.
Result<std::string> KubeVersion(const resourceset::ChartFiles& files) {
  HF_ASSIGN(auto chart, DocumentOf(files, "Chart.yaml"));
  const resourceset::Node* range = chart.root->Find("kubeVersion");
  if (range == nullptr) return std::string();
  size_t at = range->text.find(">=");
  if (at == std::string::npos) return std::string();
  at = range->text.find_first_of("0123456789", at);
  if (at == std::string::npos) return std::string();
  return range->text.substr(at, range->text.find_first_not_of("0123456789.", at) - at);
}

Result<std::string> Render(Session& session, const ChartOptions& options, const std::string& path,
                           const resourceset::ChartFiles& files) {
  HF_ASSIGN(std::string optional, OptionalResources(files));
  HF_ASSIGN(std::string version, KubeVersion(files));
  std::string helm = options.helm;
  if (const char* named = std::getenv("HELM"); helm.empty() && named != nullptr) helm = named;
  if (helm.empty()) helm = "helm";
  kube::ChildRequest request;
  request.argv = {helm,
                  "template",
                  "rancher-backup",
                  std::filesystem::absolute(path).string(),
                  "--namespace",
                  "cattle-resources-system"};
  if (!optional.empty()) {
    request.argv.emplace_back("--set-json");
    request.argv.push_back("optionalResources=" + optional);
  }
  if (!version.empty()) {
    request.argv.emplace_back("--kube-version");
    request.argv.push_back(version);
  }
  request.max_output = kMaxRendered;
  const kube::Call call{.deadline = Deadline::After(Clock::Real(), kRenderTime),
                        .stop = session.stop};
  auto result = kube::RunChild(request, Clock::Real(), call);
  if (!result && result.error().kind() == ErrorKind::kNotFound) {
    return Fail(Error(ErrorKind::kNotFound, "there is no program " + helm +
                                                ", which is needed to render the chart " + path)
                    .Hint("install Helm (https://helm.sh), or name the program by --helm or $HELM; "
                          "a file of ResourceSets needs none"));
  }
  if (!result) return Fail(std::move(result).error().With("rendering the chart " + path));
  if (result->exit_code != 0) {
    return Fail(Error(ErrorKind::kInvalid, "helm could not render the chart " + path + " (exit " +
                                               std::to_string(result->exit_code) + ")")
                    .Hint("what helm said stands above"));
  }
  return std::move(result->output);
}

}  // namespace

void AddChartOptions(Command command, ChartOptions& options) {
  command.AddOption("--path", options.path, "the chart: its folder, or its .tgz").Text("CHART");
  command
      .AddOption("--version", options.version,
                 "a release of the chart of Rancher's operator; fetched once, then cached")
      .Text("vX.Y.Z");
  command.AddOption("--helm", options.helm, "the helm program (default: $HELM, then PATH)")
      .Text("PROGRAM");
  command.AddOption("--releases", options.releases, "where releases are fetched from").Text("URL");
}

Result<std::vector<resourceset::RenderedSet>> LoadChart(Session& session,
                                                        const ChartOptions& options) {
  if (!options.path.empty() && !options.version.empty())
    return Fail(ErrorKind::kInvalid, "--version and --path are mutually exclusive");
  if (options.path.empty() && options.version.empty())
    return Fail(ErrorKind::kInvalid, "one of --version or --path is required");
  std::string path = options.path;
  if (path.empty()) {
    HF_ASSIGN(auto pattern, resourceset::Regexp::Compile(kVersionPattern));
    if (!pattern.Matches(options.version)) {
      return Fail(ErrorKind::kInvalid,
                  "invalid version \"" + options.version + "\": must match " + kVersionPattern);
    }
    HF_ASSIGN(path, FetchChart(session, options.releases.empty() ? kReleases : options.releases,
                               options.version));
  }
  HF_ASSIGN(auto files, ReadChartFiles(path));
  HF_ASSIGN(std::string manifest, Render(session, options, path, files));
  HF_ASSIGN(auto sets, resourceset::ReadRenderedSets(manifest, path));
  resourceset::FindSources(sets, files);
  return sets;
}

}  // namespace holdfast::cli
