#include "cli/commands.h"
#include "cli/common.h"
#include "operator/operator.h"
#include "operator/settings.h"

namespace holdfast::cli {
namespace {

struct OperatorArgs {
  bool debug = false;
  bool trace = false;
};

Status RunOperator(Session& session, const OperatorArgs& args) {
  if (args.debug) session.common.log_level = "debug";
  if (args.trace) session.common.log_level = "trace";
  HF_ASSIGN(Logger log, session.MakeLogger());
  auto settings = op::ReadSettings(op::ProcessEnvironment());
  if (!settings) return Fail(std::move(settings).error().With("Error running operator"));
  HF_ASSIGN(auto client, session.Connect(log));
  Status status = op::Run(*client, *settings, log, Clock::Real(), session.stop);
  if (!status) return Fail(std::move(status).error().With("Error running operator"));
  return {};
}

}  // namespace

void AddOperatorCommand(Command app, Session& session) {
  auto args = std::make_shared<OperatorArgs>();
  Command command =
      app.AddCommand("operator", "Serve Backups and Restores of a cluster, in the cluster");
  command.Footer(
      "Takes its settings from the environment (CHART_NAMESPACE is required); the chart\n"
      "rancher-backup sets it. docs/guide/operator.md explains each variable.");
  command.AddFlag("--debug", args->debug, "log more");
  command.AddFlag("--trace", args->trace, "log everything");
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunOperator(s, *args); }; });
}

}  // namespace holdfast::cli
