#include <fmt/format.h>

#include "base/rfc3339.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/catalog.h"

namespace holdfast::cli {
namespace {

struct ListArgs {
  StoreArgs store;
  Format format = Format::kText;
};

std::string ToJson(const etcd::Catalog& catalog) {
  std::vector<std::string> all;
  for (const etcd::Snapshot& snapshot : catalog.snapshots) {
    std::string json = snapshot.not_good ? JsonObject()
                                               .Text("name", snapshot.file.name)
                                               .Number("storedSize", snapshot.file.size)
                                               .Text("notGood", *snapshot.not_good)
                                               .Done()
                                         : snapshot.meta.ToJson();
    all.push_back(std::move(json));
  }
  JsonObject json;
  json.Raw("snapshots", JsonArray(all)).Texts("otherFiles", catalog.others);
  return json.Done();
}

Status RunList(Session& session, const ListArgs& args) {
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN(auto catalog, etcd::ReadCatalog(*store, session.StoreWaits()));
  if (args.format != Format::kText) {
    PrintDocument(session.out, args.format, ToJson(catalog));
    return {};
  }
  if (catalog.snapshots.empty()) {
    session.err << "no snapshots in " << store->Describe() << "\n";
  } else {
    std::vector<std::vector<std::string>> table = {
        {"TIME", "REVISION", "KEYS", "SIZE", "STORED", "ENCRYPTED", "CLUSTER", "SNAPSHOT"}};
    for (const etcd::Snapshot& snapshot : catalog.snapshots) {
      const etcd::SnapshotMeta& meta = snapshot.meta;
      table.push_back({FormatRfc3339(meta.started), std::to_string(meta.revision),
                       std::to_string(meta.keys), HumanBytes(meta.size),
                       HumanBytes(snapshot.file.size), meta.encryption.empty() ? "no" : "yes",
                       meta.cluster, snapshot.file.name});
    }
    PrintTable(session.out, table);
  }
  for (const etcd::Snapshot& snapshot : catalog.snapshots) {
    if (snapshot.not_good)
      session.err << "not good: " << snapshot.file.name << ": " << *snapshot.not_good << "\n";
  }
  for (const std::string& other : catalog.others)
    session.err << "nothing describes it (NAME.meta): " << other << "\n";
  return {};
}

}  // namespace

void AddEtcdListCommand(Command etcd, Session& session) {
  auto args = std::make_shared<ListArgs>();
  Command command = etcd.AddCommand("list", "List the snapshots of a store, newest first");
  AddStoreOption(command, args->store);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunList(s, *args); }; });
}

}  // namespace holdfast::cli
