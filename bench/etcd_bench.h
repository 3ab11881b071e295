// Snapshots of etcd: restore, verify, save, extract and top beside etcd's own tools.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "bench/figures.h"

namespace holdfast::bench {

struct EtcdBenchOptions {
  int runs = 3;
  std::string holdfast, floor;     // programs
  std::filesystem::path database;  // made when it is not there
  std::filesystem::path dir;       // for everything else; on the disk that is measured
  std::string only = "all";        // restore, verify, save, look
};

// Blocks for minutes.
Status BenchEtcd(const EtcdBenchOptions& options, Figures& figures);

}  // namespace holdfast::bench
