#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/printable.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/diff.h"

namespace holdfast::cli {
namespace {

struct DiffArgs {
  std::string left, right, prefix;
  SnapshotArgs source;  // of both
  int64_t left_revision = 0, right_revision = 0;
  bool tolerate = false;
  Format format = Format::kText;
};

Status RunDiff(Session& session, const DiffArgs& args) {
  auto open = [&](const std::string& file) {
    SnapshotArgs snapshot = args.source;
    snapshot.file = file;
    return OpenSnapshot(session, snapshot);
  };
  HF_ASSIGN(auto left, open(args.left));
  HF_ASSIGN(auto right, open(args.right));
  DamageNotes damage(session, args.tolerate);
  std::vector<std::string> lists[3];
  etcd::DiffSides sides{left, right, args.left_revision, args.right_revision};
  HF_TRY(etcd::DiffLive(sides, args.prefix, damage.options(),
                        [&](etcd::Change change, std::string_view key) {
                          lists[static_cast<int>(change)].emplace_back(key);
                        }));
  for (auto& list : lists) std::sort(list.begin(), list.end());
  if (args.format != Format::kText) {
    JsonObject json;
    json.Text("left", args.left).Text("right", args.right);
    json.Texts("onlyLeft", lists[0]).Texts("onlyRight", lists[1]).Texts("changed", lists[2]);
    json.Number("damaged", damage.count());
    PrintDocument(session.out, args.format, json.Done());
    return damage.Finish();
  }
  const char signs[] = {'-', '+', '~'};
  std::vector<std::pair<std::string, char>> all;
  for (int i = 0; i < 3; ++i)
    for (std::string& key : lists[i]) all.emplace_back(std::move(key), signs[i]);
  std::sort(all.begin(), all.end());
  for (const auto& [key, sign] : all) session.out << sign << " " << Printable(key, 4096) << "\n";
  return damage.Finish();
}

}  // namespace

void AddEtcdDiffCommand(CLI::App& etcd, Session& session) {
  auto args = std::make_shared<DiffArgs>();
  CLI::App* command = etcd.add_subcommand("diff", "Compare the keys of two snapshots");
  command->footer("- only in LEFT   + only in RIGHT   ~ another value");
  command->add_option("left", args->left, "snapshot")->required()->option_text("LEFT");
  command->add_option("right", args->right, "snapshot")->required()->option_text("RIGHT");
  command->add_option("prefix", args->prefix, "only keys that start so")->option_text("PREFIX");
  command->add_option("--left-rev", args->left_revision, "LEFT as it was at this revision")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N");
  command->add_option("--right-rev", args->right_revision, "RIGHT as it was at this revision")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N");
  AddSnapshotSource(*command, args->source);
  AddTolerateOption(*command, args->tolerate);
  AddOutputOption(*command, args->format);
  command->callback(
      [args, &session] { session.action = [args](Session& s) { return RunDiff(s, *args); }; });
}

}  // namespace holdfast::cli
