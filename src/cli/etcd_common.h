// What the commands of `holdfast etcd` share.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/common.h"
#include "etcd/database.h"

namespace holdfast::cli {

void AddEtcdStatusCommand(CLI::App& etcd, Session& session);
void AddEtcdVerifyCommand(CLI::App& etcd, Session& session);
void AddEtcdRestoreCommand(CLI::App& etcd, Session& session);

void AddSnapshotArgument(CLI::App& command, std::string& file);
// Errors name the file.
Result<etcd::Database> OpenSnapshot(const std::string& file);

}  // namespace holdfast::cli
