#include "cli/etcd_archive.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "archive/name.h"
#include "archive/writer.h"
#include "backup/object_scan.h"
#include "backup/scrub.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "cli/output.h"
#include "etcd/cursor.h"
#include "etcd/kube/schema.h"
#include "etcd/store.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"

namespace holdfast::cli {
namespace {

using resourceset::Selection;

// What an API server of these types would answer to discovery.
kube::Discovery DiscoveryOf(const etcd::ResourceNames& names) {
  std::vector<kube::ResourceType> types;
  auto add = [&](std::string_view group, std::string_view version, std::string_view plural,
                 std::string_view kind, bool namespaced) {
    types.push_back({{std::string(group), std::string(version)},
                     std::string(plural),
                     std::string(kind),
                     namespaced,
                     kube::kVerbGet | kube::kVerbList | kube::kVerbCreate | kube::kVerbUpdate |
                         kube::kVerbDelete,
                     false});
  };
  for (const etcd::SchemaKind& kind : etcd::SchemaKinds()) {
    auto gv = kube::GroupVersion::Parse(kind.api_version);
    if (gv) add(gv->group, gv->version, kind.plural, kind.kind, kind.namespaced);
  }
  add("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
  add("apiregistration.k8s.io", "v1", "apiservices", "APIService", false);
  for (const etcd::CustomType& type : names.custom())
    for (const std::string& version : type.versions)
      add(type.resource.group, version, type.resource.plural, type.kind, type.namespaced);
  return kube::Discovery::FromTypes(std::move(types));
}

// One object on its way into the archive.
struct Item {
  kube::ResourceType type;
  archive::EntryName name;
};

Result<Item> ItemOf(const etcd::ExtractedObject& object) {
  auto api_version = json::FindString(object.json, {"apiVersion"});
  auto kind = json::FindString(object.json, {"kind"});
  if (!api_version || !kind) return Fail(ErrorKind::kCorrupt, "it has no apiVersion or no kind");
  Item item;
  HF_ASSIGN(item.type.gv, kube::GroupVersion::Parse(*api_version));
  item.type.plural = object.resource.plural;
  item.type.kind = *kind;
  item.type.namespaced = !object.ns.empty();
  item.name = {item.type.plural, item.type.gv.group, item.type.gv.version, object.ns, object.name};
  return item;
}

class ArchiveMaker {
 public:
  ArchiveMaker(const EtcdArchiveInput& input, const Logger& log)
      : in_(input), log_(log), discovery_(DiscoveryOf(*input.names)) {}

  Result<EtcdArchiveResult> Run(storage::Store& store, const Waits& waits) {
    HF_TRY(Select());
    archive::ArchiveName name{in_.name, "", Clock::Real().Now(), in_.encrypted, false};
    HF_TRY(Look(name.uid));
    if (result_.objects == 0) {
      for (const std::string& text : result_.unreadable) log_.Warn(text);
      return Fail(ErrorKind::kNotFound, "the snapshot has no object of those asked for");
    }
    HF_ASSIGN_CONTEXT(stream::Spool spool, store.NewSpool(),
                      "making room for the archive in " + store.Describe());
    HF_TRY(Write(spool, name));
    HF_ASSIGN_CONTEXT(
        result_.filename,
        archive::PutUnderFreeName(
            name, waits, [&](const std::string& file) { return store.Put(spool, file, waits); }),
        "storing the archive in " + store.Describe());
    return std::move(result_);
  }

 private:
  Status Select() {
    if (in_.set == nullptr) return {};
    HF_ASSIGN(Selection selection, Selection::Build(*in_.set, discovery_, log_));
    for (const auto& type : selection.types()) {
      if (type.server_field_selectors.empty()) continue;
      return Fail(Error(ErrorKind::kInvalid,
                        fmt::format("fieldSelectors \"{}\" can only be evaluated by an API server",
                                    type.server_field_selectors[0].text))
                      .Hint("take that selector out of the ResourceSet"));
    }
    selection_.emplace(std::move(selection));
    return {};
  }

  // Any version of the type: an object lies in the one in which it was stored.
  bool Selected(const Item& item, const std::string& json) const {
    if (!selection_) return true;
    resourceset::ObjectView view(json);
    for (const auto& type : selection_->types()) {
      if (type.type->gv.group == item.type.gv.group && type.type->plural == item.type.plural &&
          selection_->Match(type, view))
        return true;
    }
    return false;
  }

  // Nobody asks for a whole namespace to have its Events and its leases' holders back.
  bool LeftOut(const Item& item) const {
    return !in_.query.resource && in_.set == nullptr &&
           (item.type.plural == "events" || item.name.Resource() == "leases.coordination.k8s.io");
  }

  using Take = std::function<Status(const Item&, backup::ObjectScan&)>;

  // The objects of `query` that go into the archive.
  Status ForEach(const etcd::ExtractQuery& query, bool tell, const Take& take) {
    Status failed;
    HF_TRY(etcd::Extract(*in_.database, *in_.stored_keys, *in_.names, query, in_.look,
                         [&](Result<etcd::ExtractedObject> object) {
                           Status done = TakeOne(object, tell, take);
                           if (!done) failed = std::move(done);
                           return failed.has_value();
                         }));
    return failed;
  }
  Status TakeOne(Result<etcd::ExtractedObject>& object, bool tell, const Take& take) {
    auto skip = [&](const Error& error) {
      if (tell) result_.unreadable.push_back(error.ToString());
      return Status();
    };
    if (!object) return skip(object.error());
    auto item = ItemOf(*object);
    if (!item) return skip(std::move(item).error().With(object->key));
    if (LeftOut(*item) || !Selected(*item, object->json)) return {};
    if (!object->unknown_fields.empty()) {
      return skip(
          Error(ErrorKind::kInvalid,
                fmt::format("it has fields that are not known here ({}), and would lose them",
                            object->unknown_fields[0]))
              .With(object->key));
    }
    backup::ObjectScan scan;
    Status read = scan.Read(object->json);
    if (!read) return skip(std::move(read).error().With(object->key));
    if (backup::IsLeftOut(item->type, scan)) return {};
    return take(*item, scan);
  }

  // What the query names, and the Namespace around it where it names a whole namespace.
  Status ForAll(bool tell, const Take& take) {
    if (!in_.query.resource && !in_.query.ns.empty()) {
      etcd::ExtractQuery around = in_.query;
      around.resource = etcd::KubeResource{"namespaces", ""};
      around.name = std::exchange(around.ns, "");
      around.labels.reset();
      HF_TRY(ForEach(around, tell, take));
    }
    return ForEach(in_.query, tell, take);
  }

  bool Narrowed() const {
    return in_.set == nullptr || in_.query.resource || !in_.query.ns.empty() ||
           !in_.query.name.empty() || in_.query.labels;
  }

  // First walk: what there is, by type and namespace.
  Status Look(std::string& cluster_id) {
    HF_TRY(ForAll(true, [&](const Item& item, backup::ObjectScan&) -> Status {
      ++result_.objects;
      if (Narrowed())
        found_[{item.type.gv.ToString(), item.type.plural, item.name.ns}].insert(item.name.name);
      return {};
    }));
    etcd::ExtractQuery system;
    system.prefix = in_.query.prefix;
    system.resource = etcd::KubeResource{"namespaces", ""};
    system.name = "kube-system";
    cluster_id = "00000000-0000-0000-0000-000000000000";
    return etcd::Extract(*in_.database, *in_.stored_keys, *in_.names, system, in_.look,
                         [&](Result<etcd::ExtractedObject> object) {
                           if (!object) return false;
                           auto uid = json::FindString(object->json, {"metadata", "uid"});
                           if (uid && uid->size() == cluster_id.size()) cluster_id = *uid;
                           return false;
                         });
  }

  // A ResourceSet of exactly what was found.
  std::string ExactSet() const {
    std::vector<std::string> selectors;
    for (const auto& [place, names] : found_) {
      const auto& [api_version, plural, ns] = place;
      JsonObject selector;
      selector.Text("apiVersion", api_version).Texts("kinds", {plural});
      selector.Texts("resourceNames", {names.begin(), names.end()});
      if (!ns.empty()) selector.Texts("namespaces", {ns});
      selectors.push_back(selector.Done());
    }
    JsonObject set;
    set.Text("kind", "ResourceSet").Text("apiVersion", "resources.cattle.io/v1");
    set.Raw("metadata", JsonObject().Text("name", in_.name).Done());
    set.Raw("resourceSelectors", JsonArray(selectors));
    return set.Done();
  }

  Result<int64_t> Revision() const {
    if (in_.query.revision != 0) return in_.query.revision;
    etcd::PageSet reached(in_.database->meta().high_water);
    HF_ASSIGN(auto buckets, etcd::ReadBuckets(*in_.database, reached));
    return etcd::LastRevision(*in_.database, buckets);
  }

  Status Write(stream::Spool& spool, const archive::ArchiveName& name) {
    stream::SpoolSink sink(spool);
    archive::Writer writer(sink, name.time);
    HF_TRY(writer.AddFilters(Narrowed() ? ExactSet() : in_.set->json));
    std::set<std::string> kinds;
    HF_TRY(ForAll(false, [&](const Item& item, backup::ObjectScan& scan) -> Status {
      HF_ASSIGN_CONTEXT(
          std::string stored,
          in_.archive_keys->EncryptEntry(item.name.plural, item.name.group, item.name.DataContext(),
                                         backup::Scrubber::Scrub(item.type, scan)),
          "encrypting " + item.name.ToString());
      kinds.insert(item.name.KindKey());
      return writer.Add(item.name.ToPath(), stored);
    }));
    archive::ManifestInfo info;
    info.holdfast_version = HOLDFAST_VERSION;
    info.cluster_id = name.uid;
    HF_ASSIGN(int64_t revision, Revision());
    info.revision = std::to_string(revision);
    info.started = name.time;
    info.finished = Clock::Real().Now();
    for (const std::string& kind : kinds) info.kinds.push_back({.kind = kind, .way = "etcd"});
    for (const std::string& text : result_.unreadable) info.warnings.push_back("missing: " + text);
    HF_ASSIGN_CONTEXT(archive::ArchiveSummary summary, writer.Finish(info), "writing the archive");
    HF_TRY_CONTEXT(sink.Close(), "writing the archive");
    HF_TRY(archive::ReadBack(spool, summary));
    return {};
  }

  const EtcdArchiveInput& in_;
  const Logger& log_;
  kube::Discovery discovery_;
  std::optional<Selection> selection_;
  EtcdArchiveResult result_;
  // By apiVersion, plural and namespace: names.
  std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> found_;
};

}  // namespace

Result<EtcdArchiveResult> WriteEtcdArchive(const EtcdArchiveInput& input, storage::Store& store,
                                           const Logger& log, const Waits& waits) {
  return ArchiveMaker(input, log).Run(store, waits);
}

}  // namespace holdfast::cli
