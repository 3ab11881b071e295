#include "testbed/jsonl.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/workers.h"
#include "kube/discovery.h"

namespace holdfast::testbed {
namespace {

constexpr std::chrono::seconds kDiscoveredWithin{60};
constexpr std::chrono::milliseconds kDiscoveryPollEvery{50};
constexpr char kNoSuchOwner[] = "00000000-dead-4000-8000-000000000000";

kube::ResourceType DefinitionType() {
  return {{"apiextensions.k8s.io", "v1"},
          "customresourcedefinitions",
          "CustomResourceDefinition",
          false,
          ~0u,
          true};
}

std::string Field(std::string_view object, std::initializer_list<std::string_view> path) {
  return json::FindString(object, path).value_or("");
}

// Types by kind. Asks the server again when a kind is unknown: discovery lags behind new CRDs.
class Types {
 public:
  explicit Types(kube::Client& client) : client_(client) {}

  // The pointer is valid until the next call.
  Result<const kube::ResourceType*> Of(const std::string& api_version, const std::string& kind) {
    HF_ASSIGN(kube::GroupVersion gv, kube::GroupVersion::Parse(api_version));
    Deadline deadline = Deadline::After(Clock::Real(), kDiscoveredWithin);
    for (;;) {
      if (const auto* type = known_ ? known_->ByKind(gv, kind) : nullptr) return type;
      HF_ASSIGN(auto fetched, kube::Discovery::Fetch(client_));
      known_ = std::move(fetched);
      if (const auto* type = known_->ByKind(gv, kind)) return type;
      if (deadline.Passed(Clock::Real())) {
        return Fail(ErrorKind::kNotFound, "the API server has no " + kind + " in " + api_version);
      }
      Clock::Real().Sleep(kDiscoveryPollEvery, {});
    }
  }
  // nullptr when the last answer did not have it.
  const kube::ResourceType* Known(const std::string& api_version, const std::string& kind) const {
    auto gv = kube::GroupVersion::Parse(api_version);
    return gv && known_ ? known_->ByKind(*gv, kind) : nullptr;
  }

 private:
  kube::Client& client_;
  std::optional<kube::Discovery> known_;
};

struct Line {
  std::string json;
  kube::ResourceType type;
  std::string ns, name;
  std::string owners;  // metadata.ownerReferences, JSON; empty: none
  ObjectKey Key() const { return {&type, ns, name}; }
};

// All versions of a CRD that are served.
std::vector<kube::ResourceType> ServedTypes(std::string_view definition) {
  std::vector<kube::ResourceType> types;
  auto versions = json::Find(definition, {"spec", "versions"});
  for (json::ArrayReader reader(versions.value_or("[]")); auto version = reader.Next();) {
    if (json::Find(*version, {"served"}) != "true") continue;
    kube::ResourceType type;
    type.gv = {Field(definition, {"spec", "group"}), Field(*version, {"name"})};
    type.plural = Field(definition, {"spec", "names", "plural"});
    type.kind = Field(definition, {"spec", "names", "kind"});
    type.namespaced = Field(definition, {"spec", "scope"}) == "Namespaced";
    types.push_back(type);
  }
  return types;
}

Status CreateDefinitions(kube::Client& client, const std::vector<std::string>& definitions,
                         const LoadOptions& options) {
  kube::ResourceType crd = DefinitionType();
  return ParallelFor(definitions.size(), options.workers, options.stop,
                     [&](size_t i, std::stop_token stop) -> Status {
                       ObjectKey key{&crd, "", Field(definitions[i], {"metadata", "name"})};
                       HF_TRY_CONTEXT(CreateWithStatus(client, key, definitions[i], "", stop),
                                      "creating " + key.ToString());
                       for (const kube::ResourceType& type : ServedTypes(definitions[i])) {
                         HF_TRY(WaitUntilServed(client, type, stop));
                       }
                       return {};
                     });
}

class JsonlLoading {
 public:
  JsonlLoading(kube::Client& client, const LoadOptions& options)
      : client_(client), options_(options) {}

  Status Run(std::vector<std::string> texts) {
    std::vector<std::string> definitions;
    Types types(client_);
    std::vector<Line> namespaces, cluster_scoped, namespaced;
    std::vector<std::string> rest;
    for (std::string& text : texts) {
      bool crd = Field(text, {"kind"}) == "CustomResourceDefinition";
      (crd ? definitions : rest).push_back(std::move(text));
    }
    HF_TRY(CreateDefinitions(client_, definitions, options_));
    report_.created += definitions.size();
    HF_TRY(ReadCustomResources());
    for (std::string& text : rest) {
      Line line;
      HF_ASSIGN(const auto* type, types.Of(Field(text, {"apiVersion"}), Field(text, {"kind"})));
      line.type = *type;
      line.ns = Field(text, {"metadata", "namespace"});
      line.name = Field(text, {"metadata", "name"});
      line.owners = json::Find(text, {"metadata", "ownerReferences"}).value_or("");
      line.json = line.owners.empty() ? std::move(text)
                                      : json::RemovePath(text, {"metadata", "ownerReferences"});
      auto& group = line.type.kind == "Namespace" ? namespaces
                    : line.type.namespaced        ? namespaced
                                                  : cluster_scoped;
      group.push_back(std::move(line));
    }
    for (auto* group : {&namespaces, &cluster_scoped, &namespaced}) {
      HF_TRY(ParallelFor(
          group->size(), options_.workers, options_.stop,
          [&](size_t i, std::stop_token stop) { return CreateOne((*group)[i], stop); }));
    }
    for (auto* group : {&namespaces, &cluster_scoped, &namespaced}) {
      for (const Line& line : *group) {
        if (!line.owners.empty()) {
          HF_TRY_CONTEXT(PatchOwners(line, types),
                         "giving " + line.Key().ToString() + " its owners");
        }
      }
    }
    return {};
  }

  LoadReport report_;

 private:
  // Which resources have a CRD: only these have a status that is written.
  Status ReadCustomResources() {
    kube::ResourceType crd = DefinitionType();
    kube::ListRequest list;
    list.type = &crd;
    list.metadata_only = true;
    HF_TRY_CONTEXT(client_.List(list,
                                [&](std::string_view object) -> Status {
                                  custom_.insert(Field(object, {"metadata", "name"}));
                                  return {};
                                }),
                   "listing CRDs");
    return {};
  }

  Status CreateOne(const Line& line, std::stop_token stop) {
    std::string status;
    if (line.type.has_status && custom_.contains(line.type.ResourceName())) {
      status = json::Find(line.json, {"status"}).value_or("");
    }
    HF_ASSIGN_CONTEXT(CreatedObject made,
                      CreateWithStatus(client_, line.Key(), line.json, status, stop),
                      "creating " + line.Key().ToString());
    std::lock_guard lock(mutex_);
    ++(made.existed ? report_.existed : report_.created);
    if (!status.empty()) ++report_.status_writes;
    report_.bytes += line.json.size();
    std::string uid = Field(made.json, {"metadata", "uid"});
    uids_[line.Key().ToString()] = uid;
    // For a cluster-scoped object whose owner is namespaced: any namespace will do.
    uids_anywhere_.try_emplace(line.type.ResourceName() + "/" + line.name, uid);
    return {};
  }

  std::string LiveUid(const Line& line, std::string_view reference, const Types& types) {
    const auto* type = types.Known(Field(reference, {"apiVersion"}), Field(reference, {"kind"}));
    if (type == nullptr) return kNoSuchOwner;
    std::string name = Field(reference, {"name"});
    if (type->namespaced && line.ns.empty()) {
      auto found = uids_anywhere_.find(type->ResourceName() + "/" + name);
      return found == uids_anywhere_.end() ? kNoSuchOwner : found->second;
    }
    ObjectKey owner{type, type->namespaced ? line.ns : "", name};
    if (auto found = uids_.find(owner.ToString()); found != uids_.end()) return found->second;
    auto live = client_.Get(*type, owner.ns, name);
    return live ? Field(*live, {"metadata", "uid"}) : kNoSuchOwner;
  }

  Status PatchOwners(const Line& line, const Types& types) {
    std::string references = "[";
    for (json::ArrayReader reader(line.owners); auto reference = reader.Next();) {
      if (references.size() > 1) references += ',';
      references += json::SetKey(*reference, "uid", json::Quote(LiveUid(line, *reference, types)));
    }
    HF_TRY(client_.Patch(line.type, line.ns, line.name, kube::PatchType::kMerge,
                         "{\"metadata\":{\"ownerReferences\":" + references + "]}}"));
    return {};
  }

  kube::Client& client_;
  const LoadOptions& options_;
  std::set<std::string> custom_;
  std::mutex mutex_;
  std::map<std::string, std::string> uids_, uids_anywhere_;
};

Status DeleteOne(kube::Client& client, Types& types, std::string_view line) {
  std::string name = Field(line, {"name"});
  HF_ASSIGN(const auto* type, types.Of(Field(line, {"apiVersion"}), Field(line, {"kind"})));
  Status deleted = client.Delete(*type, Field(line, {"namespace"}), name);
  if (!deleted && deleted.error().kind() != ErrorKind::kNotFound) {
    return Fail(std::move(deleted).error().With("deleting " + type->ResourceName() + "/" + name));
  }
  return {};
}

// The new version must be first in no particular order; only one may be stored.
Status AddVersionV2(kube::Client& client, const std::string& name) {
  kube::ResourceType crd = DefinitionType();
  HF_ASSIGN(std::string live, client.Get(crd, "", name));
  std::string versions = "[", copy;
  for (json::ArrayReader reader(json::Find(live, {"spec", "versions"}).value_or("[]"));
       auto version = reader.Next();) {
    if (Field(*version, {"name"}) == "v1") {
      copy = json::SetKey(json::SetKey(*version, "name", "\"v2\""), "storage", "true");
    }
    versions += json::SetKey(*version, "storage", "false") + ",";
  }
  HF_TRY(client.Patch(crd, "", name, kube::PatchType::kMerge,
                      "{\"spec\":{\"versions\":" + versions + copy + "]}}"));
  kube::ResourceType added;
  added.gv = {Field(live, {"spec", "group"}), "v2"};
  added.plural = Field(live, {"spec", "names", "plural"});
  return WaitUntilServed(client, added);
}

Status Change(kube::Client& client, Types& types, const std::string& line) {
  std::string op = Field(line, {"op"});
  if (op == "delete") return DeleteOne(client, types, line);
  if (op == "create") {
    std::string object(json::Find(line, {"object"}).value_or("{}"));
    if (Field(object, {"kind"}) == "CustomResourceDefinition") {
      return CreateDefinitions(client, {object}, {});
    }
    HF_ASSIGN(const auto* type, types.Of(Field(object, {"apiVersion"}), Field(object, {"kind"})));
    ObjectKey key{type, Field(object, {"metadata", "namespace"}),
                  Field(object, {"metadata", "name"})};
    HF_TRY_CONTEXT(CreateWithStatus(client, key, object, ""), "creating " + key.ToString());
    return {};
  }
  if (op != "merge-patch") return Fail(ErrorKind::kInvalid, "unknown operation " + op);
  std::string name = Field(line, {"name"});
  if (Field(line, {"patch"}) == "add-version-v2") return AddVersionV2(client, name);
  HF_ASSIGN(const auto* type, types.Of(Field(line, {"apiVersion"}), Field(line, {"kind"})));
  std::string_view patch = json::Find(line, {"patch"}).value_or("{}");
  HF_TRY_CONTEXT(
      client.Patch(*type, Field(line, {"namespace"}), name, kube::PatchType::kMerge, patch),
      "patching " + type->ResourceName() + "/" + name);
  return {};
}

}  // namespace

Result<std::vector<std::string>> ReadJsonl(const std::filesystem::path& file) {
  gzFile in = gzopen(file.c_str(), "rb");  // reads uncompressed files, too
  if (in == nullptr) return Fail(ErrnoError("opening " + file.string(), errno));
  std::string text;
  char buffer[65536];
  int count;
  while ((count = gzread(in, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(count));
  }
  int closed = gzclose(in);
  if (count < 0 || closed != Z_OK)
    return Fail(ErrorKind::kCorrupt, file.string() + " cannot be unpacked");
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
    if (lines.empty() || json::TypeOf(lines.back()) == json::Type::kObject) continue;
    return Fail(ErrorKind::kInvalid,
                file.string() + ": line " + std::to_string(lines.size()) + " is not a JSON object");
  }
  return lines;
}

Status InstallOperatorDefinitions(kube::Client& client) {
  kube::ResourceType namespaces{{"", "v1"}, "namespaces", "Namespace", false, ~0u, true};
  HF_TRY_CONTEXT(CreateWithStatus(client, {&namespaces, "", "cattle-resources-system"},
                                  R"({"apiVersion":"v1","kind":"Namespace","metadata":)"
                                  R"({"name":"cattle-resources-system"}})",
                                  ""),
                 "creating the operator's namespace");
  std::vector<std::string> definitions;
  for (const char* kind : {"Backup", "Restore", "ResourceSet"}) {
    std::string singular = kind;
    for (char& c : singular) c = static_cast<char>(c | 0x20);
    std::string plural = singular + "s";
    definitions.push_back(
        R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
        R"("metadata":{"name":")" +
        plural + R"(.resources.cattle.io"},"spec":{"group":"resources.cattle.io",)" +
        R"("scope":"Cluster","names":{"plural":")" + plural + R"(","singular":")" + singular +
        R"(","kind":")" + kind + R"(","listKind":")" + kind +
        R"(List"},"versions":[{"name":"v1","served":true,"storage":true,"schema":)" +
        R"({"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}},)" +
        R"("subresources":{"status":{}}}]}})");
  }
  return CreateDefinitions(client, definitions, {});
}

Result<LoadReport> LoadJsonl(kube::Client& client, const std::vector<std::filesystem::path>& files,
                             const LoadOptions& options) {
  auto begun = Clock::Real().SteadyNow();
  std::vector<std::string> texts;
  for (const auto& file : files) {
    HF_ASSIGN(std::vector<std::string> lines, ReadJsonl(file));
    for (std::string& line : lines) texts.push_back(std::move(line));
  }
  JsonlLoading loading(client, options);
  HF_TRY(loading.Run(std::move(texts)));
  loading.report_.took = Clock::Real().SteadyNow() - begun;
  return loading.report_;
}

Status DeleteJsonl(kube::Client& client, const std::filesystem::path& file) {
  HF_ASSIGN(std::vector<std::string> lines, ReadJsonl(file));
  Types types(client);
  for (const std::string& line : lines) {
    HF_TRY(DeleteOne(client, types, line));
  }
  return {};
}

Status ApplyDriftJsonl(kube::Client& client, const std::filesystem::path& file) {
  HF_ASSIGN(std::vector<std::string> lines, ReadJsonl(file));
  Types types(client);
  for (size_t i = 0; i < lines.size(); ++i) {
    HF_TRY_CONTEXT(Change(client, types, lines[i]), file.string() + ":" + std::to_string(i + 1));
  }
  return {};
}

}  // namespace holdfast::testbed
