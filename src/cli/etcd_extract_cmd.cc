#include <algorithm>

#include <fmt/format.h>

#include "cli/etcd_archive.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "cli/store_option.h"
#include "etcd/extract.h"
#include "resourceset/label_selector_text.h"

namespace holdfast::cli {
namespace {

struct ExtractArgs {
  SnapshotArgs snapshot;
  std::string resource, name, ns, selector, prefix;
  std::string encryption_config, archive_encryption_config;
  std::string resource_set, archive_name;
  StoreArgs archive_store;
  int64_t revision = 0;
  bool tolerate = false;
  std::string output = "yaml";
};

struct Found {
  std::string key;
  std::string json;
};

// What was asked for, in words.
std::string Asked(const ExtractArgs& args) {
  std::string text = args.resource.empty() ? "object" : args.resource;
  if (!args.name.empty()) text += " " + args.name;
  if (!args.ns.empty()) text += " in namespace " + args.ns;
  if (!args.selector.empty()) text += " with labels " + args.selector;
  return text;
}

// Objects that cannot be read do not hide the others.
class Objects {
 public:
  explicit Objects(Session& session) : session_(session) {}

  void Add(Result<etcd::ExtractedObject> object) {
    if (!object) return Unreadable(object.error().ToString());
    for (const std::string& field : object->unknown_fields)
      session_.err << fmt::format("warning: {}: {} is not known here and left out\n", object->key,
                                  field);
    found_.push_back({std::move(object->key), std::move(object->json)});
  }
  void Unreadable(const std::string& text) {
    if (++unreadable_ <= 10) session_.err << "not extracted: " << text << "\n";
  }
  bool empty() const { return found_.empty() && unreadable_ == 0; }
  void Print(Format format, bool one) {
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.key < b.key; });
    if (one && found_.size() == 1) return PrintDocument(session_.out, format, found_[0].json);
    if (found_.empty()) return;
    std::vector<std::string> items;
    for (Found& found : found_) items.push_back(std::move(found.json));
    JsonObject list;
    list.Text("apiVersion", "v1").Text("kind", "List").Raw("items", JsonArray(items));
    PrintDocument(session_.out, format, list.Done());
  }
  Status Finish(size_t extracted) const {
    if (unreadable_ == 0) return {};
    session_.err << fmt::format("error: {} of {} objects were not extracted\n", unreadable_,
                                unreadable_ + extracted);
    return Fail(ErrorKind::kInvalid, std::string(kAlreadyReported));
  }
  size_t count() const { return found_.size(); }

 private:
  Session& session_;
  std::vector<Found> found_;
  size_t unreadable_ = 0;
};

// The query, with custom types learnt where their names are needed.
Result<etcd::ExtractQuery> MakeQuery(const ExtractArgs& args, const etcd::Database& database,
                                     const crypto::Transformers& keys,
                                     const etcd::LookOptions& look, etcd::ResourceNames& names) {
  etcd::ExtractQuery query;
  query.prefix = args.prefix;
  while (query.prefix.ends_with('/')) query.prefix.pop_back();
  if (!query.prefix.empty() && !query.prefix.starts_with('/')) query.prefix.insert(0, "/");
  query.ns = args.ns;
  query.name = args.name;
  query.revision = args.revision;
  if (!args.selector.empty()) {
    HF_ASSIGN(query.labels, resourceset::ParseLabelSelector(args.selector));
  }
  bool archive = args.output == "archive";
  bool known = args.resource.empty() || names.Resolve(args.resource).has_value();
  if (archive && query.prefix.empty()) {
    HF_ASSIGN(query.prefix, etcd::FindPrefix(database));
  }
  if (archive || !known) {
    std::string prefix = query.prefix;
    if (prefix.empty()) {
      HF_ASSIGN(prefix, etcd::FindPrefix(database));
    }
    HF_TRY(etcd::LearnCustomTypes(database, keys, prefix, args.revision, look, names));
  }
  if (args.resource.empty()) return query;
  query.resource = names.Resolve(args.resource);
  if (!query.resource) {
    return Fail(Error(ErrorKind::kNotFound,
                      fmt::format("Kubernetes has no resource \"{}\", and {} defines none",
                                  args.resource, args.snapshot.file))
                    .Hint("write it as kubectl does: pods, deployments.apps, "
                          "certificates.cert-manager.io"));
  }
  return query;
}

tl::unexpected<Error> NotThere(const ExtractArgs& args) {
  Error error(ErrorKind::kNotFound,
              fmt::format("there is no {} in {}{}", Asked(args), args.snapshot.file,
                          args.revision == 0 ? "" : fmt::format(" at revision {}", args.revision)));
  return Fail(
      std::move(error).Hint("`holdfast etcd history` and --rev look further back, `holdfast "
                            "etcd ls FILE` lists the keys"));
}

Status RunArchive(Session& session, const ExtractArgs& args, EtcdArchiveInput input) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto archive_keys, LoadKeys(args.archive_encryption_config));
  HF_ASSIGN(auto store, OpenStore(session, args.archive_store));
  std::optional<resourceset::ResourceSet> set;
  if (!args.resource_set.empty()) {
    HF_ASSIGN(set, resourceset::ReadResourceSetFile(args.resource_set));
    input.set = &*set;
  }
  input.archive_keys = &archive_keys;
  input.encrypted = !args.archive_encryption_config.empty();
  input.name = args.archive_name;
  if (input.name.empty()) input.name = set && !set->name.empty() ? set->name : "etcd";
  HF_ASSIGN_CONTEXT(EtcdArchiveResult result,
                    WriteEtcdArchive(input, *store, log, session.StoreWaits()), args.snapshot.file);
  log.Info("archive done", {{"objects", std::to_string(result.objects)}});
  session.out << result.filename << "\n";
  Objects report(session);
  for (const std::string& text : result.unreadable) report.Unreadable(text);
  return report.Finish(result.objects);
}

Status RunExtract(Session& session, const ExtractArgs& args) {
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  SnapshotArgs snapshot = args.snapshot;
  if (snapshot.encryption_config.empty()) snapshot.encryption_config = args.encryption_config;
  HF_ASSIGN(auto database, OpenSnapshot(session, snapshot));
  DamageNotes damage(session, args.tolerate);
  etcd::ResourceNames names;
  HF_ASSIGN(auto query, MakeQuery(args, database, keys, damage.options(), names));
  if (args.output == "archive") {
    EtcdArchiveInput input;
    input.database = &database;
    input.stored_keys = &keys;
    input.names = &names;
    input.query = std::move(query);
    input.look = damage.options();
    HF_TRY(RunArchive(session, args, std::move(input)));
    return damage.Finish();
  }
  Objects objects(session);
  HF_TRY_CONTEXT(etcd::Extract(database, keys, names, query, damage.options(),
                               [&](Result<etcd::ExtractedObject> object) {
                                 objects.Add(std::move(object));
                                 return true;
                               }),
                 args.snapshot.file);
  if (objects.empty()) return NotThere(args);
  objects.Print(args.output == "json" ? Format::kJson : Format::kYaml, !args.name.empty());
  HF_TRY(objects.Finish(objects.count()));
  return damage.Finish();
}

void CheckArgs(const ExtractArgs& args, bool archive_store) {
  bool archive = args.output == "archive";
  if (!args.name.empty() && args.resource.empty()) WrongUsage("NAME needs RESOURCE before it");
  if (!archive && (!args.resource_set.empty() || !args.archive_name.empty() ||
                   !args.archive_encryption_config.empty() || archive_store))
    WrongUsage(
        "--resource-set, --name, --archive-store and --archive-encryption-config are for -o "
        "archive");
  if (archive && args.resource.empty() && args.ns.empty() && args.resource_set.empty())
    WrongUsage("-o archive needs RESOURCE, -n or --resource-set: say what to take");
}

}  // namespace

void AddEtcdExtractCommand(Command etcd, Session& session) {
  auto args = std::make_shared<ExtractArgs>();
  Command command = etcd.AddCommand(
      "extract", "Print Kubernetes' objects out of a snapshot of the API server's etcd");
  command.Footer(
      "With -o archive the objects become a backup archive, whose name is printed: `holdfast\n"
      "restore` brings them back into a running cluster, and shows what it would do with --plan.\n"
      "A whole namespace is extracted without its Events and Leases.\n\n"
      "Examples:\n"
      "  holdfast etcd extract snap.db secret tls -n default --encryption-config enc.yaml\n"
      "  holdfast etcd extract snap.db deployments.apps -n shop --selector tier=web -o json\n"
      "  holdfast etcd extract NAME --store s3://backups/etcd?region=eu-central-1 ingress -n shop\n"
      "  holdfast etcd extract snap.db -n shop -o archive --archive-store ./backups\n"
      "  holdfast etcd extract snap.db -o archive --resource-set set.yaml");
  AddStoredSnapshotArgument(command, args->snapshot);
  command.AddOption("resource", args->resource, "as kubectl has it; without it all resources")
      .Text("[RESOURCE]");
  command.AddOption("name", args->name, "one object").Text("[NAME]");
  command.AddOption("-n,--namespace", args->ns, "only of this namespace").Text("NS");
  command.AddOption("-l,--selector", args->selector, "only with these labels").Text("LABELS");
  command.AddOption("--rev", args->revision, "as it was at this revision")
      .NotNegative()
      .Text("N [the last]");
  command.AddOption("--etcd-prefix", args->prefix, "the API server's --etcd-prefix")
      .Text("PREFIX [found]");
  command
      .AddOption("--encryption-config", args->encryption_config,
                 "EncryptionConfiguration of the API server")
      .Text("FILE");
  command
      .AddOption("--snapshot-encryption-config", args->snapshot.encryption_config,
                 "EncryptionConfiguration that an encrypted snapshot was saved with, where it is "
                 "another one")
      .Text("FILE");
  AddTolerateOption(command, args->tolerate);
  command.AddOption("-o,--output", args->output, "form of the result")
      .Text("yaml|json|archive")
      .OneOf({"yaml", "json", "archive"});
  command
      .AddOption("--resource-set", args->resource_set,
                 "file of a ResourceSet: only what it selects (-o archive)")
      .Text("FILE")
      .Group("Archive");
  command
      .AddOption("--name", args->archive_name,
                 "first part of the archive's name (default: the set's)")
      .Text("NAME")
      .Group("Archive");
  command
      .AddOption("--archive-encryption-config", args->archive_encryption_config,
                 "EncryptionConfiguration for the archive's entries")
      .Text("FILE")
      .Group("Archive");
  Option store = command
                     .AddOption("--archive-store", args->archive_store.store,
                                "where the archive is to lie: a folder, or s3://BUCKET/FOLDER?...")
                     .Text("DIR|URL [./backups]")
                     .Group("Archive");
  command
      .AddOption("--archive-store-config", args->archive_store.config_file,
                 "file that describes an S3 store, instead of --archive-store")
      .Text("FILE")
      .Excludes(store)
      .Group("Archive");
  command.OnChosen([args, command, &session] {
    CheckArgs(*args,
              command.Count("--archive-store") + command.Count("--archive-store-config") > 0);
    session.action = [args](Session& s) { return RunExtract(s, *args); };
  });
}

}  // namespace holdfast::cli
