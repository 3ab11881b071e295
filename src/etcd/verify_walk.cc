#include "etcd/verify_walk.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "etcd/bytes.h"

namespace holdfast::etcd {

void VerifyWalk::Doubtful(std::string text) {
  ++report_.problem_count;
  if (report_.problems.size() < options_.max_problems) report_.problems.push_back(std::move(text));
}

void VerifyWalk::Fatal(std::string text) {
  fatal_ = true;
  Doubtful(std::move(text));
}

Status VerifyWalk::Run() {
  auto buckets = ReadBuckets(database_, reached_);
  if (!buckets) {
    if (buckets.error().kind() != ErrorKind::kCorrupt) return Fail(std::move(buckets).error());
    Fatal(buckets.error().ToString());
    ++report_.lost_pages;
    return {};
  }
  buckets_ = std::move(*buckets);
  std::vector<std::string> problems;
  auto facts = ReadFacts(database_, buckets_, problems);
  if (facts) {
    report_.facts = std::move(*facts);
  } else if (facts.error().kind() != ErrorKind::kCorrupt) {
    return Fail(std::move(facts).error());
  }  // else the walk below meets the same damage
  for (std::string& problem : problems) Doubtful(std::move(problem));
  compacted_ = std::max(report_.facts.scheduled_compaction, report_.facts.finished_compaction);
  for (const Bucket& bucket : buckets_) HF_TRY(WalkBucket(bucket, 1));
  report_.keys = keys_.CountLive();
  report_.reached = reached_.size();
  if (FindBucket(buckets_, kKeyBucket) == nullptr)
    report_.warnings.push_back("there is no bucket \"key\": not a store of etcd");
  return CheckFreelist();
}

Status VerifyWalk::WalkBucket(const Bucket& bucket, int depth) {
  std::string name = Printable(bucket.name, 64);
  Cursor cursor(database_, bucket, reached_);
  while (true) {
    auto row = cursor.Next();
    if (!row) {
      if (row.error().kind() != ErrorKind::kCorrupt) return Fail(std::move(row).error());
      Fatal(fmt::format("bucket \"{}\": {}", name, row.error().ToString()));
      ++report_.lost_pages;
      continue;
    }
    if (!*row) return {};
    ++report_.rows;
    if ((*row)->bucket) {
      Fatal(fmt::format("bucket \"{}\" has a bucket inside, which etcd never makes", name));
      auto inner = ParseBucket((*row)->key, (*row)->value);
      if (inner && depth < 8) HF_TRY(WalkBucket(*inner, depth + 1));
      continue;
    }
    CheckRow(bucket, **row);
    if (report_.rows % 1024 == 0 && options_.stop.stop_requested())
      return Fail(ErrorKind::kCancelled, "stopped");
  }
}

void VerifyWalk::CheckRow(const Bucket& bucket, const Element& row) {
  if (bucket.name == kKeyBucket) return CheckRecord(row);
  std::string wrong = CheckSmallRow(bucket.name, row.key, row.value);
  if (!wrong.empty()) Doubtful(fmt::format("bucket \"{}\": {}", Printable(bucket.name, 64), wrong));
}

void VerifyWalk::CheckRecord(const Element& row) {
  auto key = ParseRecordKey(row.key);
  if (!key) return Fatal("bucket \"key\": " + key.error().ToString());
  std::string where = fmt::format("revision {}.{}", key->revision.main, key->revision.sub);
  auto kv = ParseKeyValue(row.value);
  if (!kv) return Fatal(where + ": " + kv.error().ToString());
  ++report_.records;
  if (report_.first_revision == 0) report_.first_revision = key->revision.main;
  report_.last_revision = std::max(report_.last_revision, key->revision.main);
  if (kv->key.empty()) {
    if (!row.value.empty()) Doubtful(where + " has no key");
    return;  // the mark of a revision bump
  }
  CheckHistory(*key, *kv);
}

void VerifyWalk::CheckHistory(const RecordKey& key, const KeyValue& kv) {
  bool found;
  KeyState& state = keys_.At(kv.key, found);
  auto wrong = [&](std::string_view text) {
    Doubtful(fmt::format("revision {}.{} of \"{}\": {}", key.revision.main, key.revision.sub,
                         Printable(kv.key, 120), text));
  };
  bool lived = found && !state.deleted;
  bool may_lack_predecessor = key.revision.main <= compacted_;
  if (key.tombstone) {
    if (!lived && !may_lack_predecessor) wrong("a deletion of what was not there");
    state.deleted = true;
    return;
  }
  if (kv.mod_revision != key.revision.main)
    wrong(fmt::format("it says that it was made at revision {}", kv.mod_revision));
  bool created = kv.version == 1;
  if (kv.version < 1 || kv.create_revision < 1 || kv.create_revision > kv.mod_revision ||
      created != (kv.create_revision == kv.mod_revision)) {
    wrong(fmt::format("version {} of what was created at revision {}", kv.version,
                      kv.create_revision));
  } else if (lived && created) {
    wrong("created though it was there");
  } else if (lived && (state.create_revision != kv.create_revision ||
                       state.version + 1 != static_cast<uint32_t>(kv.version))) {
    wrong(fmt::format("version {} follows version {}", kv.version, state.version));
  } else if (!lived && !created && !may_lack_predecessor) {
    wrong(fmt::format("version {} without the one before", kv.version));
  }
  state.create_revision = kv.create_revision;
  state.version = static_cast<uint32_t>(kv.version);
  state.deleted = false;
}

Status VerifyWalk::CheckFreelist() {
  const Meta& meta = database_.meta();
  report_.free = meta.high_water - 2 - report_.reached;
  if (meta.freelist == kNoFreelist) return {};
  std::string run;
  auto header = database_.ReadRun(meta.freelist, run);
  if (!header) {
    if (header.error().kind() != ErrorKind::kCorrupt) return Fail(std::move(header).error());
    Fatal("freelist: " + header.error().ToString());
    return {};
  }
  auto wrong = [&](std::string text) {
    Fatal(fmt::format("freelist, {}: {}", database_.Where(meta.freelist), text));
    return Status();
  };
  if (header->flags != kFreelistFlag) return wrong("not a freelist page");
  bool counted_in_body = header->count == 0xffff;
  uint64_t count = counted_in_body ? Le64(run.data() + kPageHeader) : header->count;
  size_t begin = kPageHeader + (counted_in_body ? 8 : 0);
  if (count > (run.size() - begin) / 8) return wrong(fmt::format("{} entries do not fit", count));
  if (!reached_.AddRun(meta.freelist, uint64_t{header->overflow} + 1))
    return wrong("it lies on a page in use");
  uint64_t before = 1;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t page = Le64(run.data() + begin + 8 * i);
    if (page <= before) return wrong(fmt::format("entry {} is not greater than the one before", i));
    if (page >= meta.high_water) return wrong(fmt::format("there is no page {}", page));
    if (reached_.Has(page)) return wrong(fmt::format("page {} is free and in use", page));
    before = page;
  }
  report_.free = count;
  uint64_t lost = meta.high_water - 2 - reached_.size() - count;
  if (lost > 0 && !fatal_) Doubtful(fmt::format("{} pages are neither in use nor free", lost));
  return {};
}

}  // namespace holdfast::etcd
