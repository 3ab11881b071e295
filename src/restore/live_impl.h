// Inside of Live; for live*.cc only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "restore/live.h"
#include "restore/live_object.h"
#include "restore/names.h"

namespace holdfast::restore {

using TypeKey = std::pair<kube::GroupVersion, std::string>;  // and plural
inline TypeKey KeyOf(const kube::ResourceType& type) { return {type.gv, type.plural}; }

struct Live::Impl {
  explicit Impl(const Index& of) : index(of), objects(of.size()), pools(of.types().size()) {}

  // One list to be read.
  struct Target {
    kube::ResourceType type;
    TypeId archived = kNoId;
    bool metadata_only = false;  // another version of the archived type
    const resourceset::TypeSelection* selection = nullptr;
  };
  std::vector<Target> Targets(const std::set<TypeId>* only, const LiveOptions& options);
  Status ReadAll(const std::vector<Target>& targets, ObjectLister& lister,
                 const LiveOptions& options);
  Status ReadTarget(const Target& target, ObjectLister& lister, const LiveOptions& options);
  Status ReadOneByOne(const Target& target, ObjectLister& lister, const LiveOptions& options);
  Status See(const Target& target, std::string_view object, bool compare,
             std::span<const size_t> server_matched, const LiveOptions& options,
             std::vector<ExtraObject>& found);
  Status TryNodePorts(ObjectLister& lister, const LiveOptions& options);
  Status LookUp(ObjectLister& lister, const LiveOptions& options);
  Status LookUpExtraOwners(ObjectLister& lister, const LiveOptions& options);
  void GiveUp(const Target& target, const Error& error);
  void Forget(TypeId type);
  void Store(ObjectId id, LiveComparison comparison);
  ExtraObject MakeExtra(const kube::ResourceType& type, std::string_view object,
                        const LiveMetadata& metadata);
  void SortExtras();

  // "its namespace a is being deleted"; empty: neither its namespace nor its CRD is.
  std::string WhyGoing(TypeId type, std::string_view ns) const;

  const Index& index;
  const Types* types = nullptr;
  Going going;
  UidTable uids;

  // Guards everything below while several threads are at work.
  mutable std::mutex mutex;
  std::vector<LiveObject> objects;
  uint64_t objects_read = 0;
  std::vector<std::vector<LiveOwner>> pools;  // by TypeId
  std::unordered_map<ObjectId, std::vector<std::string>> paths;
  std::unordered_map<ObjectId, std::string> left;  // fields left to the control plane
  std::set<ObjectId> node_ports_differ;            // and nothing else, as far as lists tell
  // Of these the server would not take the archived node ports.
  std::set<ObjectId> node_ports_refused;
  std::vector<Live::External> externals;
  std::map<TypeKey, std::unique_ptr<kube::ResourceType>> type_copies;
  std::set<TypeKey> listed;
  std::map<TypeId, std::string> unread;          // archived types, and why
  std::map<TypeKey, std::string> unread_extras;  // selected types
  NamePool names;
  Interner namespaces;
  std::vector<ExtraObject> extras;
  std::map<ExternalOwner, uint32_t> extra_owner_ids;
  std::vector<Live::External> extra_owners;
  std::vector<std::string> types_not_in_archive;
};

}  // namespace holdfast::restore
