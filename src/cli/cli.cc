#include "cli/cli.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/resource_set_commands.h"
#include "cli/signals.h"
#include "cli/suggest.h"

namespace holdfast::cli {
namespace {

void PrintError(std::ostream& err, const Error& error) {
  std::string text = error.ToString();
  if (!error.hint().empty()) {
    // ToString() ends with " (hint)"; here the hint gets a line of its own.
    text.resize(text.size() - error.hint().size() - 3);
    err << "error: " << text << "\nhint: " << error.hint() << "\n";
  } else {
    err << "error: " << text << "\n";
  }
}

void Describe(CLI::App& app) {
  app.description(
      "Holdfast keeps the state of a Kubernetes control plane safe: consistent backups of chosen\n"
      "objects, and restores that show their plan first. Archives are those of Rancher's\n"
      "backup-restore operator, in both directions.");
  app.footer(
      "Examples:\n"
      "  holdfast backup --resource-set rancher-resource-set-full --store /srv/backups\n"
      "  holdfast restore ARCHIVE --store /srv/backups --plan\n"
      "  holdfast show ARCHIVE secrets/cattle-system/tls-ca --encryption-config keys.yaml\n"
      "\n`holdfast COMMAND --help` explains one command. Exit codes: 0 success, 1 failure, 2 wrong "
      "usage.");
}

constexpr std::string_view kReferenceOperator = "backup-restore-operator";

bool IsReferenceOperator(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == kReferenceOperator;
}

// Called by the reference's name, the program is the operator, with flags of one dash or two.
std::vector<std::string> OperatorArguments(std::vector<std::string> args) {
  for (std::string& arg : args)
    if (arg.size() > 2 && arg[0] == '-' && arg[1] != '-') arg.insert(0, "-");
  args.insert(args.begin(), "operator");
  return args;
}

}  // namespace

int Run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err,
        std::stop_token stop) {
  Session session{.out = out, .err = err, .stop = std::move(stop)};
  CLI::App app;
  app.name("holdfast");
  Describe(app);
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION);
  app.add_option("--log-level", session.common.log_level, "trace, debug, info, warn or error")
      ->option_text("LEVEL [info]");
  app.add_option("--log-format", session.common.log_format, "text or json")
      ->option_text("FORMAT [text]");
  const Command root(app);
  AddBackupCommand(root, session);
  AddRestoreCommand(root, session);
  AddListCommand(root, session);
  AddShowCommand(root, session);
  AddVerifyCommand(root, session);
  AddDiffCommand(root, session);
  AddPruneCommand(root, session);
  AddCopyCommand(root, session);
  AddStoreCommand(root, session);
  AddResourceSetCommand(root, session);
  AddEtcdCommand(root, session);
  AddOperatorCommand(root, session);
  AddCompletionCommand(app, session);
  AddVersionCommand(root, session);

  if (args.empty()) {
    err << app.help();
    return 2;
  }
  const std::vector<std::string> words = SplitResourceSetWords(args);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error, out, err);
      return 0;
    }
    err << "error: " << error.what() << "\n";
    if (auto near = SuggestCommand(app, args))
      err << "hint: did you mean \"" << *near << "\"?\n";
    else
      err << "hint: see `holdfast --help`, or `holdfast COMMAND --help`\n";
    return 2;
  }
  Status status = session.action(session);
  out.flush();
  if (!out) {
    err << "error: the result could not be written to standard output\n";
    return 1;
  }
  if (status) return 0;
  if (status.error().message() != kAlreadyReported) PrintError(err, status.error());
  return 1;
}

int Main(int argc, char** argv) {
  StopOnSignal signals;
  std::vector<std::string> args(argv + 1, argv + argc);
  if (argc > 0 && IsReferenceOperator(argv[0])) {
    args = OperatorArguments(std::move(args));
    if (args.size() == 2 && args[1] == "--version") {
      std::cout << kReferenceOperator
                << " " HOLDFAST_VERSION " (commit: unknown, built: unknown)\n";
      return 0;
    }
  }
  return Run(args, std::cout, std::cerr, signals.token());
}

}  // namespace holdfast::cli
