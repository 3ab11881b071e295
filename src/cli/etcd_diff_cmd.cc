#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "base/printable.h"
#include "cli/etcd_client_option.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/client/save.h"
#include "etcd/diff.h"
#include "storage/local_store.h"

namespace holdfast::cli {
namespace {

struct DiffArgs {
  EtcdClientArgs live;  // instead of `right`
  bool with_live = false;
  std::string left, right, prefix;
  SnapshotArgs source;  // of both
  int64_t left_revision = 0, right_revision = 0;
  bool tolerate = false;
  Format format = Format::kText;
};

// A snapshot of the running cluster, in a file that goes with this object.
class LiveSnapshot {
 public:
  ~LiveSnapshot() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  Result<etcd::Database> Take(Session& session, EtcdClientArgs& args) {
    std::string folder = (std::filesystem::temp_directory_path() / "holdfast-live-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return Fail(ErrnoError("making " + folder, errno));
    folder_ = folder;
    HF_ASSIGN(Logger log, session.MakeLogger());
    HF_ASSIGN(auto client, MakeEtcdClient(args));
    storage::LocalStore store(folder_);
    etcd::SaveOptions options{.name = "live", .compare_members = false, .stop = session.stop};
    HF_TRY_CONTEXT(etcd::Save(*client, store, options, log), "reading the running cluster");
    return OpenSnapshot(session, {.file = folder + "/live",
                                  .store = {.store = "", .config_file = ""},
                                  .encryption_config = ""});
  }

 private:
  std::filesystem::path folder_;
};

Status RunDiff(Session& session, DiffArgs& args) {
  auto open = [&](const std::string& file) {
    SnapshotArgs snapshot = args.source;
    snapshot.file = file;
    return OpenSnapshot(session, snapshot);
  };
  HF_ASSIGN(auto left, open(args.left));
  LiveSnapshot live;
  if (args.with_live) args.prefix = args.right;
  HF_ASSIGN(auto right, args.with_live ? live.Take(session, args.live) : open(args.right));
  if (args.with_live) args.right = "the running cluster";
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

void AddEtcdDiffCommand(Command etcd, Session& session) {
  auto args = std::make_shared<DiffArgs>();
  Command command = etcd.AddCommand("diff", "Compare the keys of two snapshots, or with a cluster");
  command.Footer(
      "- only in LEFT   + only in RIGHT   ~ another value\n"
      "With --endpoints the right side is the running cluster: `diff LEFT [PREFIX] --endpoints "
      "...`.");
  command.AddOption("left", args->left, "snapshot").Required().Text("LEFT");
  command.AddOption("right", args->right, "snapshot; none with --endpoints").Text("RIGHT");
  command.AddOption("prefix", args->prefix, "only keys that start so").Text("PREFIX");
  command.AddOption("--left-rev", args->left_revision, "LEFT as it was at this revision")
      .NotNegative()
      .Text("N");
  command.AddOption("--right-rev", args->right_revision, "RIGHT as it was at this revision")
      .NotNegative()
      .Text("N");
  AddSnapshotSource(command, args->source);
  AddEtcdClientOptions(command, args->live);
  AddTolerateOption(command, args->tolerate);
  AddOutputOption(command, args->format);
  command.OnChosen([args, command, &session] {
    args->with_live = command.Count("--endpoints") > 0;
    if (args->with_live ? !args->prefix.empty() : args->right.empty())
      WrongUsage("RIGHT or --endpoints is required, not both");
    session.action = [args](Session& s) { return RunDiff(s, *args); };
  });
}

}  // namespace holdfast::cli
