// Inside of Index; for index*.cc only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "restore/entry_facts.h"
#include "restore/index.h"

namespace holdfast::restore {

// 72 bytes an object.
struct IndexRecord {
  uint64_t offset = 0;  // of the body in the spool
  Digest128 main{};
  Digest128 status{};
  uint32_t size = 0;
  uint32_t ns = 0;  // in `namespaces`
  NameRef name;
  uint32_t owners_begin = 0;
  uint16_t owners_count = 0;
  uint16_t type = 0;
  SkipRule skip = SkipRule::kNone;
  bool has_status = false;
  bool null_status = false;
};

// An owner whose object was not looked up yet.
struct PendingOwner {
  uint64_t form = 0;
  NameRef name;
  uint32_t gvk = 0;  // in LoadState's table of owner kinds
  bool malformed = false;
  bool role = false;
  bool token = false;
};

// Ids by (type, namespace, name): open addressing, 4 bytes a slot.
class IdTable {
 public:
  // `equals(id)` tells whether that object has the key; kNoId when none has.
  template <typename Equals>
  ObjectId Find(uint64_t hash, const Equals& equals) const {
    if (slots_.empty()) return kNoId;
    for (size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i] == kNoId || equals(slots_[i])) return slots_[i];
    }
  }
  // `hash_of(id)` is needed when the table grows.
  template <typename HashOf>
  void Add(uint64_t hash, ObjectId id, const HashOf& hash_of) {
    if ((count_ + 1) * 4 > slots_.size() * 3) Grow(hash_of);
    Place(hash, id);
    ++count_;
  }
  size_t bytes() const { return slots_.size() * sizeof(ObjectId); }

 private:
  void Place(uint64_t hash, ObjectId id) {
    size_t i = hash & (slots_.size() - 1);
    while (slots_[i] != kNoId) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = id;
  }
  template <typename HashOf>
  void Grow(const HashOf& hash_of) {
    std::vector<ObjectId> old(slots_.empty() ? 64 : slots_.size() * 2, kNoId);
    old.swap(slots_);
    for (ObjectId id : old)
      if (id != kNoId) Place(hash_of(id), id);
  }

  std::vector<ObjectId> slots_;  // a power of two
  size_t count_ = 0;
};

struct Index::Impl {
  explicit Impl(const crypto::Transformers& with_keys) : keys(&with_keys) {}

  const crypto::Transformers* keys;
  Hasher hasher;
  std::optional<stream::Spool> spool;
  archive::ScanResult scan;
  std::optional<std::string> filters;
  uint64_t duplicates = 0;
  std::optional<Clock::Wall> taken;

  std::deque<IndexRecord> records;
  std::vector<ArchivedType> types;
  std::map<std::pair<kube::GroupVersion, std::string>, TypeId> type_ids;
  std::map<std::pair<std::string, std::string>, std::vector<TypeId>> types_of_resource;
  Interner namespaces;  // those that objects are in
  NamePool names;
  IdTable ids;
  std::vector<ArchivedOwner> owners;
  std::vector<ExternalOwner> external;
  std::vector<ArchivedCrd> crds;

  uint64_t KeyHash(uint32_t type, uint32_t ns, std::string_view name) const;
  uint64_t HashOf(ObjectId id) const;
  ObjectId Find(uint32_t type, uint32_t ns, std::string_view name) const;
  Result<TypeId> AddType(const archive::EntryName& name);
  // Finds the record of that name, or makes one; `replaced` tells which.
  Result<ObjectId> AddObject(const archive::EntryName& name, uint64_t offset, uint32_t size,
                             bool& replaced);
  archive::EntryName NameOf(ObjectId id) const;
};

}  // namespace holdfast::restore
