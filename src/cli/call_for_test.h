// Calls the command line as main() does.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace holdfast::cli {

struct Outcome {
  int code;
  std::string out, err;
};

inline Outcome Call(const std::vector<std::string>& args) {
  std::ostringstream out, err;
  int code = Run(args, out, err, {});
  return {code, out.str(), err.str()};
}

}  // namespace holdfast::cli
