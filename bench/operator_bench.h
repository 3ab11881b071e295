// The operator: how soon it is ready, what it costs when it has nothing to do, many Backups, and
// backups and restores through custom resources beside the command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "bench/figures.h"

namespace holdfast::bench {

struct OperatorBenchOptions {
  int runs = 5;                   // of each figure but those of many Backups
  uint64_t objects = 20'000;      // of the large backup
  std::string holdfast, testbed;  // programs
  std::filesystem::path charts;   // the CRDs come from there
  std::filesystem::path dir;      // for stores and logs
};

// Blocks for minutes. An error, not a figure, is a status that was lost or is wrong.
Status BenchOperator(const OperatorBenchOptions& options, Figures& figures);

}  // namespace holdfast::bench
