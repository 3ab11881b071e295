#include "restore/live.h"

#include "base/json_scan.h"
#include "restore/live_impl.h"

namespace holdfast::restore {

Status ClientLister::List(const kube::ResourceType& type, const std::string& field_selector,
                          bool metadata_only, const kube::ObjectSink& sink) {
  kube::ListRequest request;
  request.type = &type;
  request.limit = page_;
  request.field_selector = field_selector;
  request.metadata_only = metadata_only;
  constexpr int kAttempts = 3;  // a continue token expires when a list takes minutes
  for (int attempt = 1;; ++attempt) {
    Result<kube::ListEnd> end = client_.List(request, sink, call_);
    if (end) return {};
    if (end.error().kind() != ErrorKind::kExpired || attempt == kAttempts)
      return Fail(std::move(end).error());
  }
}

Result<std::string> ClientLister::Get(const kube::ResourceType& type, std::string_view ns,
                                      std::string_view name) {
  return client_.Get(type, ns, name, call_);
}

Result<bool> ClientLister::WouldUpdate(const kube::ResourceType& type, std::string_view ns,
                                       std::string_view name, std::string_view object) {
  kube::WriteOptions options;
  options.dry_run = true;
  auto answer = client_.Update(type, ns, name, object, call_, options);
  if (answer) return true;
  if (answer.error().code() == 422) return false;
  return Fail(std::move(answer).error());
}

bool ConcernsOneType(const Error& error) {
  if (error.kind() == ErrorKind::kCancelled || error.kind() == ErrorKind::kUnauthorized)
    return false;
  return error.code() != 0;
}

Result<CrdNames> ListCrdNames(ObjectLister& lister) {
  const kube::ResourceType type{{"apiextensions.k8s.io", "v1"},   "customresourcedefinitions",
                                "CustomResourceDefinition",       false,
                                kube::kVerbGet | kube::kVerbList, true};
  CrdNames names;
  HF_TRY_CONTEXT(lister.List(type, "", /*metadata_only=*/true,
                             [&](std::string_view object) -> Status {
                               LiveMetadata metadata = ReadLiveMetadata(object);
                               if (metadata.terminating) names.going[metadata.name];
                               names.all.insert(std::move(metadata.name));
                               return {};
                             }),
                 "listing CustomResourceDefinitions");
  return names;
}

std::string ExtraObject::Describe() const {
  std::string text = type->ResourceName() + " ";
  if (!ns.empty()) text.append(ns).append("/");
  return text.append(name);
}

Live::Live(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Live::Live(Live&&) noexcept = default;
Live& Live::operator=(Live&&) noexcept = default;
Live::~Live() = default;

LiveObject Live::operator[](ObjectId id) const {
  std::lock_guard lock(impl_->mutex);
  return impl_->objects[id];
}

bool Live::OwnersEqual(ObjectId id, std::span<const ExpectedOwner> expected) const {
  std::lock_guard lock(impl_->mutex);
  const LiveObject& object = impl_->objects[id];
  const std::vector<LiveOwner>& pool = impl_->pools[impl_->index.TypeOf(id)];
  std::span<const LiveOwner> owners(pool.data() + object.owners_begin, object.owners_count);
  size_t next = 0;
  for (const ExpectedOwner& owner : expected) {
    bool here = next < owners.size() && owners[next].form == owner.form &&
                (owner.uid == 0 || owners[next].uid == owner.uid);
    if (here)
      ++next;
    else if (!owner.optional)
      return false;
  }
  return next == owners.size();
}

std::string Live::UidText(ObjectId id) const {
  LiveObject object = (*this)[id];
  return object.exists() ? impl_->uids.Text(object.uid) : std::string();
}

const std::vector<std::string>& Live::Paths(ObjectId id) const {
  static const std::vector<std::string> kNone;
  std::lock_guard lock(impl_->mutex);
  auto it = impl_->paths.find(id);
  return it == impl_->paths.end() ? kNone : it->second;
}

std::string Live::LeftFieldsOf(ObjectId id) const {
  std::lock_guard lock(impl_->mutex);
  auto it = impl_->left.find(id);
  return it == impl_->left.end() ? std::string() : it->second;
}

const Live::External& Live::ExternalOwnerState(uint32_t number) const {
  return impl_->externals[number];
}
const std::string& Live::WhyUnread(TypeId type) const {
  static const std::string kRead;
  auto it = impl_->unread.find(type);
  return it == impl_->unread.end() ? kRead : it->second;
}
bool Live::AnyUnread() const { return !impl_->unread.empty() || !impl_->unread_extras.empty(); }
std::vector<std::string> Live::prune_gaps() const {
  std::vector<std::string> gaps;
  for (const auto& [key, why] : impl_->unread_extras) gaps.push_back(why);
  return gaps;
}
const std::vector<ExtraObject>& Live::extras() const { return impl_->extras; }
bool Live::OwnerIsLive(const ExtraObject::Owner& owner) const {
  const External& state = impl_->extra_owners[owner.external];
  return state.unknown || (state.exists && state.uid == owner.uid);
}
const std::vector<std::string>& Live::types_not_in_archive() const {
  return impl_->types_not_in_archive;
}
std::string Live::WhyGoing(ObjectId id) const {
  return impl_->WhyGoing(impl_->index.TypeOf(id), impl_->index.Namespace(id));
}
const UidTable& Live::uids() const { return impl_->uids; }
uint64_t Live::objects_read() const { return impl_->objects_read; }

Status Live::Compare(ObjectId id, std::optional<std::string_view> object) {
  if (!object) {
    std::lock_guard lock(impl_->mutex);
    impl_->objects[id] = {};
    return {};
  }
  LiveMetadata metadata = ReadLiveMetadata(*object);
  const TypeState& type = (*impl_->types)[impl_->index.TypeOf(id)];
  HF_ASSIGN(LiveComparison comparison,
            CompareLive(impl_->index, type, id, *object, metadata, /*metadata_only=*/false,
                        /*explain=*/false, impl_->uids));
  std::lock_guard lock(impl_->mutex);
  impl_->Store(id, std::move(comparison));
  return {};
}

void Live::SetLive(ObjectId id, std::string_view object) {
  LiveMetadata metadata = ReadLiveMetadata(object);
  Uid uid = impl_->uids.Pack(metadata.uid);
  std::lock_guard lock(impl_->mutex);
  LiveObject& live = impl_->objects[id];
  live.uid = uid;
  live.resource_version = metadata.resource_version;
  live.flags = LiveObject::kExists | LiveObject::kMainEqual | LiveObject::kStatusEqual;
  if (metadata.terminating) live.flags |= LiveObject::kTerminating | LiveObject::kWasTerminating;
}

size_t Live::MemoryBytes() const {
  size_t bytes = impl_->objects.size() * sizeof(LiveObject) + impl_->names.bytes();
  for (const auto& pool : impl_->pools) bytes += pool.capacity() * sizeof(LiveOwner);
  for (const ExtraObject& extra : impl_->extras)
    bytes += sizeof(extra) + extra.owners.capacity() * sizeof(ExtraObject::Owner);
  return bytes;
}

}  // namespace holdfast::restore
