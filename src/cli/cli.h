// The command line as a whole.
#pragma once

#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::cli {

// Runs the program with SIGINT and SIGTERM as a request to stop. Returns the exit code: 0 success,
// 1 failure, 2 wrong usage.
int Main(int argc, char** argv);

// The same without signals, `args` without the program's name; for tests. Blocks.
int Run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err,
        std::stop_token stop);

}  // namespace holdfast::cli
