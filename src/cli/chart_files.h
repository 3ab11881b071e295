// Reading and fetching a chart's files.
#pragma once

#include <string>

#include "cli/common.h"
#include "resourceset/rendered.h"

namespace holdfast::cli {

// The .yaml, .yml and .json files of a chart's folder or .tgz, by path below the chart; templates/
// and charts/ are left out. Limits: 2,000 files of 4 MiB, 64 MiB in all. kNotFound, kInvalid (not a
// chart) or kCorrupt, naming the path.
Result<resourceset::ChartFiles> ReadChartFiles(const std::string& path);

// The .tgz of a release as it lies in the user's cache; fetched from
// RELEASES/VERSION/rancher-backup-X.Y.Z.tgz when it is not there yet, within 60 s. Something that
// is no chart is not kept. Blocks.
Result<std::string> FetchChart(Session& session, const std::string& releases,
                               const std::string& version);

}  // namespace holdfast::cli
