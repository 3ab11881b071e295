#include "etcd/extract.h"

#include <fmt/format.h>

#include "base/json_scan.h"
#include "base/printable.h"
#include "etcd/cursor.h"
#include "etcd/kube_object.h"
#include "etcd/store.h"
#include "resourceset/label_match.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kUsualPrefix = "/registry";

class Extraction {
 public:
  Extraction(const crypto::Transformers& keys, const ResourceNames& names,
             const ExtractQuery& query, const ExtractSink& take)
      : keys_(keys), names_(names), query_(query), take_(take) {}

  // `rest` is the key behind the prefix.
  std::optional<ObjectKey> Wanted(std::string_view rest) const {
    auto key = names_.ParseKey(rest);
    if (!key || (!query_.ns.empty() && key->ns != query_.ns) ||
        (!query_.name.empty() && key->name != query_.name))
      return std::nullopt;
    if (query_.resource &&
        (key->plural != query_.resource->plural || key->group != query_.resource->group))
      return std::nullopt;
    return key;
  }

  // False: no more.
  bool Add(const ObjectKey& key, std::string_view full_key, std::string_view value,
           int64_t revision) {
    auto object = Read(key, full_key, value, revision);
    if (!object) return take_(Fail(std::move(object).error().With(Printable(full_key))));
    if (query_.labels) {
      auto labels = json::Find(object->json, {"metadata", "labels"});
      if (!resourceset::LabelsMatch(*query_.labels, labels.value_or(""))) return true;
    }
    return take_(std::move(object));
  }

 private:
  Result<ExtractedObject> Read(const ObjectKey& key, std::string_view full_key,
                               std::string_view value, int64_t revision) const {
    ExtractedObject object{{std::string(key.plural), std::string(key.group)},
                           std::string(key.ns),
                           std::string(key.name),
                           std::string(full_key),
                           revision,
                           {},
                           {}};
    HF_ASSIGN(std::string plain,
              keys_.DecryptStored(object.resource.plural, object.resource.group, full_key, value));
    HF_ASSIGN(DecodedObject decoded, ToJson(plain, revision));
    object.json = std::move(decoded.json);
    object.unknown_fields = std::move(decoded.unknown_fields);
    return object;
  }

  const crypto::Transformers& keys_;
  const ResourceNames& names_;
  const ExtractQuery& query_;
  const ExtractSink& take_;
};

// The key behind the prefix where the query names exactly one object.
std::optional<std::string> OnlyKey(const ResourceNames& names, const ExtractQuery& query) {
  if (!query.resource || query.name.empty()) return std::nullopt;
  std::string key = "/" + names.FolderOf(*query.resource) + "/";
  if (query.ns.empty()) {
    if (names.Namespaced(*query.resource).value_or(true)) return std::nullopt;
    return key + query.name;
  }
  return key + query.ns + "/" + query.name;
}

// The newest record, at most of `revision`, whose key is `rest` behind any prefix: finding the
// prefix first could mean to read everything once more.
Result<std::optional<StoredRecord>> FindBehindAnyPrefix(const Database& database,
                                                        std::string_view rest, int64_t revision,
                                                        const LookOptions& look) {
  std::optional<StoredRecord> found;
  HF_TRY(VisitRecords(database, true, look, [&](const Record& record) {
    if (!record.kv.key.ends_with(rest)) return true;
    if (revision != 0 && record.revision.main > revision) return true;
    found = Own(record);
    return false;
  }));
  return found;
}

// The one record; none where it is not there or was deleted.
Result<std::optional<StoredRecord>> FindOne(const Database& database, const std::string& rest,
                                            const ExtractQuery& query, const LookOptions& look) {
  HF_TRY(CheckRevision(database, query.revision));
  std::string prefix = query.prefix;
  if (prefix.empty()) {
    HF_ASSIGN(auto record, FindBehindAnyPrefix(database, rest, query.revision, look));
    if (!record) return record;
    prefix = record->key.substr(0, record->key.size() - rest.size());
    // Behind another prefix than the usual one it could be the key of some other program.
    if (prefix != kUsualPrefix) {
      HF_ASSIGN(prefix, FindPrefix(database));
    }
    if (record->key == prefix + rest) {
      if (record->tombstone) record.reset();
      return record;
    }
  }
  auto record = GetKey(database, prefix + rest, query.revision, look);
  if (record) return std::optional(std::move(*record));
  if (record.error().kind() == ErrorKind::kNotFound) return std::optional<StoredRecord>();
  return Fail(std::move(record).error());
}

}  // namespace

Result<std::string> FindPrefix(const Database& database) {
  PageSet reached(database.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(database, reached));
  auto prefix = KubernetesPrefix(database, buckets);
  if (prefix && *prefix) return **prefix;
  return std::string(kUsualPrefix);
}

Status Extract(const Database& database, const crypto::Transformers& keys,
               const ResourceNames& names, const ExtractQuery& query, const LookOptions& look,
               const ExtractSink& take) {
  Extraction extraction(keys, names, query, take);
  if (auto rest = OnlyKey(names, query)) {
    HF_ASSIGN(auto record, FindOne(database, *rest, query, look));
    auto key = names.ParseKey(*rest);
    if (record && key) extraction.Add(*key, record->key, record->value, record->revision.main);
    return {};
  }
  std::string prefix = query.prefix;
  if (prefix.empty()) {
    HF_ASSIGN(prefix, FindPrefix(database));
  }
  return VisitLive(database, prefix + "/", query.revision, look, [&](const Record& record) {
    auto key = extraction.Wanted(record.kv.key.substr(prefix.size()));
    return !key || extraction.Add(*key, record.kv.key, record.kv.value, record.revision.main);
  });
}

Status LearnCustomTypes(const Database& database, const crypto::Transformers& keys,
                        const std::string& prefix, int64_t revision, const LookOptions& look,
                        ResourceNames& names) {
  ExtractQuery query;
  query.prefix = prefix;
  query.resource = names.Resolve("customresourcedefinitions");
  query.revision = revision;
  const ResourceNames builtin;
  return Extract(database, keys, builtin, query, look, [&](Result<ExtractedObject> crd) {
    if (crd) names.AddCrd(crd->json);
    return true;
  });
}

}  // namespace holdfast::etcd
