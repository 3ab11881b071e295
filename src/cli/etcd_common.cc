#include "cli/etcd_common.h"

#include <CLI/CLI.hpp>

namespace holdfast::cli {

void AddSnapshotArgument(CLI::App& command, std::string& file) {
  command.add_option("file", file, "snapshot of etcd, or member/snap/db of a stopped member")
      ->required()
      ->option_text("FILE");
}

Result<etcd::Database> OpenSnapshot(const std::string& file) {
  HF_ASSIGN(auto bytes, etcd::OpenFile(file));
  auto database = etcd::Database::Open(std::move(bytes));
  if (!database) return Fail(std::move(database).error().With(file));
  return database;
}

}  // namespace holdfast::cli
