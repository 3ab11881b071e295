#include <filesystem>

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/adopt.h"

namespace holdfast::cli {
namespace {

struct AdoptArgs {
  StoreArgs store;
  etcd::AdoptOptions options;
  std::string time;
  std::string encryption_config;
  Format format = Format::kText;
};

Status RunAdopt(Session& session, AdoptArgs& args) {
  if (!args.time.empty()) {
    HF_ASSIGN_CONTEXT(args.options.time, ParseRfc3339(args.time), "--time");
  }
  HF_ASSIGN(crypto::Transformers keys, LoadKeys(args.encryption_config));
  args.options.keys = &keys;
  args.options.scratch = std::filesystem::temp_directory_path();
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN_CONTEXT(auto adopted, etcd::Adopt(*store, args.options, session.StoreWaits()),
                    "adopting " + args.options.name);
  for (const std::string& warning : adopted.warnings) session.err << "warning: " << warning << "\n";
  const etcd::SnapshotMeta& meta = adopted.meta;
  if (args.format != Format::kText) {
    PrintDocument(session.out, args.format, meta.ToJson());
    return {};
  }
  session.out << fmt::format(
      "{} in {}: revision {}, {} keys, {}; checksum, pages and records "
      "proved\n  cluster {}, taken {}\n",
      meta.name, store->Describe(), meta.revision, meta.keys, HumanBytes(meta.size),
      meta.cluster.empty() ? "unknown" : meta.cluster, FormatRfc3339(meta.started));
  return {};
}

}  // namespace

void AddEtcdAdoptCommand(Command etcd, Session& session) {
  auto args = std::make_shared<AdoptArgs>();
  Command command = etcd.AddCommand(
      "adopt", "Take a snapshot that was renamed or copied in into the store's catalogue");
  command.Footer(
      "The snapshot is verified; only then NAME.meta is stored beside it. A name of the form\n"
      "SERIES-TIME.db[.gz|.zst|.zip][.enc] puts it under the retention of that series. --series "
      "gives it\n"
      "such a name; the file of the old name is deleted last.\n\n"
      "Examples:\n"
      "  holdfast etcd adopt by-etcdctl.db --store /srv/etcd\n"
      "  holdfast etcd adopt by-etcdctl.db --store /srv/etcd --series etcd --cluster "
      "cdf818194e3a8c32 \\\n"
      "      --time 2026-01-27T02:00:00Z");
  command.AddOption("name", args->options.name, "name of the file in the store")
      .Required()
      .Text("NAME");
  command.AddOption("--series", args->options.series, "move it into this series").Text("NAME");
  command
      .AddOption("--cluster", args->options.cluster,
                 "id of its cluster, where the store has snapshots of none or of several")
      .Text("ID");
  command.AddOption("--time", args->time, "when it was taken")
      .Text("TIME [from its name, or the file's]");
  command
      .AddOption("--encryption-config", args->encryption_config,
                 "EncryptionConfiguration that an encrypted snapshot was saved with")
      .Text("FILE");
  AddStoreOption(command, args->store);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunAdopt(s, *args); }; });
}

}  // namespace holdfast::cli
