// What has changed in the cluster since its objects were read or written.
#include <algorithm>

#include "base/workers.h"
#include "restore/live_impl.h"

namespace holdfast::restore {
namespace {

constexpr size_t kMostAppeared = 1000;

// Of one type, collected by one thread.
struct TypeChanges {
  std::vector<ObjectId> objects;
  std::vector<std::string> appeared;
  uint64_t appeared_total = 0;
};

class Finder {
 public:
  Finder(Live::Impl& live, ObjectLister& lister, const LiveOptions& options)
      : live_(live), lister_(lister), options_(options), seen_(live.index.size(), 0) {
    for (const ExtraObject& extra : live.extras) extras_.insert(extra.uid);
  }

  Status OneType(TypeId id, const kube::ResourceType& type, TypeChanges& out) {
    const resourceset::TypeSelection* selection =
        options_.selection != nullptr ? options_.selection->Find(type) : nullptr;
    if (!type.Can(kube::kVerbList)) return {};
    HF_TRY(lister_.List(type, "", /*metadata_only=*/true, [&](std::string_view object) -> Status {
      LiveMetadata metadata = ReadLiveMetadata(object);
      ObjectId found = live_.index.Find(id, metadata.ns, metadata.name);
      if (found != kNoId)
        Compare(found, metadata, out);
      else if (selection != nullptr && selection->plain_list && selection->metadata_suffices)
        Appeared(type, *selection, object, metadata, out);
      return {};
    }));
    return {};
  }

  // Of the types that were listed: what was there and is in no list.
  std::vector<ObjectId> NotSeen(const std::vector<bool>& listed) const {
    std::vector<ObjectId> out;
    for (ObjectId id = 0; id < live_.index.size(); ++id)
      if (listed[live_.index.TypeOf(id)] && seen_[id] == 0 && Known(id).exists()) out.push_back(id);
    return out;
  }

 private:
  LiveObject Known(ObjectId id) const {
    std::lock_guard lock(live_.mutex);
    return live_.objects[id];
  }

  void Compare(ObjectId id, const LiveMetadata& metadata, TypeChanges& out) {
    if (seen_[id] != 0) return;  // pages may repeat an object
    seen_[id] = 1;
    LiveObject known = Known(id);
    bool same = known.exists() && known.resource_version != 0 &&
                known.resource_version == metadata.resource_version &&
                known.terminating() == metadata.terminating &&
                known.uid == live_.uids.Pack(metadata.uid);
    if (!same) out.objects.push_back(id);
  }

  void Appeared(const kube::ResourceType& type, const resourceset::TypeSelection& selection,
                std::string_view object, const LiveMetadata& metadata, TypeChanges& out) {
    if (metadata.terminating || extras_.contains(live_.uids.Pack(metadata.uid))) return;
    if (live_.index.FindAnyVersion(type.gv.group, type.plural, metadata.ns, metadata.name) != kNoId)
      return;
    if (!options_.selection->Match(selection, resourceset::ObjectView(object), {})) return;
    if (++out.appeared_total > kMostAppeared) return;
    out.appeared.push_back(type.ResourceName() + " " +
                           (metadata.ns.empty() ? "" : metadata.ns + "/") + metadata.name);
  }

  Live::Impl& live_;
  ObjectLister& lister_;
  const LiveOptions& options_;
  std::vector<uint8_t> seen_;  // a byte each: written by several threads at once
  std::set<Uid> extras_;
};

}  // namespace

Result<Live::Changes> Live::FindChanges(ObjectLister& lister, const LiveOptions& options) {
  Impl& live = *impl_;
  Finder finder(live, lister, options);
  std::vector<TypeId> types;
  std::vector<bool> listed(live.index.types().size());
  for (TypeId id = 0; id < live.index.types().size(); ++id) {
    const TypeState& state = (*live.types)[id];
    if ((state.exists || state.other_version) && !live.unread.contains(id)) types.push_back(id);
  }
  std::mutex mutex;
  Changes changes;
  HF_TRY(ParallelFor(
      types.size(), options.threads, options.stop, [&](size_t i, std::stop_token) -> Status {
        const TypeState& state = (*live.types)[types[i]];
        const kube::ResourceType& type = state.exists ? state.type : *state.other_version;
        TypeChanges found;
        Status read = finder.OneType(types[i], type, found);
        if (!read && !ConcernsOneType(read.error()))
          return Fail(std::move(read).error().With("reading the cluster's " + type.ResourceName() +
                                                   " again"));
        std::lock_guard lock(mutex);
        if (!read) {
          changes.unread[types[i]] = "the cluster's " + type.ResourceName() +
                                     " cannot be read again: " + read.error().ToString();
          return {};
        }
        listed[types[i]] = type.Can(kube::kVerbList);
        changes.objects.insert(changes.objects.end(), found.objects.begin(), found.objects.end());
        changes.appeared.insert(changes.appeared.end(), found.appeared.begin(),
                                found.appeared.end());
        changes.appeared_total += found.appeared_total;
        return {};
      }));
  std::vector<ObjectId> not_seen = finder.NotSeen(listed);
  changes.objects.insert(changes.objects.end(), not_seen.begin(), not_seen.end());
  std::sort(changes.objects.begin(), changes.objects.end());
  std::sort(changes.appeared.begin(), changes.appeared.end());
  if (changes.appeared.size() > kMostAppeared) changes.appeared.resize(kMostAppeared);
  return changes;
}

}  // namespace holdfast::restore
