#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/common.h"

namespace holdfast::cli {

void AddVersionCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->callback([&session] {
    session.action = [](Session& s) -> Status {
      s.out << "holdfast " << HOLDFAST_VERSION << "\n";
      return {};
    };
  });
}

}  // namespace holdfast::cli
