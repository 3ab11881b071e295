// The ResourceSets that a Helm chart ships: where the chart is got from, and rendering it.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/common.h"
#include "resourceset/rendered.h"

namespace holdfast::cli {

struct ChartOptions {
  std::string path;      // a folder or a .tgz
  std::string version;   // "v1.2.3": a release, fetched and kept in the user's cache
  std::string releases;  // URL below which releases lie; empty: those of Rancher's operator
  std::string helm;      // program; empty: $HELM, then helm in PATH
};

void AddChartOptions(Command command, ChartOptions& options);

// Rendered as release rancher-backup in cattle-resources-system with every optionalResources
// enabled; sources filled. Runs helm, and with `version` asks the network. kInvalid: `one of
// --version or --path is required`, `--version and --path are mutually exclusive`, `invalid version
// "...": must match ...`. Blocks.
Result<std::vector<resourceset::RenderedSet>> LoadChart(Session& session,
                                                        const ChartOptions& options);

}  // namespace holdfast::cli
