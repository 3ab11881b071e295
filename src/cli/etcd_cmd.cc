#include "cli/commands.h"
#include "cli/etcd_common.h"

namespace holdfast::cli {

void AddEtcdCommand(Command app, Session& session) {
  Command etcd = app.AddCommand("etcd", "Take, check, look into and restore snapshots of etcd");
  etcd.NeedsCommand();
  AddEtcdSaveCommand(etcd, session);
  AddEtcdRunCommand(etcd, session);
  AddEtcdListCommand(etcd, session);
  AddEtcdPruneCommand(etcd, session);
  AddEtcdAdoptCommand(etcd, session);
  AddEtcdCopyCommand(etcd, session);
  AddEtcdStatusCommand(etcd, session);
  AddEtcdVerifyCommand(etcd, session);
  AddEtcdRestoreCommand(etcd, session);
  AddEtcdLookCommands(etcd, session);
  AddEtcdTopCommand(etcd, session);
  AddEtcdDiffCommand(etcd, session);
  AddEtcdExtractCommand(etcd, session);
  AddEtcdExtractStateCommand(etcd, session);
}

}  // namespace holdfast::cli
