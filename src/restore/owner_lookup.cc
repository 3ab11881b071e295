#include "restore/owner_lookup.h"

#include <map>
#include <utility>

#include "base/json_scan.h"
#include "base/workers.h"
#include "restore/live_object.h"

namespace holdfast::restore {
namespace {

constexpr size_t kFew = 32;  // more owners of one type are found by a list

using Key = std::pair<std::string, std::string>;  // namespace (empty: cluster-scoped) and name

// The owners of one type, each with the numbers of those who asked.
struct TypeOwners {
  const kube::ResourceType* type = nullptr;
  std::map<Key, std::vector<size_t>> wanted;
};

class Lookup {
 public:
  Lookup(ObjectLister& lister, UidTable& uids, std::vector<Live::External>& answers)
      : lister_(lister), uids_(uids), answers_(answers) {}

  Status ByList(const TypeOwners& owners) {
    auto sink = [&](std::string_view object) -> Status {
      LiveMetadata metadata = ReadLiveMetadata(object);
      auto it = owners.wanted.find({metadata.ns, metadata.name});
      if (it != owners.wanted.end()) Found(it->second, metadata);
      return {};
    };
    Status listed = lister_.List(*owners.type, "", /*metadata_only=*/true, sink);
    if (listed || !ConcernsOneType(listed.error())) return listed;
    for (const auto& [key, numbers] : owners.wanted) Unknown(numbers);
    return {};
  }

  Status ByGet(const kube::ResourceType& type, const Key& key, const std::vector<size_t>& numbers) {
    Result<std::string> object = lister_.Get(type, key.first, key.second);
    if (object) {
      Found(numbers, ReadLiveMetadata(*object));
      return {};
    }
    if (object.error().kind() == ErrorKind::kNotFound) return {};
    if (ConcernsOneType(object.error())) {
      Unknown(numbers);
      return {};
    }
    return Fail(std::move(object).error().With("looking for the owner " + type.ResourceName() +
                                               " " + key.second));
  }

 private:
  void Unknown(const std::vector<size_t>& numbers) {
    for (size_t number : numbers) answers_[number].unknown = !answers_[number].exists;
  }
  // Every number belongs to one key, so no two threads write the same answer.
  void Found(const std::vector<size_t>& numbers, const LiveMetadata& metadata) {
    for (size_t number : numbers) {
      answers_[number].exists = true;
      answers_[number].uid = uids_.Pack(metadata.uid);
      answers_[number].going = metadata.terminating;
    }
  }

  ObjectLister& lister_;
  UidTable& uids_;
  std::vector<Live::External>& answers_;
};

}  // namespace

Result<std::vector<Live::External>> LookUpOwners(const std::vector<ExternalOwner>& owners,
                                                 const kube::Discovery& discovery,
                                                 ObjectLister& lister, UidTable& uids,
                                                 size_t threads, std::stop_token stop) {
  std::vector<Live::External> answers(owners.size());
  std::map<const kube::ResourceType*, TypeOwners> types;
  for (size_t i = 0; i < owners.size(); ++i) {
    const ExternalOwner& owner = owners[i];
    const kube::ResourceType* type = discovery.ByKind(owner.gv, owner.kind);
    if (type == nullptr) type = discovery.ByGroupKind(owner.gv.group, owner.kind);
    if (type == nullptr) continue;
    answers[i].kind_known = true;
    answers[i].namespaced = type->namespaced;
    if (type->namespaced && owner.ns.empty()) continue;
    if (!type->Can(kube::kVerbGet)) continue;  // of such a type nothing lasts
    TypeOwners& of_type = types[type];
    of_type.type = type;
    of_type.wanted[{type->namespaced ? owner.ns : "", owner.name}].push_back(i);
  }
  struct Task {
    const TypeOwners* owners;
    const std::pair<const Key, std::vector<size_t>>* one;  // null: the whole list
  };
  std::vector<Task> tasks;
  for (const auto& [type, of_type] : types) {
    if (of_type.wanted.size() > kFew && type->Can(kube::kVerbList)) {
      tasks.push_back({&of_type, nullptr});
    } else {
      for (const auto& one : of_type.wanted) tasks.push_back({&of_type, &one});
    }
  }
  Lookup lookup(lister, uids, answers);
  HF_TRY(ParallelFor(tasks.size(), threads, stop, [&](size_t i, std::stop_token) -> Status {
    const Task& task = tasks[i];
    if (task.one == nullptr) return lookup.ByList(*task.owners);
    return lookup.ByGet(*task.owners->type, task.one->first, task.one->second);
  }));
  return answers;
}

}  // namespace holdfast::restore
