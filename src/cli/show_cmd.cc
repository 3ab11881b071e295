#include <map>
#include <optional>

#include "archive/scan.h"
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/object_ref.h"
#include "cli/output.h"
#include "cli/store_option.h"

namespace holdfast::cli {
namespace {

struct ShowArgs {
  std::string archive;
  std::string object;
  StoreArgs store;
  std::string encryption_config;
  Format format = Format::kText;
};

struct Found {
  archive::EntryName name;
  std::string stored;
};

// Counts, and keeps the entries that `wanted` names.
class ShowHandler : public archive::ScanHandler {
 public:
  explicit ShowHandler(std::optional<ObjectRef> wanted) : wanted_(std::move(wanted)) {}
  Status Filters(std::string_view) override { return {}; }
  Status Entry(const archive::ScanEntry& entry) override {
    auto& count = kinds[entry.name.KindKey()];
    ++count.objects;
    count.bytes += entry.stored.size();
    if (crypto::IsEncrypted(entry.stored)) ++encrypted;
    if (!wanted_) return {};
    if (wanted_->Names(entry.name)) {
      std::string path = entry.name.ToPath();
      found.insert_or_assign(path, Found{entry.name, std::string(entry.stored)});
    } else if (entry.name.name == wanted_->name && near.size() < 5) {
      near.push_back(entry.name.ToString());
    }
    return {};
  }

  struct Count {
    uint64_t objects = 0;
    uint64_t bytes = 0;
  };
  std::map<std::string, Count> kinds;
  uint64_t encrypted = 0;
  std::map<std::string, Found> found;
  std::vector<std::string> near;  // the same name elsewhere

 private:
  std::optional<ObjectRef> wanted_;
};

Status ShowObject(Session& session, const ShowArgs& args, const crypto::Transformers& keys,
                  const ShowHandler& handler) {
  if (handler.found.empty()) {
    std::string near;
    for (const std::string& name : handler.near) near += (near.empty() ? "" : "; ") + name;
    return Fail(Error(ErrorKind::kNotFound, args.object + ": not in " + args.archive)
                    .Hint(near.empty() ? "`holdfast show " + args.archive + "` lists its kinds"
                                       : "of that name there are: " + near));
  }
  if (handler.found.size() > 1) {
    std::string versions;
    for (const auto& [path, found] : handler.found) versions += " " + found.name.KindKey();
    return Fail(
        Error(ErrorKind::kInvalid, args.object + " is there in several versions:" + versions)
            .Hint("name one, such as " + handler.found.begin()->second.name.KindKey() + "/..."));
  }
  const auto& [path, found] = *handler.found.begin();
  HF_ASSIGN_CONTEXT(std::string json,
                    keys.DecryptEntry(found.name.plural, found.name.group, found.name.DataContext(),
                                      found.stored),
                    path);
  PrintDocument(session.out, args.format, json);
  return {};
}

std::string SummaryJson(const ShowArgs& args, const archive::ScanResult& scan,
                        const ShowHandler& handler) {
  std::map<std::string, const archive::KindInfo*> infos;
  if (scan.manifest)
    for (const auto& info : scan.manifest->info.kinds) infos[info.kind] = &info;
  std::vector<std::string> kinds;
  auto add = [&](const std::string& kind, uint64_t objects, uint64_t bytes) {
    JsonObject entry;
    entry.Text("kind", kind).Number("objects", objects).Number("bytes", bytes);
    if (auto it = infos.find(kind); it != infos.end()) {
      entry.Text("way", it->second->way).Bool("pinned", it->second->pinned);
      if (!it->second->note.empty()) entry.Text("note", it->second->note);
    }
    kinds.push_back(entry.Done());
  };
  for (const auto& [kind, count] : handler.kinds) add(kind, count.objects, count.bytes);
  for (const auto& [kind, info] : infos)
    if (!handler.kinds.contains(kind)) add(kind, 0, 0);
  JsonObject json;
  json.Text("archive", args.archive).Number("objects", scan.objects);
  json.Number("bytes", scan.stored_bytes).Number("archiveBytes", scan.compressed_bytes);
  json.Number("encrypted", handler.encrypted).Bool("resourceSet", scan.has_filters);
  json.Bool("manifest", scan.manifest.has_value());
  if (scan.manifest) {
    const archive::ManifestInfo& info = scan.manifest->info;
    json.Text("revision", info.revision).Text("cluster", info.cluster_id);
    json.Text("kubernetesVersion", info.kubernetes_version);
    if (!info.rancher_version.empty()) json.Text("rancherVersion", info.rancher_version);
    json.Text("holdfastVersion", info.holdfast_version);
    json.Text("started", FormatRfc3339(info.started))
        .Text("finished", FormatRfc3339(info.finished));
    json.Texts("warnings", info.warnings);
  }
  json.Raw("kinds", JsonArray(kinds));
  return json.Done();
}

void PrintSummary(std::ostream& out, const ShowArgs& args, const archive::ScanResult& scan,
                  const ShowHandler& handler) {
  out << args.archive << "\n";
  if (scan.manifest) {
    const archive::ManifestInfo& info = scan.manifest->info;
    out << "  taken       " << FormatRfc3339(info.started) << " to " << FormatRfc3339(info.finished)
        << " by holdfast " << info.holdfast_version << "\n"
        << "  instant     etcd revision " << info.revision << " of cluster " << info.cluster_id
        << "\n"
        << "  kubernetes  " << info.kubernetes_version << "\n";
    if (!info.rancher_version.empty()) out << "  rancher     " << info.rancher_version << "\n";
  } else {
    out << "  no manifest: made by Rancher's operator or an early tool\n";
  }
  out << "  objects     " << scan.objects << " (" << handler.encrypted << " encrypted), "
      << HumanBytes(scan.stored_bytes) << ", file " << HumanBytes(scan.compressed_bytes) << "\n";
  if (!scan.has_filters)
    out << "  no ResourceSet: a restore scales nothing down and prunes nothing\n";
  std::vector<std::vector<std::string>> table = {{"KIND", "OBJECTS", "SIZE", "READ"}};
  std::map<std::string, std::string> ways;
  if (scan.manifest) {
    for (const auto& info : scan.manifest->info.kinds)
      ways[info.kind] = info.way + (info.pinned ? "" : ", NOT of the instant: " + info.note);
    for (const std::string& warning : scan.manifest->info.warnings)
      out << "  warning     " << warning << "\n";
  }
  for (const auto& [kind, count] : handler.kinds)
    table.push_back({kind, std::to_string(count.objects), HumanBytes(count.bytes), ways[kind]});
  PrintTable(out, table);
}

Status RunShow(Session& session, const ShowArgs& args) {
  std::optional<ObjectRef> wanted;
  if (!args.object.empty()) {
    HF_ASSIGN(wanted, ObjectRef::Parse(args.object));
  }
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto file, LocateFile(session, args.archive, args.store));
  HF_ASSIGN(auto source, file.store->Open(file.name, 0, session.StoreWaits()));
  ShowHandler handler(wanted);
  HF_ASSIGN_CONTEXT(auto scan,
                    archive::Scan(*source, handler,
                                  // The seal finds every change to the file.
                                  {.digests = archive::Digests::kSealOnly, .stop = session.stop}),
                    "reading " + args.archive);
  if (wanted) return ShowObject(session, args, keys, handler);
  if (args.format == Format::kText)
    PrintSummary(session.out, args, scan, handler);
  else
    PrintDocument(session.out, args.format, SummaryJson(args, scan, handler));
  return {};
}

}  // namespace

void AddShowCommand(Command app, Session& session) {
  auto args = std::make_shared<ShowArgs>();
  Command command = app.AddCommand("show", "Show what is in an archive, or one object of it");
  command.Footer(
      "Examples:\n"
      "  holdfast show ARCHIVE\n"
      "  holdfast show ARCHIVE secrets/cattle-system/tls-ca --encryption-config keys.yaml\n"
      "  holdfast show ARCHIVE clusters.management.cattle.io/local -o yaml");
  command.AddOption("archive", args->archive, "name of the archive in the store, or path of a file")
      .Required()
      .Text("ARCHIVE");
  command.AddOption("object", args->object, "one object, printed as JSON or YAML")
      .Text("RESOURCE.GROUP/[NS/]NAME");
  AddStoreOption(command, args->store);
  AddEncryptionOption(command, args->encryption_config);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunShow(s, *args); }; });
}

}  // namespace holdfast::cli
