#include <filesystem>

#include <fmt/format.h>

#include "cli/etcd_client_option.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/catalog.h"
#include "etcd/client/save.h"

namespace holdfast::cli {
namespace {

struct SaveArgs {
  EtcdClientArgs client;
  EtcdFormArgs form;
  std::string file;
  StoreArgs store{.store = "", .config_file = ""};
  std::string name;
  Format format = Format::kText;

  bool stored() const { return !store.store.empty() || !store.config_file.empty(); }
};

void PrintText(Session& session, const etcd::SaveReport& report, const std::string& where) {
  const etcd::SnapshotMeta& meta = report.meta;
  session.out << fmt::format("{} in {}: revision {}, {} keys, {}", meta.name, where, meta.revision,
                             meta.keys, HumanBytes(meta.size));
  if (meta.stored_size != meta.size)
    session.out << fmt::format(" ({} stored)", HumanBytes(meta.stored_size));
  if (!meta.encryption.empty()) session.out << ", encrypted (" << meta.encryption << ")";
  session.out << fmt::format(", from {} (etcd {}); checksum, pages and records proved\n",
                             meta.endpoint, meta.etcd_version);
}

Status RunSave(Session& session, SaveArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(crypto::Transformers keys, LoadKeys(args.form.encryption_config));
  bool encrypt = !args.form.encryption_config.empty();
  std::string name = args.name;
  StoreArgs store_args = args.store;
  if (!args.stored()) {
    std::filesystem::path path(args.file);
    store_args.store = path.has_parent_path() ? path.parent_path().string() : ".";
    name = path.filename();
  } else if (name.empty()) {
    name = etcd::SnapshotName("etcd", Clock::Real().Now(), CompressionName(args.form.compression),
                              encrypt);
  }
  HF_ASSIGN(auto store, OpenStore(session, store_args));
  HF_ASSIGN(auto client, MakeEtcdClient(args.client));
  etcd::SaveOptions options{.name = name,
                            .compression = args.form.compression,
                            .encryption = encrypt ? &keys : nullptr,
                            .compare_members = !args.form.no_compare,
                            .stop = session.stop};
  HF_ASSIGN_CONTEXT(auto report, etcd::Save(*client, *store, options, log), "saving etcd");
  for (const std::string& warning : report.warnings) session.err << "warning: " << warning << "\n";
  if (args.format == Format::kText)
    PrintText(session, report, store->Describe());
  else
    PrintDocument(session.out, args.format, report.meta.ToJson());
  return {};
}

}  // namespace

void AddEtcdSaveCommand(Command etcd, Session& session) {
  auto args = std::make_shared<SaveArgs>();
  Command command = etcd.AddCommand("save", "Take a snapshot of a running cluster");
  command.Footer(
      "A healthy member is chosen, a follower if there is one; when it fails the next one is "
      "asked.\n"
      "The snapshot gets its name only after checksum, pages and records were proved.\n"
      "Examples:\n"
      "  holdfast etcd save /srv/etcd/today.db --endpoints "
      "https://10.0.0.1:2379,https://10.0.0.2:2379 \\\n"
      "    --cacert ca.pem --cert client.pem --key client-key.pem\n"
      "  holdfast etcd save --store s3://backups/etcd?region=eu-central-1 --compress zstd \\\n"
      "    --encryption-config /etc/kubernetes/encryption.yaml");
  Option file = command.AddOption("file", args->file, "file to make; must not exist").Text("FILE");
  Option store = command
                     .AddOption("--store", args->store.store,
                                "where to keep it instead: a folder, or s3://BUCKET/FOLDER?...")
                     .Text("DIR|URL")
                     .Excludes(file);
  command
      .AddOption("--store-config", args->store.config_file,
                 "file that describes an S3 store, instead of --store")
      .Text("FILE")
      .Excludes(store)
      .Excludes(file);
  command.AddOption("--name", args->name, "the snapshot's name in the store")
      .Text("NAME [etcd-TIME.db]")
      .Excludes(file);
  AddEtcdClientOptions(command, args->client);
  AddEtcdFormOptions(command, args->form);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    if (args->file.empty() && !args->stored())
      WrongUsage("FILE, --store or --store-config is required");
    session.action = [args](Session& s) { return RunSave(s, *args); };
  });
}

}  // namespace holdfast::cli
