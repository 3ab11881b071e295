#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/etcd_common.h"

namespace holdfast::cli {

void AddEtcdCommand(CLI::App& app, Session& session) {
  CLI::App* etcd = app.add_subcommand("etcd", "Check, look into and restore snapshots of etcd");
  etcd->require_subcommand(1);
  AddEtcdStatusCommand(*etcd, session);
  AddEtcdVerifyCommand(*etcd, session);
  AddEtcdRestoreCommand(*etcd, session);
}

}  // namespace holdfast::cli
