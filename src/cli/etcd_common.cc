#include "cli/etcd_common.h"

#include <filesystem>

#include <CLI/CLI.hpp>

#include "etcd/spool_image.h"

namespace holdfast::cli {

void AddSnapshotArgument(CLI::App& command, std::string& file) {
  command.add_option("file", file, "snapshot of etcd, or member/snap/db of a stopped member")
      ->required()
      ->option_text("FILE");
}

void AddTolerateOption(CLI::App& command, bool& tolerate) {
  command.add_flag(
      "--tolerate-corruption", tolerate,
      "read a damaged file as far as it goes; exit code 1 when something was passed over");
}

etcd::LookOptions DamageNotes::options() {
  return {.tolerate_corruption = tolerate_,
          .damaged =
              [this](const Error& error) {
                if (++count_ <= 10) session_.err << "damaged: " << error.ToString() << "\n";
              },
          .stop = session_.stop};
}

Status DamageNotes::Finish() const {
  if (count_ == 0) return {};
  session_.err << "error: " << count_ << " damaged places were passed over; the answer has gaps\n";
  return Fail(ErrorKind::kCorrupt, std::string(kAlreadyReported));
}

Result<etcd::Database> OpenSnapshot(const std::string& file) {
  HF_ASSIGN(auto bytes, etcd::OpenSnapshotFile(file, std::filesystem::temp_directory_path()));
  auto database = etcd::Database::Open(std::move(bytes));
  if (!database) return Fail(std::move(database).error().With(file));
  return database;
}

}  // namespace holdfast::cli
