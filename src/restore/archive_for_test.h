// Archives made by hand and a cluster in memory, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "archive/writer.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "resourceset/resource_set.h"
#include "restore/index.h"
#include "restore/live.h"
#include "restore/plan.h"
#include "stream/gzip.h"
#include "stream/stream.h"
#include "stream/tar_writer.h"

namespace holdfast::restore {

// Single quotes read better in tests: {'a':'b'} stands for {"a":"b"}.
inline std::string J(std::string text) {
  for (char& c : text)
    if (c == '\'') c = '"';
  return text;
}

using Entries = std::vector<std::pair<std::string, std::string>>;  // path and stored text

inline std::string MakeArchive(const Entries& entries, const std::string& filters = "") {
  stream::StringSink out;
  archive::Writer writer(out, Clock::Wall{});
  if (!filters.empty()) {
    EXPECT_TRUE(writer.AddFilters(filters));
  }
  for (const auto& [path, text] : entries)
    EXPECT_TRUE(writer.Add(path, text, stream::Sha256::Of(text)));
  auto summary = writer.Finish({});
  EXPECT_TRUE(summary) << summary.error().ToString();
  return out.Take();
}

inline const crypto::Transformers& NoKeys() {
  static const crypto::Transformers none = crypto::Transformers::None();
  return none;
}

// As other tools write archives: no manifest, and nothing is refused.
inline std::string MakePlainTar(const Entries& entries) {
  stream::StringSink out;
  stream::GzipSink gzip(out);
  stream::TarWriter tar(gzip, 0);
  for (const auto& [path, text] : entries) EXPECT_TRUE(tar.Add(path, text));
  EXPECT_TRUE(tar.Finish());
  EXPECT_TRUE(gzip.Close());
  return out.Take();
}

inline Result<Index> LoadIndex(const Entries& entries, const crypto::Transformers& keys = NoKeys(),
                               bool plain = false) {
  std::string archive = plain ? MakePlainTar(entries) : MakeArchive(entries);
  stream::StringSource source(archive);
  IndexOptions options;
  options.temp_dir = std::filesystem::temp_directory_path();
  return Index::Load(source, keys, options);
}

// A cluster as a map of objects. Types are what the test says; uids and versions are given out.
class FakeCluster : public ObjectLister {
 public:
  struct Stored {
    std::string text;
    kube::ResourceType type;
  };

  void AddType(const std::string& group, const std::string& version, const std::string& plural,
               const std::string& kind, bool namespaced, bool has_status = false) {
    types.push_back({{group, version}, plural, kind, namespaced, 0xFF, has_status});
  }
  // The types that most tests need; `x.io` is custom.
  void AddUsualTypes() {
    AddType("", "v1", "namespaces", "Namespace", false, true);
    AddType("", "v1", "secrets", "Secret", true);
    AddType("", "v1", "configmaps", "ConfigMap", true);
    AddType("", "v1", "serviceaccounts", "ServiceAccount", true);
    AddType("apps", "v1", "deployments", "Deployment", true, true);
    AddType("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
    AddType("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
            false, true);
    AddType("management.cattle.io", "v3", "globalroles", "GlobalRole", false);
    AddType("management.cattle.io", "v3", "clusters", "Cluster", false, true);
    AddType("fleet.cattle.io", "v1alpha1", "clusters", "Cluster", true, true);
    AddType("provisioning.cattle.io", "v1", "clusters", "Cluster", true, true);
    AddType("x.io", "v1", "plants", "Plant", false, true);
    AddType("x.io", "v1", "pots", "Pot", true);
    crds = {"globalroles.management.cattle.io",
            "clusters.management.cattle.io",
            "clusters.fleet.cattle.io",
            "clusters.provisioning.cattle.io",
            "plants.x.io",
            "pots.x.io"};
  }

  // Stores the text under a path as archives have it, with a uid and a resourceVersion unless it
  // has them. Returns the uid.
  std::string Put(const std::string& path, std::string text) {
    auto name = archive::EntryName::Parse(path);
    EXPECT_TRUE(name) << path;
    const kube::ResourceType* type = nullptr;
    for (const kube::ResourceType& each : types)
      if (each.gv == kube::GroupVersion{name->group, name->version} && each.plural == name->plural)
        type = &each;
    EXPECT_NE(type, nullptr) << path;
    std::string uid = json::FindString(text, {"metadata", "uid"}).value_or("");
    if (uid.empty()) {
      char number[13];
      std::snprintf(number, sizeof(number), "%012d", ++last_uid);
      uid = std::string("00000000-0000-4000-8000-") + number;
      text = json::SetPath(text, {"metadata", "uid"}, json::Quote(uid));
    }
    text = json::SetPath(text, {"metadata", "resourceVersion"},
                         json::Quote(std::to_string(++last_version)));
    objects[path] = {text, *type};
    return uid;
  }

  Status List(const kube::ResourceType& type, const std::string&, bool,
              const kube::ObjectSink& sink) override {
    ++lists;
    for (const auto& [path, stored] : objects)
      if (stored.type.gv == type.gv && stored.type.plural == type.plural) HF_TRY(sink(stored.text));
    return {};
  }
  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name) override {
    ++gets;
    archive::EntryName entry{type.plural, type.gv.group, type.gv.version, std::string(ns),
                             std::string(name)};
    auto it = objects.find(entry.ToPath());
    if (it == objects.end()) return Fail(ErrorKind::kNotFound, "not found");
    return it->second.text;
  }

  kube::Discovery Discovery() const { return kube::Discovery::FromTypes(types); }

  std::vector<kube::ResourceType> types;
  std::set<std::string> crds;
  std::map<std::string, Stored> objects;  // by path
  std::atomic<int> lists = 0, gets = 0;
  int last_uid = 0, last_version = 100;
};

// An archive held against a cluster, up to the plan. Pointers, because the parts refer to each
// other.
struct Planned {
  std::unique_ptr<Index> index;
  std::unique_ptr<kube::Discovery> discovery;
  std::unique_ptr<Types> types;
  std::unique_ptr<resourceset::Selection> selection;
  std::unique_ptr<Live> live;
  std::unique_ptr<Plan> plan;

  ObjectId Id(const std::string& path) const {
    auto name = archive::EntryName::Parse(path);
    TypeId type = index->FindType({name->group, name->version}, name->plural);
    ObjectId id = type == kNoId ? kNoId : index->Find(type, name->ns, name->name);
    if (id == kNoId) ADD_FAILURE() << "the archive has no " << path;
    return id == kNoId ? 0 : id;
  }
  Action At(const std::string& path) const { return (*plan)[Id(path)]; }
  ActionKind Kind(const std::string& path) const { return At(path).kind; }
  std::string Reason(const std::string& path) const { return plan->ReasonText(Id(path)); }
  // What PrepareWrite would send.
  PreparedWrite Write(const std::string& path, const PrepareOptions& options = {}) const {
    auto written = PrepareWrite(*index, *types, *live, *plan, Id(path), options);
    EXPECT_TRUE(written) << written.error().ToString();
    return written ? std::move(*written) : PreparedWrite{};
  }
  std::vector<std::string> Deleted() const {
    std::vector<std::string> out;
    for (const PruneDelete& doomed : plan->deletes())
      out.push_back(live->extras()[doomed.extra].Describe());
    return out;
  }
  // Phase and wave of an object, {-1, -1} when it is not written.
  std::pair<int, int> Place(const std::string& path) const {
    ObjectId id = Id(path);
    for (int phase = 0; phase < static_cast<int>(kPhases); ++phase) {
      const auto& waves = plan->Waves(static_cast<Phase>(phase));
      for (int wave = 0; wave < static_cast<int>(waves.size()); ++wave)
        for (ObjectId other : waves[wave])
          if (other == id) return {phase, wave};
    }
    return {-1, -1};
  }
};

// `selectors`: a ResourceSet in YAML, whose selection is what prune looks at; empty: none.
inline Planned MakePlan(const Entries& entries, FakeCluster& cluster,
                        const PlanOptions& options = {}, const std::string& selectors = "",
                        bool explain = false) {
  Planned out;
  auto index = LoadIndex(entries);
  EXPECT_TRUE(index) << index.error().ToString();
  if (!index) std::abort();
  out.index = std::make_unique<Index>(std::move(*index));
  out.discovery = std::make_unique<kube::Discovery>(cluster.Discovery());
  out.types = std::make_unique<Types>(Types::Resolve(*out.index, *out.discovery, cluster.crds));
  LiveOptions read;
  read.threads = 2;
  read.explain = explain;
  if (!selectors.empty()) {
    auto set = resourceset::ParseResourceSet(selectors, "set.yaml");
    EXPECT_TRUE(set) << set.error().ToString();
    auto selection = resourceset::Selection::Build(*set, *out.discovery, Logger::Quiet());
    EXPECT_TRUE(selection) << selection.error().ToString();
    out.selection = std::make_unique<resourceset::Selection>(std::move(*selection));
    read.selection = out.selection.get();
  }
  auto live = Live::Read(*out.index, *out.types, cluster, read);
  EXPECT_TRUE(live) << live.error().ToString();
  if (!live) std::abort();
  out.live = std::make_unique<Live>(std::move(*live));
  out.plan = std::make_unique<Plan>(Plan::Build(*out.index, *out.types, *out.live, options));
  return out;
}

}  // namespace holdfast::restore
