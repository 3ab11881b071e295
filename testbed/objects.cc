#include "testbed/objects.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/json_text.h"
#include "testbed/object_body.h"
#include "testbed/random.h"

namespace holdfast::testbed {
namespace {

constexpr std::array<std::string_view, 9> kFixedNamespaces = {"cattle-system",
                                                              "cattle-global-data",
                                                              "cattle-impersonation-system",
                                                              "cattle-fleet-system",
                                                              "cattle-ui-plugin-system",
                                                              "cattle-monitoring-system",
                                                              "fleet-default",
                                                              "fleet-local",
                                                              "local"};

// Streams of random numbers that are not of a kind of the table.
constexpr uint64_t kOwnerStream = 1'000'000, kDefinitionStream = 2'000'000,
                   kNamespaceStream = 3'000'000, kLargeStream = 4'000'000, kPlaceStream = 5'000'000;

Place PlaceOf(std::string_view ns) {
  if (ns.starts_with("cattle-") || ns == "local") return Place::kSystem;
  if (ns.starts_with("fleet-")) return Place::kFleet;
  if (ns.starts_with("p-")) return Place::kProject;
  if (ns.starts_with("c-m-")) return Place::kCluster;
  return Place::kUser;
}

// Five letters or digits, never the same for two numbers below 60 million.
std::string Suffix(uint64_t seed, uint64_t stream, uint64_t number) {
  constexpr uint64_t kNames = 36ull * 36 * 36 * 36 * 36;
  // 7919 is prime to 36: multiplying by it permutes the numbers below kNames.
  uint64_t n = (number * 7919 + Random(seed, stream, 0).Below(kNames)) % kNames;
  std::string text(5, '0');
  for (char& c : text) {
    c = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
    n /= 36;
  }
  return text;
}

std::string Labels(Random& random, const ObjectKind& kind) {
  std::string out;
  ObjectWriter labels(out);
  labels.Text("cattle.io/creator", random.Chance(50) ? "norman" : "rancher");
  if (random.Chance(30)) labels.Text("authz.management.cattle.io/bootstrapping", "default-role");
  if (kind.body == Body::kSecret) labels.Text("resources.cattle.io/backup", "true");
  labels.End();
  return out;
}

std::string Annotations(Random& random) {
  std::string out;
  ObjectWriter annotations(out);
  annotations.Text("lifecycle.cattle.io/create.rancher-controller", "true");
  annotations.Text("field.cattle.io/creatorId", "u-" + RandomName(random, 6));
  if (random.Chance(20)) annotations.Text("field.cattle.io/description", Prose(random, 40));
  annotations.End();
  return out;
}

void WriteHead(ObjectWriter& object, const kube::ResourceType& type) {
  object.Text("apiVersion", type.gv.ToString()).Text("kind", type.kind);
}

// Keeps whatever it is given, as Rancher's own CRDs do, and describes a few fields that no object
// has, for the size of a real one.
std::string Schema(Random& random) {
  std::string reserved;
  ObjectWriter fields(reserved);
  for (uint64_t i = random.Skewed(4, 64); i > 0; --i) {
    std::string field;
    ObjectWriter described(field);
    described.Text("type", random.Chance(70) ? "string" : "integer");
    described.Text("description", Prose(random, random.Skewed(20, 200)));
    described.End();
    fields.Raw("reserved" + std::to_string(i), field);
  }
  fields.End();
  return R"({"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true,)"
         R"("properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true,)"
         R"("properties":)" +
         reserved +
         R"(},"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}})";
}

std::string Version(const std::string& name, bool storage, bool status, const std::string& schema) {
  std::string out;
  ObjectWriter version(out);
  version.Text("name", name).Bool("served", true).Bool("storage", storage).Raw("schema", schema);
  if (status) version.Raw("subresources", R"({"status":{}})");
  version.Raw("additionalPrinterColumns",
              R"([{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}])");
  version.End();
  return out;
}

}  // namespace

std::string ObjectKey::ToString() const {
  return type->ResourceName() + "/" + (ns.empty() ? "" : ns + "/") + name;
}

ObjectSet::ObjectSet(const ObjectSetOptions& options) : options_(options), kinds_(RancherKinds()) {
  definition_type_ = {{"apiextensions.k8s.io", "v1"},
                      "customresourcedefinitions",
                      "CustomResourceDefinition",
                      false,
                      ~0u,
                      true};
  namespace_type_ = {{"", "v1"}, "namespaces", "Namespace", false, ~0u, true};
  std::set<std::string> known;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].custom && known.insert(kinds_[i].type.ResourceName()).second) {
      definitions_.push_back(i);
    }
  }

  size_t namespaces = std::max<size_t>(24, options_.objects / 40);
  for (size_t i = 0; i < namespaces; ++i) {
    static constexpr std::array<const char*, 8> kPrefixes = {"p-",   "p-",    "p-",    "c-m-",
                                                             "c-m-", "user-", "user-", "fleet-ws-"};
    namespaces_.push_back(i < kFixedNamespaces.size()
                              ? std::string(kFixedNamespaces[i])
                              : kPrefixes[i % kPrefixes.size()] +
                                    Suffix(options_.seed, kNamespaceStream, i));
    by_place_[static_cast<size_t>(PlaceOf(namespaces_.back()))].push_back(namespaces_.back());
  }
  by_place_[static_cast<size_t>(Place::kAny)] = namespaces_;

  // One of each kind, the others shared out by weight; the rounding errors do not add up.
  size_t taken = definitions_.size() + namespaces + kinds_.size();
  size_t rest = options_.objects > taken ? options_.objects - taken : 0;
  uint64_t total = 0, sum = 0;
  for (const ObjectKind& kind : kinds_) total += kind.weight;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    uint64_t before = sum * rest / total;
    sum += kinds_[i].weight;
    counts_.push_back(1 + (sum * rest / total - before));
    shares_[static_cast<size_t>(PhaseOf(kinds_[i]))].push_back({i, counts_[i]});
  }
}

Phase ObjectSet::PhaseOf(const ObjectKind& kind) const {
  if (kind.owner < 0) return kind.type.namespaced ? Phase::kNamespaced : Phase::kClusterScoped;
  return kinds_[static_cast<size_t>(kind.owner)].owner < 0 ? Phase::kOwned : Phase::kOwnedByOwned;
}

size_t ObjectSet::size() const {
  size_t all = 0;
  for (Phase phase : kPhases) all += size(phase);
  return all;
}

size_t ObjectSet::size(Phase phase) const {
  if (phase == Phase::kDefinitions) return definitions_.size();
  if (phase == Phase::kNamespaces) return namespaces_.size();
  size_t all = phase == Phase::kNamespaced ? options_.large_secrets : 0;
  for (const Share& share : shares_[static_cast<size_t>(phase)]) all += share.count;
  return all;
}

bool ObjectSet::MayOwn(const kube::ResourceType& type) const {
  return std::any_of(kinds_.begin(), kinds_.end(), [&](const ObjectKind& kind) {
    return kind.owner >= 0 &&
           kinds_[static_cast<size_t>(kind.owner)].type.ResourceName() == type.ResourceName();
  });
}

Object ObjectSet::At(Phase phase, size_t i) const {
  if (phase == Phase::kDefinitions) return Definition(i);
  if (phase == Phase::kNamespaces) return Namespace(i);
  for (const Share& share : shares_[static_cast<size_t>(phase)]) {
    if (i < share.count) return Make(share.kind, i);
    i -= share.count;
  }
  // What is left is the large secrets.
  Object made;
  auto secrets = std::find_if(kinds_.begin(), kinds_.end(),
                              [](const ObjectKind& kind) { return kind.body == Body::kSecret; });
  made.key = {&secrets->type, "cattle-system", "large-secret-" + std::to_string(i)};
  Random random(options_.seed, kLargeStream, i);
  ObjectWriter object(made.json);
  WriteHead(object, secrets->type);
  object.Key("metadata");
  ObjectWriter metadata(made.json);
  metadata.Text("name", made.key.name).Text("namespace", made.key.ns);
  metadata.Raw("labels", R"({"resources.cattle.io/backup":"true"})");
  metadata.End();
  WriteLargeSecret(object, made.json, random, options_.large_secret_bytes);
  object.End();
  return made;
}

ObjectKey ObjectSet::KeyOf(size_t index, size_t i) const {
  const ObjectKind& kind = kinds_[index];
  ObjectKey key{&kind.type, "", std::string(kind.name_prefix) + Suffix(options_.seed, index, i)};
  if (!kind.type.namespaced) return key;
  if (ObjectKey owner = OwnerOf(index, i); owner.type != nullptr && !owner.ns.empty()) {
    key.ns = owner.ns;
  } else {
    const auto& places = by_place_[static_cast<size_t>(kind.place)];
    key.ns = places[Random(options_.seed, kPlaceStream + index, i).Below(places.size())];
  }
  return key;
}

ObjectKey ObjectSet::OwnerOf(size_t index, size_t i) const {
  if (kinds_[index].owner < 0) return {};
  auto owner = static_cast<size_t>(kinds_[index].owner);
  return KeyOf(owner, Random(options_.seed, kOwnerStream + index, i).Below(counts_[owner]));
}

Object ObjectSet::Definition(size_t i) const {
  const ObjectKind& kind = kinds_[definitions_[i]];
  Random random(options_.seed, kDefinitionStream, i);
  Object made;
  made.key = {&definition_type_, "", kind.type.ResourceName()};
  ObjectWriter object(made.json);
  WriteHead(object, definition_type_);
  object.Raw("metadata", "{\"name\":" + json::Quote(made.key.name) + "}");
  object.Key("spec");
  ObjectWriter spec(made.json);
  spec.Text("group", kind.type.gv.group)
      .Text("scope", kind.type.namespaced ? "Namespaced" : "Cluster");
  std::string singular = kind.type.kind;
  for (char& c : singular) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  spec.Key("names");
  ObjectWriter names(made.json);
  names.Text("plural", kind.type.plural).Text("kind", kind.type.kind);
  names.Text("singular", singular).Text("listKind", kind.type.kind + "List");
  names.End();
  std::string schema = Schema(random);
  std::string versions = Version(kind.type.gv.version, true, kind.type.has_status, schema);
  // Cluster API serves its older version, too.
  if (kind.type.gv.group == "cluster.x-k8s.io") {
    versions += "," + Version("v1beta1", false, kind.type.has_status, schema);
  }
  spec.Raw("versions", "[" + versions + "]");
  spec.End();
  object.End();
  return made;
}

Object ObjectSet::Namespace(size_t i) const {
  Random random(options_.seed, kNamespaceStream, i);
  Object made;
  made.key = {&namespace_type_, "", namespaces_[i]};
  ObjectWriter object(made.json);
  WriteHead(object, namespace_type_);
  object.Key("metadata");
  ObjectWriter metadata(made.json);
  metadata.Text("name", namespaces_[i]).Raw("annotations", Annotations(random));
  metadata.Raw("labels", R"({"app.kubernetes.io/managed-by":"rancher"})");
  metadata.End();
  object.End();
  return made;
}

Object ObjectSet::Make(size_t index, size_t i) const {
  const ObjectKind& kind = kinds_[index];
  Random random(options_.seed, index, i);
  Object made;
  made.key = KeyOf(index, i);
  made.owner = OwnerOf(index, i);
  ObjectWriter object(made.json);
  WriteHead(object, kind.type);
  object.Key("metadata");
  ObjectWriter metadata(made.json);
  metadata.Text("name", made.key.name);
  if (!made.key.ns.empty()) metadata.Text("namespace", made.key.ns);
  metadata.Raw("labels", Labels(random, kind));
  // A management Cluster always has annotations in Rancher.
  if (kind.type.kind == "Cluster" || random.Chance(70)) {
    metadata.Raw("annotations", Annotations(random));
  }
  if (made.owner.type != nullptr) {
    std::string reference;
    ObjectWriter owner(reference);
    WriteHead(owner, *made.owner.type);
    owner.Text("name", made.owner.name).Text("uid", kOwnerUid);
    owner.Bool("blockOwnerDeletion", false).Bool("controller", random.Chance(50));
    owner.End();
    metadata.Raw("ownerReferences", "[" + reference + "]");
  }
  metadata.End();
  WriteBody(object, made.json, random, kind, made.key.ns);
  if (kind.custom && random.Chance(90)) {
    std::string status = StatusBody(random, kind);
    if (kind.type.has_status)
      made.status = std::move(status);
    else if (random.Chance(30))
      object.Raw("status", status);
  }
  object.End();
  return made;
}

}  // namespace holdfast::testbed
