#include "cli/chart.h"
#include "cli/output.h"
#include "cli/resource_set_commands.h"
#include "cli/resource_set_table.h"
#include "resourceset/coverage.h"
#include "stream/file_source.h"

namespace holdfast::cli {
namespace {

struct CheckArgs {
  ChartOptions chart;
  std::string resource, resource_path, ns, api_version;
  std::string format = "table";
};

Result<resourceset::ResourceFacts> ReadFacts(const CheckArgs& args) {
  if (args.resource.empty() == args.resource_path.empty()) {
    return Fail(ErrorKind::kInvalid, args.resource.empty()
                                         ? "one of --resource or --resource-path is required"
                                         : "--resource and --resource-path are mutually exclusive");
  }
  resourceset::ResourceFacts facts;
  if (!args.resource.empty()) {
    HF_ASSIGN(facts, resourceset::ParseKindAndName(args.resource));
  } else {
    HF_ASSIGN(auto file, stream::FileSource::Open(args.resource_path));
    HF_ASSIGN(std::string text, stream::ReadAll(file, resourceset::kMaxResourceSetBytes));
    HF_ASSIGN(facts, resourceset::ParseManifest(text, args.resource_path));
  }
  if (!args.ns.empty()) facts.ns = args.ns;
  if (!args.api_version.empty()) facts.api_version = args.api_version;
  if (facts.api_version.empty()) facts.api_version = resourceset::InferApiVersion(facts.kind);
  return facts;
}

void PrintJson(Session& session, const std::vector<resourceset::RenderedSet>& sets,
               const std::vector<resourceset::Coverage>& found) {
  if (found.empty()) {
    session.out << "null\n";
    return;
  }
  std::vector<std::string> entries;
  for (const auto& rule : found) {
    const resourceset::RenderedSet& rendered = sets[rule.set];
    JsonObject entry;
    entry.Text("ResourceSetName", rendered.set.name).Number("SelectorIndex", rule.selector + 1);
    std::vector<std::string> sources;
    if (!rendered.sources[rule.selector].empty())
      sources.push_back(rendered.sources[rule.selector]);
    entry.Texts("SelectorSources", sources).Raw("Selector", rendered.selector_json[rule.selector]);
    if (rule.caveats.empty())
      entry.Raw("Caveats", "null");
    else
      entry.Texts("Caveats", rule.caveats);
    entries.push_back(entry.Done());
  }
  PrintDocument(session.out, Format::kJson, JsonArray(entries));
}

void PrintRules(Session& session, const std::vector<resourceset::RenderedSet>& sets,
                const std::vector<resourceset::Coverage>& found) {
  std::vector<std::vector<std::string>> rows = {{"ResourceSet"}};
  for (const std::string& head : SelectorHead()) rows[0].push_back(head);
  rows[0].emplace_back("Caveats");
  for (const auto& rule : found) {
    std::vector<std::string> row = {sets[rule.set].set.name};
    for (std::string& cell : SelectorCells(sets[rule.set], rule.selector))
      row.push_back(std::move(cell));
    std::string caveats;
    for (const std::string& caveat : rule.caveats)
      caveats += (caveats.empty() ? "" : "; ") + caveat;
    row.push_back(std::move(caveats));
    rows.push_back(std::move(row));
  }
  PrintTable(session.out, rows);
}

Status RunCheck(Session& session, const CheckArgs& args) {
  HF_ASSIGN(std::string format, OutputFormat(args.format, {"table", "json"}));
  HF_ASSIGN(auto facts, ReadFacts(args));
  HF_ASSIGN(auto sets, LoadChart(session, args.chart));
  HF_ASSIGN(auto found, resourceset::FindCoverage(sets, facts));
  if (format == "json") {
    PrintJson(session, sets, found);
  } else if (found.empty()) {
    session.out << "No matching ResourceSet rules found for: " << facts.ToString() << "\n";
  } else {
    session.out << "Matching rules for: " << facts.ToString() << "\n";
    PrintRules(session, sets, found);
  }
  if (found.empty()) return Fail(ErrorKind::kNotFound, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddResourceSetCheck(Command group, Session& session) {
  auto args = std::make_shared<CheckArgs>();
  Command check = group.AddCommand(
      "check", "Say which rules of a chart's ResourceSets take a resource, without a cluster");
  check.Footer(
      "Exit codes: 0 some rule takes it, 1 none does. What cannot be known without the cluster is\n"
      "a caveat. For a live cluster: holdfast resource-set explain.\n"
      "Examples:\n"
      "  holdfast resource-set check --path CHART --resource Deployment/rancher "
      "--namespace cattle-system\n"
      "  holdfast resource-set check --version v9.0.0 --resource-path secret.yaml");
  AddChartOptions(check, args->chart);
  check.AddOption("--resource", args->resource, "the resource").Text("KIND/NAME");
  check.AddOption("--resource-path", args->resource_path, "its manifest, YAML or JSON")
      .Text("FILE");
  check.AddOption("--namespace", args->ns, "its namespace; wins over the manifest's");
  check.AddOption("--api-version", args->api_version, "its apiVersion; wins over the manifest's");
  check.AddOption("-o,--output", args->format, "form of the result").Text("table|json");
  check.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunCheck(s, *args); }; });
}

std::vector<std::string> SplitResourceSetWords(const std::vector<std::string>& args) {
  constexpr std::string_view kGroup = "resource-set:";
  std::vector<std::string> words = args;
  if (!words.empty() && words[0].starts_with(kGroup)) {
    const std::string command = words[0].substr(kGroup.size());
    words[0] = "resource-set";
    words.insert(words.begin() + 1, command);
  }
  return words;
}

}  // namespace holdfast::cli
