// Reading the cluster's side: the lists, and owners that are in none of them.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/json_scan.h"
#include "base/workers.h"
#include "restore/live_impl.h"
#include "restore/owner_lookup.h"
#include "restore/prune.h"
#include "restore/service_fields.h"

namespace holdfast::restore {

// What must be listed: all, or what concerns the archived types in `only` and what was never
// listed.
std::vector<Live::Impl::Target> Live::Impl::Targets(const std::set<TypeId>* only,
                                                    const LiveOptions& options) {
  std::vector<Target> targets;
  std::set<TypeKey> taken;
  for (TypeId id = 0; id < index.types().size(); ++id) {
    const TypeState& state = (*types)[id];
    bool visible = state.exists || state.other_version;
    if (state.exists) taken.insert(KeyOf(state.type));
    if (!visible || (only != nullptr && !only->contains(id) && !unread.contains(id))) continue;
    Target target{state.exists ? state.type : *state.other_version, id, !state.exists, nullptr};
    if (state.exists && options.selection != nullptr)
      target.selection = options.selection->Find(state.type);
    targets.push_back(std::move(target));
  }
  auto size = [&](const Target& target) {
    if (target.archived == kNoId) return uint32_t{0};
    const ArchivedType& type = index.types()[target.archived];
    return type.cluster_scoped + type.namespaced;
  };
  // The longest lists first, so that none is left alone at the end.
  std::stable_sort(targets.begin(), targets.end(),
                   [&](const Target& a, const Target& b) { return size(a) > size(b); });
  if (options.selection == nullptr) return targets;
  for (const resourceset::TypeSelection& selected : options.selection->types()) {
    TypeKey key = KeyOf(*selected.type);
    bool known = only != nullptr && listed.contains(key);
    if (selected.access != resourceset::TypeSelection::Access::kList || taken.contains(key) ||
        known)
      continue;
    targets.push_back({*selected.type, kNoId, false, &selected});
  }
  return targets;
}

// The type's objects are not known then; all others are.
void Live::Impl::GiveUp(const Target& target, const Error& error) {
  std::lock_guard lock(mutex);
  std::string why =
      "the cluster's " + target.type.ResourceName() + " cannot be read: " + error.ToString();
  if (target.archived != kNoId) {
    Forget(target.archived);
    unread[target.archived] = why;
  }
  if (target.selection != nullptr) unread_extras[KeyOf(target.type)] = why;
}

void Live::Impl::Forget(TypeId type) {
  pools[type].clear();
  for (ObjectId id = 0; id < objects.size(); ++id) {
    if (index.TypeOf(id) != type) continue;
    objects[id] = {};
    paths.erase(id);
    left.erase(id);
    node_ports_differ.erase(id);
  }
}

std::string Live::Impl::WhyGoing(TypeId type, std::string_view ns) const {
  if (going.empty()) return {};
  auto text = [](std::string what, const std::string& how) {
    return what + " is being deleted" + (how.empty() ? "" : " (" + how + ")");
  };
  if (auto it = going.namespaces.find(std::string(ns)); it != going.namespaces.end())
    return text("its namespace " + it->first, it->second);
  if (auto it = going.crds.find(index.types()[type].ResourceName()); it != going.crds.end())
    return text("its CustomResourceDefinition " + it->first, it->second);
  return {};
}

void Live::Impl::Store(ObjectId id, LiveComparison comparison) {
  if (comparison.object.exists() && !WhyGoing(index.TypeOf(id), index.Namespace(id)).empty())
    comparison.object.flags |= LiveObject::kTerminating;
  std::vector<LiveOwner>& pool = pools[index.TypeOf(id)];
  std::vector<LiveOwner>& owners = comparison.owners;
  owners.resize(std::min<size_t>(owners.size(), UINT16_MAX));
  comparison.object.owners_count = static_cast<uint16_t>(owners.size());
  if (owners.size() <= objects[id].owners_count) {
    // Compared again: where it stood before there is room, so that the pool does not grow.
    comparison.object.owners_begin = objects[id].owners_begin;
    std::copy(owners.begin(), owners.end(), pool.begin() + comparison.object.owners_begin);
  } else {
    comparison.object.owners_begin = static_cast<uint32_t>(pool.size());
    pool.insert(pool.end(), owners.begin(), owners.end());
  }
  left.erase(id);
  node_ports_differ.erase(id);
  if (comparison.node_ports_only && node_ports_refused.contains(id)) {
    comparison.object.flags |= LiveObject::kMainEqual;
    comparison.paths.clear();
  } else if (comparison.node_ports_only) {
    node_ports_differ.insert(id);
  }
  if (!comparison.left.empty()) left[id] = std::move(comparison.left);
  objects[id] = comparison.object;
  if (!comparison.paths.empty()) paths[id] = std::move(comparison.paths);
}

ExtraObject Live::Impl::MakeExtra(const kube::ResourceType& type, std::string_view object,
                                  const LiveMetadata& metadata) {
  auto& copy = type_copies[KeyOf(type)];
  if (copy == nullptr) copy = std::make_unique<kube::ResourceType>(type);
  ExtraObject extra;
  extra.type = copy.get();
  extra.ns = namespaces.Get(namespaces.Add(metadata.ns));
  extra.name = names.Get(names.Add(metadata.name));
  extra.uid = uids.Pack(metadata.uid);
  extra.terminating = metadata.terminating || going.namespaces.contains(metadata.ns) ||
                      going.crds.contains(type.ResourceName());
  extra.held = HasRemovableFinalizers(object);
  extra.account_token = type.gv.group.empty() && type.plural == "secrets" &&
                        json::FindString(object, {"type"}) == "kubernetes.io/service-account-token";
  for (json::ArrayReader reader(metadata.owners); auto reference = reader.Next();) {
    auto text = [&](std::string_view key) {
      return json::FindString(*reference, {key}).value_or("");
    };
    auto gv = kube::GroupVersion::Parse(text("apiVersion"));
    ExternalOwner owner{gv ? *gv : kube::GroupVersion{}, text("kind"), metadata.ns, text("name")};
    auto [it, added] =
        extra_owner_ids.try_emplace(owner, static_cast<uint32_t>(extra_owner_ids.size()));
    extra.owners.push_back({uids.Pack(text("uid")), it->second});
  }
  return extra;
}

Status Live::Impl::See(const Target& target, std::string_view object, bool compare,
                       std::span<const size_t> server_matched, const LiveOptions& options,
                       std::vector<ExtraObject>& found) {
  LiveMetadata metadata = ReadLiveMetadata(object);
  if (target.archived != kNoId) {
    ObjectId id = index.Find(target.archived, metadata.ns, metadata.name);
    if (id != kNoId && !compare) return {};
    if (id != kNoId) {
      HF_ASSIGN_CONTEXT(LiveComparison comparison,
                        CompareLive(index, (*types)[target.archived], id, object, metadata,
                                    target.metadata_only, options.explain, uids),
                        "comparing " + index.Describe(id));
      std::lock_guard lock(mutex);
      Store(id, std::move(comparison));
      return {};
    }
  }
  if (target.selection == nullptr) return {};
  if (compare && !target.selection->plain_list) return {};
  resourceset::ObjectView view(object);
  if (!options.selection->Match(*target.selection, view, server_matched)) return {};
  // The same object in another version of its resource is not missing from the archive.
  if (index.FindAnyVersion(target.type.gv.group, target.type.plural, metadata.ns, metadata.name) !=
      kNoId)
    return {};
  std::string_view former = FormerGroup(target.type.gv.group, target.type.plural);
  if (!former.empty() &&
      index.FindAnyVersion(former, target.type.plural, metadata.ns, metadata.name) != kNoId)
    return {};
  std::lock_guard lock(mutex);
  found.push_back(MakeExtra(target.type, object, metadata));
  return {};
}

// For types that the server does not list.
Status Live::Impl::ReadOneByOne(const Target& target, ObjectLister& lister,
                                const LiveOptions& options) {
  std::vector<ExtraObject> none;
  for (ObjectId id = 0; id < objects.size(); ++id) {
    if (index.TypeOf(id) != target.archived) continue;
    Result<std::string> object = lister.Get(target.type, index.Namespace(id), index.Name(id));
    if (!object && object.error().kind() == ErrorKind::kNotFound) continue;
    if (!object) return Fail(std::move(object).error());
    HF_TRY(See(target, *object, /*compare=*/true, {}, options, none));
  }
  return {};
}

Status Live::Impl::ReadTarget(const Target& target, ObjectLister& lister,
                              const LiveOptions& options) {
  if (!target.type.Can(kube::kVerbList)) {
    if (target.archived == kNoId || !target.type.Can(kube::kVerbGet)) return {};
    return ReadOneByOne(target, lister, options);
  }
  std::vector<ExtraObject> found;
  uint64_t seen = 0;
  if (target.archived != kNoId || target.selection->plain_list) {
    HF_TRY(lister.List(target.type, "", target.metadata_only, [&](std::string_view object) {
      ++seen;
      return See(target, object, /*compare=*/true, {}, options, found);
    }));
  }
  if (target.selection != nullptr) {
    for (const resourceset::ServerFieldSelector& fields : target.selection->server_field_selectors)
      HF_TRY(lister.List(target.type, fields.text, false, [&](std::string_view object) {
        return See(target, object, /*compare=*/false, fields.selectors, options, found);
      }));
  }
  std::lock_guard lock(mutex);
  objects_read += seen;
  listed.insert(KeyOf(target.type));
  unread.erase(target.archived);
  unread_extras.erase(KeyOf(target.type));
  extras.insert(extras.end(), std::make_move_iterator(found.begin()),
                std::make_move_iterator(found.end()));
  return {};
}

Status Live::Impl::ReadAll(const std::vector<Target>& targets, ObjectLister& lister,
                           const LiveOptions& options) {
  std::mutex progress;
  uint64_t done = 0;
  HF_TRY(ParallelFor(targets.size(), options.threads, options.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       Status read = ReadTarget(targets[i], lister, options);
                       if (!read && !ConcernsOneType(read.error())) {
                         return Fail(std::move(read).error().With("reading the cluster's " +
                                                                  targets[i].type.ResourceName()));
                       }
                       if (!read) GiveUp(targets[i], read.error());
                       if (!options.progress) return {};
                       std::lock_guard lock(progress);
                       uint64_t objects_seen;
                       {
                         std::lock_guard inner(mutex);
                         objects_seen = objects_read;
                       }
                       options.progress(++done, targets.size(), objects_seen);
                       return {};
                     }));
  SortExtras();
  HF_TRY(TryNodePorts(lister, options));
  return LookUp(lister, options);
}

// Node ports that another Service has by now, or that are outside the server's range, are left to
// the server and are no difference. Only the server can tell: its range is in no object.
Status Live::Impl::TryNodePorts(ObjectLister& lister, const LiveOptions& options) {
  std::vector<ObjectId> ids(node_ports_differ.begin(), node_ports_differ.end());
  return ParallelFor(ids.size(), options.threads, options.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       ObjectId id = ids[i];
                       const kube::ResourceType& type = (*types)[index.TypeOf(id)].type;
                       if (!type.Can(kube::kVerbUpdate)) return {};
                       auto live_text = lister.Get(type, index.Namespace(id), index.Name(id));
                       if (!live_text) return {};  // changed meanwhile: writing it decides
                       HF_ASSIGN(std::string archived, index.Body(id));
                       auto taken = lister.WouldUpdate(type, index.Namespace(id), index.Name(id),
                                                       WithNodePortsOf(archived, *live_text));
                       if (!taken && taken.error().kind() == ErrorKind::kCancelled)
                         return Fail(std::move(taken).error());
                       if (!taken || *taken) return {};
                       std::lock_guard lock(mutex);
                       node_ports_refused.insert(id);
                       node_ports_differ.erase(id);
                       objects[id].flags |= LiveObject::kMainEqual;
                       paths.erase(id);
                       return {};
                     });
}

// In a fixed order, each once although pages may repeat and several selectors may take it.
void Live::Impl::SortExtras() {
  auto key = [](const ExtraObject& extra) {
    return std::tie(extra.type->gv, extra.type->plural, extra.ns, extra.name);
  };
  std::sort(extras.begin(), extras.end(),
            [&](const ExtraObject& a, const ExtraObject& b) { return key(a) < key(b); });
  auto same = [&](const ExtraObject& a, const ExtraObject& b) { return key(a) == key(b); };
  extras.erase(std::unique(extras.begin(), extras.end(), same), extras.end());
  extras.shrink_to_fit();
  std::set<std::string> missing;
  for (const ExtraObject& extra : extras)
    if (!HasType(index, extra.type->gv.group, extra.type->plural))
      missing.insert(extra.type->ResourceName());
  types_not_in_archive.assign(missing.begin(), missing.end());
}

Status Live::Impl::LookUp(ObjectLister& lister, const LiveOptions& options) {
  const std::vector<ExternalOwner>& all = index.external_owners();
  std::vector<ExternalOwner> wanted;
  std::vector<size_t> numbers;
  externals.resize(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (externals[i].exists) continue;
    wanted.push_back(all[i]);
    numbers.push_back(i);
  }
  HF_ASSIGN(std::vector<Live::External> answers,
            LookUpOwners(wanted, types->discovery(), lister, uids, options.threads, options.stop));
  for (size_t i = 0; i < answers.size(); ++i) externals[numbers[i]] = answers[i];
  return LookUpExtraOwners(lister, options);
}

// Only those that are neither an object of the archive nor themselves extra.
Status Live::Impl::LookUpExtraOwners(ObjectLister& lister, const LiveOptions& options) {
  extra_owners.assign(extra_owner_ids.size(), {});
  if (extras.empty()) return {};
  std::set<Uid> uids_wanted;
  for (const ExtraObject& extra : extras)
    for (const ExtraObject::Owner& owner : extra.owners) uids_wanted.insert(owner.uid);
  for (const LiveObject& object : objects)
    if (object.exists()) uids_wanted.erase(object.uid);
  for (const ExtraObject& extra : extras) uids_wanted.erase(extra.uid);
  std::vector<const ExternalOwner*> by_number(extra_owner_ids.size());
  for (const auto& [owner, number] : extra_owner_ids) by_number[number] = &owner;
  std::set<uint32_t> numbers;
  for (const ExtraObject& extra : extras)
    for (const ExtraObject::Owner& owner : extra.owners)
      if (uids_wanted.contains(owner.uid)) numbers.insert(owner.external);
  std::vector<ExternalOwner> wanted;
  for (uint32_t number : numbers) wanted.push_back(*by_number[number]);
  HF_ASSIGN(std::vector<Live::External> answers,
            LookUpOwners(wanted, types->discovery(), lister, uids, options.threads, options.stop));
  size_t i = 0;
  for (uint32_t number : numbers) extra_owners[number] = answers[i++];
  return {};
}

Result<Live> Live::Read(const Index& index, const Types& types, ObjectLister& lister,
                        const LiveOptions& options) {
  auto impl = std::make_unique<Impl>(index);
  impl->types = &types;
  if (options.going != nullptr) impl->going = *options.going;
  HF_TRY(impl->ReadAll(impl->Targets(nullptr, options), lister, options));
  return Live(std::move(impl));
}

Status Live::Reread(const Types& types, const std::vector<TypeId>& changed, ObjectLister& lister,
                    const LiveOptions& options) {
  impl_->types = &types;
  if (options.going != nullptr) impl_->going = *options.going;
  std::set<TypeId> only(changed.begin(), changed.end());
  std::set<TypeKey> keys;
  for (TypeId type : only) {
    impl_->Forget(type);
    keys.insert(KeyOf(types[type].type));
  }
  std::erase_if(impl_->extras,
                [&](const ExtraObject& extra) { return keys.contains(KeyOf(*extra.type)); });
  return impl_->ReadAll(impl_->Targets(&only, options), lister, options);
}

}  // namespace holdfast::restore
