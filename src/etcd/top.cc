#include "etcd/top.h"

#include <algorithm>
#include <functional>
#include <set>

#include "etcd/cursor.h"
#include "etcd/key_table.h"
#include "etcd/store.h"

namespace holdfast::etcd {
namespace {

// Keeps the `limit` greatest.
class Greatest {
 public:
  explicit Greatest(size_t limit) : limit_(limit) {}
  void Add(uint64_t count, std::string_view key) {
    if (limit_ == 0 || (kept_.size() == limit_ && count <= kept_.begin()->first)) return;
    kept_.emplace(count, std::string(key));
    if (kept_.size() > limit_) kept_.erase(kept_.begin());
  }
  std::vector<TopKey> Take() const {
    std::vector<TopKey> keys;
    for (auto it = kept_.rbegin(); it != kept_.rend(); ++it)
      keys.push_back({it->second, it->first});
    return keys;
  }

 private:
  size_t limit_;
  std::set<std::pair<uint64_t, std::string>> kept_;
};

// Usage by name, found without making a string for every record.
class Usages {
 public:
  Usage& At(std::string_view name) {
    if (last_ != nullptr && last_->first == name) return last_->second;
    auto found = map_.find(name);
    if (found == map_.end()) found = map_.emplace(std::string(name), Usage{}).first;
    last_ = &*found;
    return found->second;
  }
  std::map<std::string, Usage> Take() { return {map_.begin(), map_.end()}; }

 private:
  std::map<std::string, Usage, std::less<>> map_;
  std::pair<const std::string, Usage>* last_ = nullptr;
};

// Pages of every bucket but the keys' and the list of buckets.
uint64_t CountOtherPages(const Database& database, const LookOptions& options) {
  PageSet reached(database.meta().high_water);
  auto buckets = ReadBuckets(database, reached);
  uint64_t before = reached.size();
  if (!buckets) return 0;
  for (const Bucket& bucket : *buckets) {
    if (bucket.name == kKeyBucket) continue;
    Cursor cursor(database, bucket, reached);
    while (true) {
      auto row = cursor.Next();
      if (!row && !options.tolerate_corruption) break;
      if (row && !*row) break;
    }
  }
  return reached.size() - before;
}

}  // namespace

KeyPlace PlaceOf(std::string_view key) {
  if (!key.starts_with('/')) return {key.substr(0, key.find('/')), {}};
  std::vector<std::string_view> parts;  // after the prefix
  size_t begin = key.find('/', 1);
  if (begin == std::string_view::npos) return {key.substr(1), {}};
  size_t first = begin + 1;
  while (begin != std::string_view::npos && parts.size() < 6) {
    size_t end = key.find('/', begin + 1);
    parts.push_back(key.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1));
    begin = end;
  }
  // A group's resources lie one level deeper, and so do services' two kinds.
  bool deeper = parts[0].find('.') != std::string_view::npos || parts[0] == "services" ||
                parts[0] == "ranges";
  size_t names = deeper && parts.size() > 1 ? 2 : 1;
  size_t length = parts[0].size() + (names == 2 ? 1 + parts[1].size() : 0);
  KeyPlace place{key.substr(first, length), {}};
  if (parts.size() >= names + 2) place.ns = parts[names];
  return place;
}

Result<TopReport> Top(const Database& database, const TopOptions& options) {
  TopReport report{.file_size = database.file().size(), .database_size = database.size()};
  KeyTable seen;  // version counts the records
  Usages resources, namespaces;
  Greatest largest(options.keys), revised(options.keys);
  uint64_t pages = 0;
  // Newest first: the first record of a key says whether it lives.
  HF_TRY(VisitRecords(
      database, true, options.look,
      [&](const Record& record) {
        bool found;
        KeyState& state = seen.At(record.kv.key, found);
        ++state.version;
        if (!found) state.deleted = record.tombstone;
        uint64_t bytes = record.kv.key.size() + record.kv.value.size();
        KeyPlace place = PlaceOf(record.kv.key);
        Usage* all[] = {&report.all, &resources.At(place.resource),
                        place.ns.empty() ? nullptr : &namespaces.At(place.ns)};
        for (Usage* usage : all) {
          if (usage == nullptr) continue;
          ++usage->records;
          usage->all_bytes += bytes;
          if (found || record.tombstone) continue;
          ++usage->keys;
          usage->bytes += bytes;
        }
        if (!found && !record.tombstone) largest.Add(record.kv.value.size(), record.kv.key);
        return true;
      },
      &pages));
  uint64_t used = pages + CountOtherPages(database, options.look) + 2;
  report.free_bytes = (database.meta().high_water - std::min(used, database.meta().high_water)) *
                      database.page_size();
  // Only keys that have at least as many records as the least of the list are looked up again.
  std::vector<uint32_t> counts;
  seen.ForEach([&](const KeyState& state) { counts.push_back(state.version); });
  size_t kept = std::min(options.keys, counts.size());
  if (kept > 0) {
    std::nth_element(counts.begin(), counts.begin() + static_cast<long>(kept) - 1, counts.end(),
                     std::greater<>());
    uint32_t least = std::max<uint32_t>(counts[kept - 1], 2);
    std::vector<uint32_t>().swap(counts);
    HF_TRY(VisitRecords(database, true, options.look, [&](const Record& record) {
      bool found;
      KeyState& state = seen.At(record.kv.key, found);
      if (found && state.version >= least) revised.Add(state.version, record.kv.key);
      return !options.look.stop.stop_requested();
    }));
  }
  report.resources = resources.Take();
  report.namespaces = namespaces.Take();
  report.largest = largest.Take();
  report.most_revisions = revised.Take();
  return report;
}

}  // namespace holdfast::etcd
