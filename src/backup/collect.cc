#include "backup/collect.h"

#include <utility>

#include "backup/scrub.h"
#include "stream/sha256_many.h"

namespace holdfast::backup {
namespace {

// Large enough that the queue's lock costs nothing, small enough that eight listers hold little.
constexpr size_t kBatchBytes = size_t{256} << 10;
// Of an entry's strings, digest and allocations beside its bytes.
constexpr size_t kEntryOverhead = 160;

tl::unexpected<Error> Stopped() { return Fail(ErrorKind::kCancelled, "the backup was stopped"); }

}  // namespace

std::string KindKey(const kube::ResourceType& type) {
  archive::EntryName name;
  name.plural = type.plural;
  name.group = type.gv.group;
  name.version = type.gv.version;
  return name.KindKey();
}

Status Pipe::Push(std::vector<Entry> entries, size_t bytes, std::stop_token stop) {
  uint64_t objects = entries.size();
  uint64_t stored = 0;
  for (const Entry& entry : entries) stored += entry.stored.size();
  // No share is held while waiting for one, so the writer always gets on.
  Batch batch{std::move(entries), budget_.Take(bytes, stop)};
  if (!batch.share || !queue_.Push(std::move(batch))) return Stopped();
  std::lock_guard lock(mutex_);
  state_.objects += objects;
  state_.bytes += stored;
  progress_.Update(state_);
  return {};
}

void Pipe::KindDone() {
  std::lock_guard lock(mutex_);
  ++state_.kinds_done;
  progress_.Update(state_);
}

Status Pipe::WriteAll(archive::Writer& writer, std::string_view resource_set_json,
                      std::stop_token stop) {
  auto write = [&]() -> Status {
    HF_TRY(writer.AddFilters(resource_set_json));
    while (std::optional<Batch> batch = queue_.Pop(stop))
      for (const Entry& entry : batch->entries)
        HF_TRY(writer.Add(entry.path, entry.stored, entry.sha256));
    return {};
  };
  Status done = write();
  if (done && stop.stop_requested()) done = Stopped();
  if (!done) queue_.Close();
  return done;
}

KindCollector::KindCollector(const resourceset::Selection& selection,
                             const resourceset::TypeSelection& type,
                             const crypto::Transformers& keys, Pipe& pipe, std::stop_token stop)
    : selection_(selection), type_(type), keys_(keys), pipe_(pipe), stop_(std::move(stop)) {
  name_.plural = type.type->plural;
  name_.group = type.type->gv.group;
  name_.version = type.type->gv.version;
}

Result<bool> KindCollector::Offer(ObjectScan& object, std::span<const size_t> server_matched) {
  resourceset::ObjectView view(object.object(), object.selection_metadata());
  if (!selection_.Match(type_, view, server_matched)) return false;
  HF_TRY(Take(object));
  return true;
}

Status KindCollector::Take(ObjectScan& object) {
  if (IsLeftOut(*type_.type, object)) return {};
  name_.ns = object.ns();
  name_.name = object.name();
  Entry entry;
  entry.path = name_.ToPath();
  HF_ASSIGN_CONTEXT(entry.stored,
                    keys_.EncryptEntry(name_.plural, name_.group, name_.DataContext(),
                                       Scrubber::Scrub(*type_.type, object)),
                    "encrypting " + name_.ToString());
  batch_bytes_ += entry.stored.capacity() + entry.path.size() + kEntryOverhead;
  batch_.push_back(std::move(entry));
  return batch_bytes_ < kBatchBytes ? Status() : Flush();
}

Status KindCollector::Flush() {
  if (batch_.empty()) return {};
  // Together, as they are digested several times faster side by side.
  std::vector<std::string_view> texts;
  for (const Entry& entry : batch_) texts.push_back(entry.stored);
  std::vector<stream::Digest> digests(texts.size());
  stream::Sha256Many(texts, digests);
  for (size_t i = 0; i < batch_.size(); ++i) batch_[i].sha256 = digests[i];
  return pipe_.Push(std::exchange(batch_, {}), std::exchange(batch_bytes_, 0), stop_);
}

Status KindCollector::Finish() {
  HF_TRY(Flush());
  pipe_.KindDone();
  return {};
}

}  // namespace holdfast::backup
