#include "restore/index.h"

#include <algorithm>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/index_impl.h"
#include "restore/write_order.h"

namespace holdfast::restore {

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kCrds: return "CustomResourceDefinitions";
    case Phase::kClusterScoped: return "cluster-scoped objects";
    case Phase::kNamespaced: return "namespaced objects";
    case Phase::kLast: return "quotas, policies, webhooks and APIServices";
  }
  return "";
}

std::string_view SkipReason(SkipRule rule) {
  switch (rule) {
    case SkipRule::kNone: return "";
    case SkipRule::kBuiltinRole: return "built-in role: Rancher makes it itself";
    case SkipRule::kRegistrationValues:
      return "registration values of a cluster: Fleet makes them itself";
    case SkipRule::kRancherDeployment: return "Rancher's own Deployment: its chart installs it";
    case SkipRule::kMirrorPod: return "mirror of a static Pod: the kubelet of its node makes it";
    case SkipRule::kControllerEndpoints:
      return "endpoints of a Service: the control plane makes them from its Pods";
    case SkipRule::kAllocatedAddress:
      return "allocated address: the API server makes it with its Service";
    case SkipRule::kCertificateRequest:
      return "certificate request: created anew it would be in the name of who restores it";
    case SkipRule::kAutomaticApiService:
      return "APIService of a built-in API or of a CRD: the API server makes it itself";
  }
  return "";
}

uint64_t Index::Impl::KeyHash(uint32_t type, uint32_t ns, std::string_view name) const {
  uint64_t hash = std::hash<std::string_view>()(name);
  hash ^= (uint64_t{type} << 32 | ns) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

uint64_t Index::Impl::HashOf(ObjectId id) const {
  const IndexRecord& record = records[id];
  return KeyHash(record.type, record.ns, names.Get(record.name));
}

ObjectId Index::Impl::Find(uint32_t type, uint32_t ns, std::string_view name) const {
  return ids.Find(KeyHash(type, ns, name), [&](ObjectId id) {
    const IndexRecord& record = records[id];
    return record.type == type && record.ns == ns && names.Get(record.name) == name;
  });
}

Result<TypeId> Index::Impl::AddType(const archive::EntryName& name) {
  kube::GroupVersion gv{name.group, name.version};
  auto [it, added] = type_ids.try_emplace({gv, name.plural}, static_cast<TypeId>(types.size()));
  if (!added) return it->second;
  if (types.size() >= UINT16_MAX)
    return Fail(ErrorKind::kInvalid, "the archive has more than 65,534 resource types");
  types.push_back({gv, name.plural, "", SpecialOf(gv, name.plural), 0, 0});
  types_of_resource[{name.group, name.plural}].push_back(it->second);
  return it->second;
}

Result<ObjectId> Index::Impl::AddObject(const archive::EntryName& name, uint64_t offset,
                                        uint32_t size, bool& replaced) {
  HF_ASSIGN(TypeId type, AddType(name));
  uint32_t ns = namespaces.Add(name.ns);
  ObjectId id = Find(type, ns, name.name);
  replaced = id != kNoId;
  if (!replaced) {
    id = static_cast<ObjectId>(records.size());
    IndexRecord& record = records.emplace_back();
    record.type = static_cast<uint16_t>(type);
    record.ns = ns;
    record.name = names.Add(name.name);
    ++(name.ns.empty() ? types[type].cluster_scoped : types[type].namespaced);
    ids.Add(HashOf(id), id, [this](ObjectId other) { return HashOf(other); });
  }
  records[id].offset = offset;
  records[id].size = size;
  return id;
}

archive::EntryName Index::Impl::NameOf(ObjectId id) const {
  const IndexRecord& record = records[id];
  const ArchivedType& type = types[record.type];
  return {type.plural, type.gv.group, type.gv.version, namespaces.Get(record.ns),
          std::string(names.Get(record.name))};
}

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

size_t Index::size() const { return impl_->records.size(); }
const std::vector<ArchivedType>& Index::types() const { return impl_->types; }
const std::optional<std::string>& Index::filters() const { return impl_->filters; }
const archive::ScanResult& Index::scan() const { return impl_->scan; }
uint64_t Index::duplicates() const { return impl_->duplicates; }
const std::vector<ArchivedCrd>& Index::crds() const { return impl_->crds; }
const std::vector<ExternalOwner>& Index::external_owners() const { return impl_->external; }
const Hasher& Index::hasher() const { return impl_->hasher; }
std::optional<Clock::Wall> Index::taken() const { return impl_->taken; }

TypeId Index::TypeOf(ObjectId id) const { return impl_->records[id].type; }
std::string_view Index::Namespace(ObjectId id) const {
  return impl_->namespaces.Get(impl_->records[id].ns);
}
std::string_view Index::Name(ObjectId id) const {
  return impl_->names.Get(impl_->records[id].name);
}
SkipRule Index::Skip(ObjectId id) const { return impl_->records[id].skip; }
const Digest128& Index::MainDigest(ObjectId id) const { return impl_->records[id].main; }
const Digest128& Index::StatusDigest(ObjectId id) const { return impl_->records[id].status; }
bool Index::HasStatus(ObjectId id) const { return impl_->records[id].has_status; }
bool Index::HasNullStatus(ObjectId id) const { return impl_->records[id].null_status; }
uint32_t Index::BodyBytes(ObjectId id) const { return impl_->records[id].size; }

std::span<const ArchivedOwner> Index::Owners(ObjectId id) const {
  const IndexRecord& record = impl_->records[id];
  return {impl_->owners.data() + record.owners_begin, record.owners_count};
}

Phase Index::PhaseOf(ObjectId id) const {
  return PhaseOfType(Type(id), impl_->records[id].ns == 0);
}

std::string Index::Describe(ObjectId id) const {
  std::string text = Type(id).ResourceName() + " ";
  if (std::string_view ns = Namespace(id); !ns.empty()) text.append(ns).append("/");
  return text.append(Name(id));
}

std::string Index::Path(ObjectId id) const { return impl_->NameOf(id).ToPath(); }

TypeId Index::FindType(const kube::GroupVersion& gv, std::string_view plural) const {
  auto it = impl_->type_ids.find({gv, std::string(plural)});
  return it == impl_->type_ids.end() ? kNoId : it->second;
}

ObjectId Index::Find(TypeId type, std::string_view ns, std::string_view name) const {
  uint32_t number = impl_->namespaces.Find(ns);
  return number == Interner::kNone ? kNoId : impl_->Find(type, number, name);
}

ObjectId Index::FindAnyVersion(std::string_view group, std::string_view plural, std::string_view ns,
                               std::string_view name) const {
  auto it = impl_->types_of_resource.find({std::string(group), std::string(plural)});
  if (it == impl_->types_of_resource.end()) return kNoId;
  for (TypeId type : it->second)
    if (ObjectId id = Find(type, ns, name); id != kNoId) return id;
  return kNoId;
}

bool Index::HasAnyVersion(std::string_view group, std::string_view plural) const {
  return impl_->types_of_resource.contains({std::string(group), std::string(plural)});
}

std::vector<std::string> Index::Namespaces() const {
  std::vector<std::string> out;
  for (uint32_t i = 0; i < impl_->namespaces.size(); ++i)
    if (std::string name(impl_->namespaces.Get(i)); !name.empty()) out.push_back(std::move(name));
  return out;
}

bool Index::HasObjectsIn(std::string_view ns) const {
  return impl_->namespaces.Find(ns) != Interner::kNone;
}

Result<std::string> Index::Body(ObjectId id) const {
  const IndexRecord& record = impl_->records[id];
  auto read = [&]() -> Result<std::string> {
    HF_ASSIGN(std::string stored, impl_->spool->Read(record.offset, record.size));
    if (!crypto::IsEncrypted(stored)) return stored;
    archive::EntryName name = impl_->NameOf(id);
    return impl_->keys->DecryptEntry(name.plural, name.group, name.DataContext(), stored);
  };
  HF_ASSIGN_CONTEXT(std::string body, read(), "reading " + Path(id) + " again");
  const ArchivedType& type = Type(id);
  if (!json::Find(body, {"apiVersion"}))
    body = json::SetKey(body, "apiVersion", json::Quote(type.gv.ToString()));
  if (!type.kind.empty() && !json::Find(body, {"kind"}))
    body = json::SetKey(body, "kind", json::Quote(type.kind));
  return body;
}

size_t Index::MemoryBytes() const {
  size_t bytes = impl_->records.size() * sizeof(IndexRecord) + impl_->names.bytes() +
                 impl_->ids.bytes() + impl_->owners.capacity() * sizeof(ArchivedOwner);
  for (const ExternalOwner& owner : impl_->external)
    bytes += sizeof(owner) + owner.gv.group.size() + owner.kind.size() + owner.name.size();
  for (uint32_t i = 0; i < impl_->namespaces.size(); ++i)
    bytes += 120 + impl_->namespaces.Get(i).size();
  return bytes;
}

}  // namespace holdfast::restore
