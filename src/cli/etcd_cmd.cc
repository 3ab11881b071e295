#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/etcd_common.h"

namespace holdfast::cli {

void AddEtcdCommand(CLI::App& app, Session& session) {
  CLI::App* etcd =
      app.add_subcommand("etcd", "Take, check, look into and restore snapshots of etcd");
  etcd->require_subcommand(1);
  AddEtcdSaveCommand(*etcd, session);
  AddEtcdRunCommand(*etcd, session);
  AddEtcdListCommand(*etcd, session);
  AddEtcdPruneCommand(*etcd, session);
  AddEtcdCopyCommand(*etcd, session);
  AddEtcdStatusCommand(*etcd, session);
  AddEtcdVerifyCommand(*etcd, session);
  AddEtcdRestoreCommand(*etcd, session);
  AddEtcdLookCommands(*etcd, session);
  AddEtcdTopCommand(*etcd, session);
  AddEtcdDiffCommand(*etcd, session);
  AddEtcdExtractCommand(*etcd, session);
}

}  // namespace holdfast::cli
