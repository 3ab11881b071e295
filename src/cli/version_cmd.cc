#include "cli/commands.h"
#include "cli/common.h"

namespace holdfast::cli {

void AddVersionCommand(Command app, Session& session) {
  Command command = app.AddCommand("version", "Print the version");
  command.OnChosen([&session] {
    session.action = [](Session& s) -> Status {
      s.out << "holdfast " << HOLDFAST_VERSION << "\n";
      return {};
    };
  });
}

}  // namespace holdfast::cli
