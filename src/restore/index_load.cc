// Building the index: one thread reads the archive, others decrypt and examine its entries.
#include <algorithm>
#include <thread>

#include "base/bounded_queue.h"
#include "base/byte_budget.h"
#include "restore/index.h"
#include "restore/index_impl.h"

namespace holdfast::restore {
namespace {

constexpr size_t kBudget = 8 << 20;  // bytes of entries between the reader and the examiners

struct Job {
  archive::EntryName name;
  uint64_t offset = 0;
  std::string stored;
  ObjectId id = kNoId;
  ByteBudget::Share share;
};

}  // namespace

// Everything that is only needed while loading. `mutex` guards it and the index.
class IndexLoader : public archive::ScanHandler {
 public:
  IndexLoader(Index::Impl& index, const IndexOptions& options)
      : index_(index), options_(options), budget_(kBudget) {}

  Result<archive::ScanResult> Run(stream::Source& gz) {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::max<size_t>(options_.threads, 1); ++i)
      threads.emplace_back([this] { Examine(); });
    archive::ScanOptions scan = options_.scan;
    scan.tar_spool = &*index_.spool;
    Result<archive::ScanResult> result = archive::Scan(gz, *this, scan);
    queue_.Close();
    threads.clear();
    if (failed_) return Fail(std::move(*error_));
    return result;
  }

  Status Filters(std::string_view json) override {
    index_.filters = std::string(json);
    return {};
  }

  Status Entry(const archive::ScanEntry& entry) override {
    ByteBudget::Share share = budget_.Take(entry.stored.size() + 1024);
    Job job{entry.name, entry.tar_offset, std::string(entry.stored), kNoId, std::move(share)};
    {
      std::lock_guard lock(mutex_);
      if (failed_) return Fail(ErrorKind::kCorrupt, "an entry before this one is bad");
      if (index_.records.size() >= options_.max_objects)
        return Fail(ErrorKind::kInvalid, "the archive has more than " +
                                             std::to_string(options_.max_objects) + " objects");
      bool replaced = false;
      HF_ASSIGN(job.id, index_.AddObject(entry.name, entry.tar_offset,
                                         static_cast<uint32_t>(entry.stored.size()), replaced));
      if (replaced) ++index_.duplicates;
    }
    queue_.Push(std::move(job));
    return {};
  }

  // Looks every owner up, now that all objects are known.
  void ResolveOwners() {
    for (TypeId type = 0; type < index_.types.size(); ++type)
      by_kind_[{index_.types[type].gv.group, index_.types[type].kind}].push_back(type);
    index_.owners.reserve(pending_.size());
    for (const PendingOwner& pending : pending_) index_.owners.push_back({pending.form});
    for (IndexRecord& record : index_.records)
      for (uint32_t i = 0; i < record.owners_count; ++i)
        Resolve(record, pending_[record.owners_begin + i], index_.owners[record.owners_begin + i]);
  }

 private:
  struct OwnerKind {
    kube::GroupVersion gv;
    std::string kind;
    auto operator<=>(const OwnerKind&) const = default;
  };

  void Examine() {
    std::string scratch;
    while (std::optional<Job> job = queue_.Pop()) {
      Result<EntryFacts> facts = ExamineStored(*job, scratch);
      std::lock_guard lock(mutex_);
      if (facts) {
        Status stored = Store(*job, *facts);
        if (!stored) Report(job->offset, std::move(stored).error(), job->name);
      } else {
        Report(job->offset, std::move(facts).error(), job->name);
      }
    }
  }

  Result<EntryFacts> ExamineStored(const Job& job, std::string& scratch) {
    if (job.stored.empty()) return Fail(ErrorKind::kCorrupt, "the entry is empty");
    if (!crypto::IsEncrypted(job.stored))
      return ExamineEntry(index_.hasher, job.name, job.stored, scratch);
    HF_ASSIGN(std::string plain, index_.keys->DecryptEntry(job.name.plural, job.name.group,
                                                           job.name.DataContext(), job.stored));
    return ExamineEntry(index_.hasher, job.name, plain, scratch);
  }

  // The error of the entry that comes first in the archive is the one that is told.
  void Report(uint64_t offset, Error error, const archive::EntryName& name) {
    if (failed_ && offset >= error_offset_) return;
    failed_ = true;
    error_offset_ = offset;
    error_ = std::move(error).With("entry " + name.ToPath());
  }

  Status Store(const Job& job, EntryFacts& facts) {
    IndexRecord& record = index_.records[job.id];
    if (record.offset != job.offset) return {};  // a later entry of the same path won
    ArchivedType& type = index_.types[record.type];
    if (type.kind.empty()) type.kind = facts.kind;
    if (!facts.kind.empty() && facts.kind != type.kind)
      return Fail(ErrorKind::kCorrupt, "kind is \"" + facts.kind +
                                           "\", but other entries of its "
                                           "folder are of kind \"" +
                                           type.kind + "\"");
    record.main = facts.forms.main;
    record.status = facts.forms.status;
    record.has_status = facts.forms.has_status;
    record.null_status = facts.forms.null_status;
    record.skip = facts.skip;
    record.owners_begin = static_cast<uint32_t>(pending_.size());
    record.owners_count = static_cast<uint16_t>(facts.owners.size());
    for (OwnerFacts& owner : facts.owners) {
      OwnerKind kind{std::move(owner.gv), std::move(owner.kind)};
      auto [it, added] = kind_ids_.try_emplace(kind, static_cast<uint32_t>(kinds_.size()));
      if (added) kinds_.push_back(std::move(kind));
      pending_.push_back({owner.form, owner_names_.Add(owner.name), it->second, owner.malformed,
                          owner.role, owner.token});
    }
    std::erase_if(index_.crds, [&](const ArchivedCrd& crd) { return crd.object == job.id; });
    if (facts.crd) {
      facts.crd->object = job.id;
      index_.crds.push_back(std::move(*facts.crd));
    }
    return {};
  }

  void Resolve(const IndexRecord& record, const PendingOwner& pending, ArchivedOwner& owner) {
    owner.role = pending.role;
    owner.token = pending.token;
    owner.kind = ArchivedOwner::Target::kMalformed;
    if (pending.malformed) return;
    const OwnerKind& kind = kinds_[pending.gvk];
    std::string_view name = owner_names_.Get(pending.name);
    if (ObjectId found = FindOwner(record, kind, name, owner); found != kNoId) {
      owner.kind = ArchivedOwner::Target::kObject;
      owner.target = found;
    } else if (owner.kind != ArchivedOwner::Target::kNamespacedOwner) {
      ExternalOwner external{kind.gv, kind.kind, index_.namespaces.Get(record.ns),
                             std::string(name)};
      auto [it, added] =
          external_ids_.try_emplace(external, static_cast<uint32_t>(index_.external.size()));
      if (added) index_.external.push_back(std::move(external));
      owner.kind = ArchivedOwner::Target::kExternal;
      owner.target = it->second;
    }
  }

  // In the version that the reference names, else in any; cluster-scoped, else in the same
  // namespace.
  ObjectId FindOwner(const IndexRecord& record, const OwnerKind& kind, std::string_view name,
                     ArchivedOwner& owner) const {
    auto types = by_kind_.find({kind.gv.group, kind.kind});
    if (types == by_kind_.end()) return kNoId;
    ObjectId found = kNoId;
    bool cluster_scoped = false;
    for (TypeId type : types->second) {
      cluster_scoped = cluster_scoped || index_.types[type].cluster_scoped != 0;
      ObjectId id = index_.Find(type, 0, name);
      if (id == kNoId && record.ns != 0) id = index_.Find(type, record.ns, name);
      if (id == kNoId) continue;
      if (found == kNoId || index_.types[type].gv == kind.gv) found = id;
    }
    // None of the kind's objects is cluster-scoped, so the kind is not.
    if (found == kNoId && record.ns == 0 && !cluster_scoped)
      owner.kind = ArchivedOwner::Target::kNamespacedOwner;
    return found;
  }

  Index::Impl& index_;
  const IndexOptions& options_;
  ByteBudget budget_;
  BoundedQueue<Job> queue_;
  std::mutex mutex_;
  std::deque<PendingOwner> pending_;
  NamePool owner_names_;
  std::map<OwnerKind, uint32_t> kind_ids_;
  std::vector<OwnerKind> kinds_;
  std::map<std::pair<std::string, std::string>, std::vector<TypeId>> by_kind_;
  std::map<ExternalOwner, uint32_t> external_ids_;
  bool failed_ = false;
  uint64_t error_offset_ = 0;
  std::optional<Error> error_;
};

Result<Index> Index::Load(stream::Source& gz, const crypto::Transformers& keys,
                          const IndexOptions& options) {
  auto impl = std::make_unique<Impl>(keys);
  HF_ASSIGN(impl->spool, stream::Spool::Create(options.temp_dir));
  IndexLoader loader(*impl, options);
  HF_ASSIGN(impl->scan, loader.Run(gz));
  impl->taken = options.taken;
  if (impl->scan.manifest) impl->taken = impl->scan.manifest->info.started;
  loader.ResolveOwners();
  std::sort(impl->crds.begin(), impl->crds.end(),
            [](const ArchivedCrd& a, const ArchivedCrd& b) { return a.object < b.object; });
  return Index(std::move(impl));
}

}  // namespace holdfast::restore
