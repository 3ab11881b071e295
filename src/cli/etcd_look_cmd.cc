#include <algorithm>

#include <fmt/format.h>

#include "base/printable.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "crypto/base64.h"
#include "etcd/keyspace.h"

namespace holdfast::cli {
namespace {

struct LookArgs {
  SnapshotArgs snapshot;
  std::string key;
  int64_t revision = 0;
  bool tolerate = false;
  Format format = Format::kText;
};

std::string Base64(std::string_view bytes) {
  std::string text(crypto::Base64Size(bytes.size()), '\0');
  crypto::Base64Encode(bytes.data(), bytes.size(), text.data());
  return text;
}

std::string RecordJson(const etcd::StoredRecord& record, bool with_value) {
  JsonObject json;
  json.Text("key", record.key).Raw("modRevision", std::to_string(record.revision.main));
  if (record.tombstone) return json.Bool("deleted", true).Done();
  json.Raw("createRevision", std::to_string(record.create_revision));
  json.Raw("version", std::to_string(record.version)).Number("bytes", record.value.size());
  if (record.lease != 0) json.Text("lease", fmt::format("{:x}", record.lease));
  if (with_value) json.Text("valueBase64", Base64(record.value));
  return json.Done();
}

Status RunLs(Session& session, const LookArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  DamageNotes damage(session, args.tolerate);
  std::vector<etcd::StoredRecord> found;
  HF_TRY_CONTEXT(etcd::VisitLive(database, args.key, args.revision, damage.options(),
                                 [&](const etcd::Record& record) {
                                   etcd::Record small = record;
                                   small.kv.value = {};
                                   found.push_back(etcd::Own(small));
                                   // the size rides in the place of the value
                                   found.back().value = std::to_string(record.kv.value.size());
                                   return true;
                                 }),
                 args.snapshot.file);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  if (args.format == Format::kText) {
    for (const auto& record : found) session.out << Printable(record.key, 4096) << "\n";
    return damage.Finish();
  }
  std::vector<std::string> keys;
  for (const auto& record : found) {
    JsonObject json;
    json.Text("key", record.key).Raw("modRevision", std::to_string(record.revision.main));
    json.Raw("version", std::to_string(record.version)).Raw("bytes", record.value);
    keys.push_back(json.Done());
  }
  JsonObject json;
  json.Raw("keys", JsonArray(keys)).Number("damaged", damage.count());
  PrintDocument(session.out, args.format, json.Done());
  return damage.Finish();
}

Status RunGet(Session& session, const LookArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  DamageNotes damage(session, args.tolerate);
  HF_ASSIGN_CONTEXT(auto record, etcd::GetKey(database, args.key, args.revision, damage.options()),
                    args.snapshot.file);
  if (args.format == Format::kText)
    session.out << record.value;
  else
    PrintDocument(session.out, args.format, RecordJson(record, true));
  return damage.Finish();
}

Status RunHistory(Session& session, const LookArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  DamageNotes damage(session, args.tolerate);
  std::vector<std::string> entries;
  std::vector<std::vector<std::string>> table = {{"REVISION", "VERSION", "BYTES", "LEASE"}};
  HF_TRY_CONTEXT(
      etcd::VisitRecords(database, true, damage.options(),
                         [&](const etcd::Record& record) {
                           if (record.kv.key != args.key) return true;
                           entries.push_back(RecordJson(etcd::Own(record), false));
                           table.push_back(
                               {std::to_string(record.revision.main),
                                record.tombstone ? "deleted" : std::to_string(record.kv.version),
                                record.tombstone ? "-" : std::to_string(record.kv.value.size()),
                                record.kv.lease == 0 ? "-" : fmt::format("{:x}", record.kv.lease)});
                           return true;
                         }),
      args.snapshot.file);
  if (entries.empty()) {
    return Fail(ErrorKind::kNotFound, fmt::format("{} has no record of key \"{}\"",
                                                  args.snapshot.file, Printable(args.key)));
  }
  if (args.format == Format::kText) {
    PrintTable(session.out, table);
  } else {
    JsonObject json;
    json.Raw("records", JsonArray(entries)).Number("damaged", damage.count());
    PrintDocument(session.out, args.format, json.Done());
  }
  return damage.Finish();
}

using Run = Status (*)(Session&, const LookArgs&);

void Add(Command etcd, Session& session, const char* name, const char* what, const char* key,
         bool revision, Run run) {
  auto args = std::make_shared<LookArgs>();
  Command command = etcd.AddCommand(name, what);
  AddSnapshotArgument(command, args->snapshot);
  bool prefix = std::string_view(key) == "PREFIX";
  Option option =
      command.AddOption("key", args->key, prefix ? "only keys that start so" : "the key");
  option.Text(key);
  if (!prefix) option.Required();
  if (revision) {
    command.AddOption("--rev", args->revision, "as it was at this revision")
        .NotNegative()
        .Text("N [the last]");
  }
  AddTolerateOption(command, args->tolerate);
  AddOutputOption(command, args->format);
  command.OnChosen([args, run, &session] {
    session.action = [args, run](Session& s) { return run(s, *args); };
  });
}

}  // namespace

void AddEtcdLookCommands(Command etcd, Session& session) {
  Add(etcd, session, "ls", "List the keys of a snapshot", "PREFIX", true, RunLs);
  Add(etcd, session, "get", "Print the value of a key in a snapshot", "KEY", true, RunGet);
  Add(etcd, session, "history", "List the revisions of a key in a snapshot", "KEY", false,
      RunHistory);
}

}  // namespace holdfast::cli
