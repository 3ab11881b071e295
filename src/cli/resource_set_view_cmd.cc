#include "cli/chart.h"
#include "cli/output.h"
#include "cli/resource_set_commands.h"
#include "cli/resource_set_table.h"

namespace holdfast::cli {
namespace {

struct ViewArgs {
  ChartOptions chart;
  std::string format = "table";
};

Status RunView(Session& session, const ViewArgs& args) {
  HF_ASSIGN(std::string format, OutputFormat(args.format, {"table", "yaml", "json"}));
  HF_ASSIGN(auto sets, LoadChart(session, args.chart));
  if (sets.empty()) {
    session.err << "No ResourceSets found in chart.\n";
    return {};
  }
  std::vector<std::string> documents;
  for (const auto& rendered : sets) documents.push_back(rendered.set.json);
  if (format == "json") {
    PrintDocument(session.out, Format::kJson, JsonArray(documents));
    return {};
  }
  for (size_t i = 0; i < sets.size(); ++i) {
    if (format == "yaml") {
      if (i > 0) session.out << "---\n";
      PrintDocument(session.out, Format::kYaml, documents[i]);
      continue;
    }
    if (i > 0) session.out << "\n";
    session.out << "ResourceSet: " << sets[i].set.name << "\n";
    std::vector<std::vector<std::string>> rows = {SelectorHead()};
    for (size_t s = 0; s < sets[i].set.selectors.size(); ++s)
      rows.push_back(SelectorCells(sets[i], s));
    PrintTable(session.out, rows);
  }
  return {};
}

}  // namespace

void AddResourceSetView(Command group, Session& session) {
  auto args = std::make_shared<ViewArgs>();
  Command view = group.AddCommand(
      "view", "Show the ResourceSets that a chart ships, with the file each selector comes from");
  view.Footer(
      "Every optional resource of the chart is enabled. Needs helm, and no cluster.\n"
      "Examples:\n"
      "  holdfast resource-set view --path charts/rancher-backup\n"
      "  holdfast resource-set view --version v9.0.0 -o yaml");
  AddChartOptions(view, args->chart);
  view.AddOption("-o,--output", args->format, "form of the result").Text("table|yaml|json");
  view.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunView(s, *args); }; });
}

}  // namespace holdfast::cli
