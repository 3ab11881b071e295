// What the commands of `holdfast etcd` share.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/common.h"
#include "cli/store_option.h"
#include "etcd/database.h"
#include "etcd/keyspace.h"

namespace holdfast::cli {

void AddEtcdSaveCommand(CLI::App& etcd, Session& session);
void AddEtcdStatusCommand(CLI::App& etcd, Session& session);
void AddEtcdVerifyCommand(CLI::App& etcd, Session& session);
void AddEtcdRestoreCommand(CLI::App& etcd, Session& session);
void AddEtcdLookCommands(CLI::App& etcd, Session& session);  // ls, get, history
void AddEtcdTopCommand(CLI::App& etcd, Session& session);
void AddEtcdListCommand(CLI::App& etcd, Session& session);
void AddEtcdPruneCommand(CLI::App& etcd, Session& session);
void AddEtcdCopyCommand(CLI::App& etcd, Session& session);
void AddEtcdRunCommand(CLI::App& etcd, Session& session);
void AddEtcdDiffCommand(CLI::App& etcd, Session& session);
void AddEtcdExtractCommand(CLI::App& etcd, Session& session);

// Where a snapshot lies and what it takes to read it.
struct SnapshotArgs {
  std::string file;  // with a store: the name in it
  StoreArgs store{.store = "", .config_file = ""};
  std::string encryption_config;

  bool stored() const { return !store.store.empty() || !store.config_file.empty(); }
};
// FILE, --store and --store-config, --encryption-config.
void AddSnapshotArgument(CLI::App& command, SnapshotArgs& args);
// Only the options.
void AddSnapshotSource(CLI::App& command, SnapshotArgs& args);
// FILE, --store and --store-config, for commands whose --encryption-config is another one.
void AddStoredSnapshotArgument(CLI::App& command, SnapshotArgs& args);
void AddTolerateOption(CLI::App& command, bool& tolerate);
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
