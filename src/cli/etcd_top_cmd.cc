#include <algorithm>

#include <fmt/format.h>

#include "base/printable.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/top.h"

namespace holdfast::cli {
namespace {

struct TopArgs {
  SnapshotArgs snapshot;
  size_t lines = 10;
  bool tolerate = false;
  Format format = Format::kText;
};

using Rows = std::vector<std::pair<std::string, etcd::Usage>>;

Rows BySize(const std::map<std::string, etcd::Usage>& usages) {
  Rows rows(usages.begin(), usages.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.all_bytes > b.second.all_bytes;
  });
  return rows;
}

JsonObject& AddUsage(JsonObject& json, const etcd::Usage& usage) {
  json.Number("keys", usage.keys).Number("bytes", usage.bytes);
  return json.Number("records", usage.records).Number("allBytes", usage.all_bytes);
}

std::string UsagesJson(const std::map<std::string, etcd::Usage>& usages) {
  std::vector<std::string> all;
  for (const auto& [name, usage] : BySize(usages)) {
    JsonObject one;
    one.Text("name", name);
    all.push_back(AddUsage(one, usage).Done());
  }
  return JsonArray(all);
}

std::string KeysJson(const std::vector<etcd::TopKey>& keys, const char* count) {
  std::vector<std::string> all;
  for (const etcd::TopKey& key : keys) {
    JsonObject one;
    all.push_back(one.Text("key", key.key).Number(count, key.count).Done());
  }
  return JsonArray(all);
}

void PrintUsages(std::ostream& out, const char* head,
                 const std::map<std::string, etcd::Usage>& usages, size_t lines) {
  Rows rows = BySize(usages);
  std::vector<std::vector<std::string>> table = {
      {head, "BYTES", "WITH HISTORY", "KEYS", "RECORDS"}};
  for (size_t i = 0; i < std::min(rows.size(), lines); ++i) {
    const etcd::Usage& usage = rows[i].second;
    table.push_back({Printable(rows[i].first), HumanBytes(usage.bytes), HumanBytes(usage.all_bytes),
                     std::to_string(usage.keys), std::to_string(usage.records)});
  }
  PrintTable(out, table);
  if (rows.size() > lines) out << fmt::format("and {} more\n", rows.size() - lines);
}

void PrintText(std::ostream& out, const etcd::TopReport& report, size_t lines) {
  uint64_t history = report.all.all_bytes - report.all.bytes;
  out << fmt::format(
      "database {}: {} live values, {} history, {} free pages (defragmentation gives "
      "them back)\n",
      HumanBytes(report.database_size), HumanBytes(report.all.bytes), HumanBytes(history),
      HumanBytes(report.free_bytes));
  out << fmt::format("{} keys, {} records\n\n", report.all.keys, report.all.records);
  PrintUsages(out, "RESOURCE", report.resources, lines);
  if (!report.namespaces.empty()) {
    out << "\n";
    PrintUsages(out, "NAMESPACE", report.namespaces, lines);
  }
  out << "\n";
  std::vector<std::vector<std::string>> table = {{"VALUE", "KEY"}};
  for (const etcd::TopKey& key : report.largest)
    table.push_back({HumanBytes(key.count), Printable(key.key)});
  PrintTable(out, table);
  if (report.most_revisions.empty()) return;
  out << "\n";
  table = {{"REVISIONS", "KEY"}};
  for (const etcd::TopKey& key : report.most_revisions)
    table.push_back({std::to_string(key.count), Printable(key.key)});
  PrintTable(out, table);
}

Status RunTop(Session& session, const TopArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  DamageNotes damage(session, args.tolerate);
  HF_ASSIGN_CONTEXT(auto report,
                    etcd::Top(database, {.keys = args.lines, .look = damage.options()}),
                    args.snapshot.file);
  if (args.format == Format::kText) {
    PrintText(session.out, report, args.lines);
    return damage.Finish();
  }
  JsonObject json;
  json.Number("fileSize", report.file_size).Number("databaseSize", report.database_size);
  json.Number("freeBytes", report.free_bytes);
  AddUsage(json, report.all);
  json.Raw("resources", UsagesJson(report.resources));
  json.Raw("namespaces", UsagesJson(report.namespaces));
  json.Raw("largest", KeysJson(report.largest, "bytes"));
  json.Raw("mostRevisions", KeysJson(report.most_revisions, "records"));
  json.Number("damaged", damage.count());
  PrintDocument(session.out, args.format, json.Done());
  return damage.Finish();
}

}  // namespace

void AddEtcdTopCommand(Command etcd, Session& session) {
  auto args = std::make_shared<TopArgs>();
  Command command = etcd.AddCommand(
      "top", "Show what fills a store: resources, namespaces, largest values, history, free pages");
  AddSnapshotArgument(command, args->snapshot);
  command.AddOption("--lines", args->lines, "of each list").Text("N [10]");
  AddTolerateOption(command, args->tolerate);
  AddOutputOption(command, args->format);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunTop(s, *args); }; });
}

}  // namespace holdfast::cli
