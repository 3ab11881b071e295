#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/printable.h"
#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/kube_object.h"
#include "etcd/store.h"

namespace holdfast::cli {
namespace {

struct ExtractArgs {
  std::string file, resource, name, ns, prefix, encryption_config;
  int64_t revision = 0;
  bool tolerate = false;
  Format format = Format::kYaml;
};

struct Found {
  std::string key;
  std::string json;
};

class Extraction {
 public:
  Extraction(Session& session, const ExtractArgs& args, crypto::Transformers keys,
             std::string prefix)
      : session_(session),
        args_(args),
        resource_(etcd::ParseResource(args.resource)),
        folders_(etcd::FoldersOf(resource_)),
        keys_(std::move(keys)),
        prefix_(std::move(prefix)) {}

  bool Wanted(std::string_view key) const {
    return std::any_of(folders_.begin(), folders_.end(), [&](const std::string& folder) {
      auto object = etcd::ParseObjectKey(prefix_, folder, key);
      return object && (args_.ns.empty() || object->ns == args_.ns) &&
             (args_.name.empty() || object->name == args_.name);
    });
  }
  // One object that cannot be read does not hide the others.
  void Add(const etcd::Record& record) {
    auto plain = etcd::Decrypt(keys_, resource_, record.kv.key, record.kv.value);
    auto json = plain ? etcd::ToJson(*plain, record.revision.main)
                      : Result<etcd::DecodedObject>(Fail(std::move(plain).error()));
    if (json) {
      found_.push_back({std::string(record.kv.key), std::move(json->json)});
      return;
    }
    Error error = std::move(json).error().With(Printable(record.kv.key));
    if (++unreadable_ <= 10) session_.err << "not extracted: " << error.ToString() << "\n";
  }
  Status Print() {
    if (found_.empty() && unreadable_ == 0) {
      return Fail(
          ErrorKind::kNotFound,
          fmt::format("there is no {}{}{} under {} in {}", args_.resource,
                      args_.name.empty() ? "" : " " + args_.name,
                      args_.ns.empty() ? "" : " in namespace " + args_.ns, prefix_, args_.file));
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.key < b.key; });
    if (!args_.name.empty() && found_.size() == 1) {
      PrintDocument(session_.out, args_.format, found_[0].json);
    } else if (!found_.empty()) {
      std::vector<std::string> items;
      for (Found& found : found_) items.push_back(std::move(found.json));
      JsonObject list;
      list.Text("apiVersion", "v1").Text("kind", "List").Raw("items", JsonArray(items));
      PrintDocument(session_.out, args_.format, list.Done());
    }
    if (unreadable_ == 0) return {};
    session_.err << fmt::format("error: {} of {} objects were not extracted\n", unreadable_,
                                unreadable_ + found_.size());
    return Fail(ErrorKind::kInvalid, std::string(kAlreadyReported));
  }

 private:
  Session& session_;
  const ExtractArgs& args_;
  etcd::KubeResource resource_;
  std::vector<std::string> folders_;
  crypto::Transformers keys_;
  std::string prefix_;
  std::vector<Found> found_;
  size_t unreadable_ = 0;
};

Result<std::string> FindPrefix(const etcd::Database& database, const ExtractArgs& args) {
  if (!args.prefix.empty()) return args.prefix;
  etcd::PageSet reached(database.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(database, reached));
  auto prefix = etcd::KubernetesPrefix(database, buckets);
  if (prefix && *prefix) return **prefix;
  return std::string("/registry");
}

Status RunExtract(Session& session, const ExtractArgs& args) {
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto database, OpenSnapshot(args.file));
  HF_ASSIGN(std::string prefix, FindPrefix(database, args));
  DamageNotes damage(session, args.tolerate);
  Extraction extraction(session, args, std::move(keys), std::move(prefix));
  // The first record from the end that is the one object is the answer: nothing more is read.
  bool one = !args.name.empty() && !args.ns.empty();
  HF_TRY_CONTEXT(etcd::VisitLive(database, "/", args.revision, damage.options(),
                                 [&](const etcd::Record& record) {
                                   if (!extraction.Wanted(record.kv.key)) return true;
                                   extraction.Add(record);
                                   return !one;
                                 }),
                 args.file);
  HF_TRY(extraction.Print());
  return damage.Finish();
}

}  // namespace

void AddEtcdExtractCommand(CLI::App& etcd, Session& session) {
  auto args = std::make_shared<ExtractArgs>();
  CLI::App* command = etcd.add_subcommand(
      "extract", "Print Kubernetes' objects out of a snapshot of the API server's etcd");
  command->footer(
      "Example:\n"
      "  holdfast etcd extract snap.db certificates.cert-manager.io tls -n default");
  AddSnapshotArgument(*command, args->file);
  command->add_option("resource", args->resource, "as kubectl has it")
      ->required()
      ->option_text("PLURAL[.GROUP]");
  command->add_option("name", args->name, "one object")->option_text("NAME");
  command->add_option("-n,--namespace", args->ns, "only of this namespace")->option_text("NS");
  command->add_option("--rev", args->revision, "as it was at this revision")
      ->check(CLI::NonNegativeNumber)
      ->option_text("N [the last]");
  command->add_option("--etcd-prefix", args->prefix, "the API server's --etcd-prefix")
      ->option_text("PREFIX [found]");
  AddEncryptionOption(*command, args->encryption_config);
  AddTolerateOption(*command, args->tolerate);
  AddOutputOption(*command, args->format, false);
  command->callback(
      [args, &session] { session.action = [args](Session& s) { return RunExtract(s, *args); }; });
}

}  // namespace holdfast::cli
