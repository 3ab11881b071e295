#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/common.h"

namespace holdfast::cli {

void AddDiffCommand(CLI::App&, Session&) {}

}  // namespace holdfast::cli
