// What the commands of `holdfast etcd` share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/store_option.h"
#include "etcd/database.h"
#include "etcd/keyspace.h"
#include "etcd/spool_image.h"

namespace holdfast::cli {

void AddEtcdSaveCommand(Command etcd, Session& session);
void AddEtcdStatusCommand(Command etcd, Session& session);
void AddEtcdVerifyCommand(Command etcd, Session& session);
void AddEtcdRestoreCommand(Command etcd, Session& session);
void AddEtcdLookCommands(Command etcd, Session& session);  // ls, get, history
void AddEtcdTopCommand(Command etcd, Session& session);
void AddEtcdListCommand(Command etcd, Session& session);
void AddEtcdPruneCommand(Command etcd, Session& session);
void AddEtcdAdoptCommand(Command etcd, Session& session);
void AddEtcdCopyCommand(Command etcd, Session& session);
void AddEtcdRunCommand(Command etcd, Session& session);
void AddEtcdDiffCommand(Command etcd, Session& session);
void AddEtcdExtractCommand(Command etcd, Session& session);
void AddEtcdExtractStateCommand(Command etcd, Session& session);

// Where a snapshot lies and what it takes to read it.
struct SnapshotArgs {
  std::string file;  // with a store: the name in it
  StoreArgs store{.store = "", .config_file = ""};
  std::string encryption_config;

  bool stored() const { return !store.store.empty() || !store.config_file.empty(); }
};
// FILE, --store and --store-config, --encryption-config.
void AddSnapshotArgument(Command command, SnapshotArgs& args);
// Only the options.
void AddSnapshotSource(Command command, SnapshotArgs& args);
// FILE, --store and --store-config, for commands whose --encryption-config is another one.
void AddStoredSnapshotArgument(Command command, SnapshotArgs& args);
void AddTolerateOption(Command command, bool& tolerate);
// The file as it lies on disk or in a store; fetched first where it lies in a bucket.
Result<std::unique_ptr<etcd::File>> OpenSnapshotBytes(const Session& session,
                                                      const SnapshotArgs& args,
                                                      const etcd::OpenOptions& options);
// Fetched first where it lies in a bucket, unpacked where it is packed, decrypted where it is
// encrypted. Errors name the file.
Result<etcd::Database> OpenSnapshot(const Session& session, const SnapshotArgs& args);

// Damage that --tolerate-corruption passes over: the first few are told as they come, all are
// counted.
class DamageNotes {
 public:
  DamageNotes(Session& session, bool tolerate) : session_(session), tolerate_(tolerate) {}
  // Refers to this object.
  etcd::LookOptions options();
  uint64_t count() const { return count_; }
  // A failure (already reported) when there was any: the answer has gaps.
  Status Finish() const;

 private:
  Session& session_;
  bool tolerate_;
  uint64_t count_ = 0;
};

}  // namespace holdfast::cli
