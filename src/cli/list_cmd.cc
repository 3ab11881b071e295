#include <algorithm>

#include "archive/name.h"
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/store_option.h"

namespace holdfast::cli {
namespace {

struct ListArgs {
  StoreArgs store;
  Format format = Format::kText;
};

struct Row {
  storage::ObjectInfo file;
  archive::ArchiveName name;
};

Status RunList(Session& session, const ListArgs& args) {
  HF_ASSIGN(auto store, OpenStore(session, args.store));
  HF_ASSIGN_CONTEXT(auto files, store->List("", session.StoreWaits()), "listing archives");
  std::vector<Row> rows;
  std::vector<std::string> others;
  for (storage::ObjectInfo& file : files) {
    if (auto name = archive::ParseName(file.name))
      rows.push_back({std::move(file), *name});
    else
      others.push_back(file.name);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.name.time > b.name.time; });
  if (args.format != Format::kText) {
    std::vector<std::string> archives;
    for (const Row& row : rows) {
      JsonObject entry;
      entry.Text("name", row.file.name).Text("backup", row.name.backup);
      entry.Text("cluster", row.name.uid).Text("time", FormatRfc3339(row.name.time));
      entry.Number("bytes", row.file.size).Bool("encrypted", row.name.encrypted);
      archives.push_back(entry.Done());
    }
    JsonObject json;
    json.Raw("archives", JsonArray(archives)).Texts("otherFiles", others);
    PrintDocument(session.out, args.format, json.Done());
    return {};
  }
  if (rows.empty()) {
    session.err << "no archives in " << store->Describe() << "\n";
  } else {
    std::vector<std::vector<std::string>> table = {{"TIME", "SIZE", "ENCRYPTED", "ARCHIVE"}};
    for (const Row& row : rows) {
      table.push_back({FormatRfc3339(row.name.time), HumanBytes(row.file.size),
                       row.name.encrypted ? "yes" : "no", row.file.name});
    }
    PrintTable(session.out, table);
  }
  for (const std::string& other : others)
    session.err << "not an archive by its name: " << other << "\n";
  return {};
}

}  // namespace

void AddListCommand(Command app, Session& session) {
  auto args = std::make_shared<ListArgs>();
  Command command = app.AddCommand("list", "List the archives of a store, newest first");
  AddStoreOption(command, args->store);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunList(s, *args); }; });
}

}  // namespace holdfast::cli
