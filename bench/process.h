// Runs a program to its end and says what it cost.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::bench {

// Wall time from then on until now.
inline double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Cost {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // user and system of the program and the children it waited for
  double peak_mib = 0;     // its largest resident set
};

struct Run {
  Cost cost;
  int exit_code = 0;  // 128 + signal when killed
  std::string out;    // standard output
};

// Starts `argv[0]` with standard error appended to `log`; blocks until it has ended. kInternal when
// it cannot be started.
Result<Run> RunProgram(const std::vector<std::string>& argv, const std::filesystem::path& log);

// The same; an exit code other than 0 is an error that holds the log's last lines.
Result<Run> MustRun(const std::vector<std::string>& argv, const std::filesystem::path& log);

}  // namespace holdfast::bench
