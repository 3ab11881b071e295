#include "etcd/catalog.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/printable.h"
#include "base/rfc3339.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kMaxMeta = 64 << 10;

Result<SnapshotMeta> ReadMeta(storage::Store& store, const std::string& name, const Waits& waits) {
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  HF_ASSIGN(std::string text, stream::ReadAll(*source, kMaxMeta));
  return ParseSnapshotMeta(text);
}

// The inner error is about this one file: missing, refused, or not understood. A passing failure
// must not make a snapshot look bad: it is the outer one.
Result<Result<SnapshotMeta>> TryReadMeta(storage::Store& store, const std::string& name,
                                         const Waits& waits) {
  auto meta = ReadMeta(store, name, waits);
  bool passing = !meta && meta.error().kind() != ErrorKind::kNotFound &&
                 meta.error().kind() != ErrorKind::kCorrupt &&
                 meta.error().kind() != ErrorKind::kInvalid &&
                 meta.error().kind() != ErrorKind::kUnauthorized;
  if (passing) return Fail(std::move(meta).error().With("reading " + name));
  return Result<Result<SnapshotMeta>>(tl::in_place, std::move(meta));
}

Snapshot Describe(const storage::ObjectInfo& file, Result<SnapshotMeta> meta) {
  Snapshot snapshot{.meta = {}, .file = file, .not_good = std::nullopt};
  if (!meta) {
    snapshot.meta.name = file.name;
    snapshot.meta.started = file.modified;
    snapshot.not_good = "what describes it cannot be read: " + meta.error().ToString();
    return snapshot;
  }
  snapshot.meta = std::move(*meta);
  if (snapshot.meta.name != file.name)
    snapshot.not_good = "what lies beside it describes " + Printable(snapshot.meta.name, 100);
  else if (snapshot.meta.stored_size != file.size)
    snapshot.not_good =
        fmt::format("it has {} bytes, not {}", file.size, snapshot.meta.stored_size);
  return snapshot;
}

}  // namespace

Result<Catalog> ReadCatalog(storage::Store& store, const Waits& waits) {
  HF_ASSIGN_CONTEXT(auto files, store.List("", waits), "listing snapshots");
  std::map<std::string, storage::ObjectInfo> by_name;
  for (auto& file : files) by_name.emplace(file.name, file);
  Catalog catalog;
  for (const auto& [name, file] : by_name) {
    std::string beside = name + std::string(kMetaSuffix);
    if (name.ends_with(kMetaSuffix)) {
      std::string described = name.substr(0, name.size() - kMetaSuffix.size());
      if (by_name.contains(described)) continue;
      if (SeriesOf(described).empty()) {
        catalog.others.push_back(name);
        continue;
      }
      HF_ASSIGN(auto meta, TryReadMeta(store, name, waits));
      if (meta && meta->name == described)
        catalog.orphans.push_back({name, std::move(*meta)});
      else if (meta || meta.error().kind() != ErrorKind::kNotFound)
        catalog.others.push_back(name);
      continue;
    }
    if (!by_name.contains(beside)) {
      catalog.others.push_back(name);
      continue;
    }
    HF_ASSIGN(auto meta, TryReadMeta(store, beside, waits));
    if (!meta && meta.error().kind() == ErrorKind::kNotFound) continue;  // deleted meanwhile
    catalog.snapshots.push_back(Describe(file, std::move(meta)));
  }
  std::stable_sort(
      catalog.snapshots.begin(), catalog.snapshots.end(),
      [](const Snapshot& a, const Snapshot& b) { return a.meta.started > b.meta.started; });
  return catalog;
}

Status PutDescription(storage::Store& store, const SnapshotMeta& meta, const Waits& waits) {
  std::string name = meta.name + std::string(kMetaSuffix);
  std::string what = "storing what describes snapshot " + meta.name;
  HF_ASSIGN_CONTEXT(stream::Spool spool, store.NewSpool(), what);
  HF_TRY_CONTEXT(spool.Append(meta.ToJson() + "\n"), what);
  HF_TRY_CONTEXT(spool.Flush(), what);
  Status put = store.Put(spool, name, waits);
  if (put) return {};
  if (put.error().kind() == ErrorKind::kConflict) {
    auto there = ReadMeta(store, name, waits);
    if (there && there->name == meta.name && there->sha256 == meta.sha256 &&
        there->stored_size == meta.stored_size)
      return {};
  }
  return Fail(std::move(put).error().With(what));
}

Status RemoveAgain(storage::Store& store, const std::string& name, const Waits& waits) {
  Waits own{.clock = waits.clock,
            .deadline = Deadline::After(*waits.clock, std::chrono::seconds(30))};
  Status gone = store.Delete(name, own);
  if (gone || gone.error().kind() == ErrorKind::kNotFound) return {};
  return Fail(std::move(gone).error().With("removing " + name + ", which is still there"));
}

std::string SnapshotName(std::string_view series, Clock::Wall time, std::string_view compression,
                         bool encrypted) {
  std::string text = FormatRfc3339(time);
  std::replace(text.begin(), text.end(), ':', '-');
  std::string_view packed = compression == "gzip"   ? ".gz"
                            : compression == "zstd" ? ".zst"
                            : compression == "zip"  ? ".zip"
                                                    : "";
  return fmt::format("{}-{}.db{}{}", series, text, packed, encrypted ? ".enc" : "");
}

namespace {

constexpr std::string_view kShape = "-0000-00-00T00-00-00Z.db";

// The part of a snapshot's name that has kShape, and what stands before it; none for other names.
std::optional<std::pair<std::string_view, std::string_view>> SplitName(std::string_view name) {
  if (name.ends_with(".enc")) name.remove_suffix(4);
  for (std::string_view packed : {".gz", ".zst", ".zip"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  if (name.size() <= kShape.size()) return std::nullopt;
  std::string_view tail = name.substr(name.size() - kShape.size());
  for (size_t i = 0; i < kShape.size(); ++i) {
    bool digit = tail[i] >= '0' && tail[i] <= '9';
    if (kShape[i] == '0' ? !digit : tail[i] != kShape[i]) return std::nullopt;
  }
  return std::pair(name.substr(0, name.size() - kShape.size()), tail);
}

}  // namespace

std::string SeriesOf(std::string_view name) {
  auto parts = SplitName(name);
  return parts ? std::string(parts->first) : "";
}

std::optional<Clock::Wall> TimeIn(std::string_view name) {
  auto parts = SplitName(name);
  if (!parts) return std::nullopt;
  std::string text(parts->second.substr(1, kShape.size() - 4));  // without "-" and ".db"
  text[13] = text[16] = ':';
  auto time = ParseRfc3339(text);
  return time ? std::optional(*time) : std::nullopt;
}

std::vector<Snapshot> OwnSnapshots(const Catalog& catalog, const SnapshotScope& scope) {
  std::vector<Snapshot> own;
  for (const Snapshot& snapshot : catalog.snapshots) {
    if (SeriesOf(snapshot.file.name) != scope.series) continue;
    bool unclear = snapshot.not_good && snapshot.meta.cluster.empty();
    if (unclear || snapshot.meta.cluster == scope.cluster) own.push_back(snapshot);
  }
  return own;
}

Result<storage::RetentionPlan> PlanSnapshots(const Catalog& catalog, const SnapshotScope& scope,
                                             const schedule::RetentionRules& rules, Clock::Wall now,
                                             const std::string& just_written) {
  std::vector<storage::OwnFile> files;
  for (Snapshot& snapshot : OwnSnapshots(catalog, scope)) {
    Clock::Wall time = snapshot.meta.started;
    auto named = TimeIn(snapshot.file.name);
    if (named && *named > now + schedule::kClockSkew) time = std::max(time, *named);
    files.push_back({std::move(snapshot.file), time, std::move(snapshot.not_good)});
  }
  HF_ASSIGN(auto plan, storage::PlanRetention(std::move(files), rules, now, just_written));
  plan.description_suffix = kMetaSuffix;
  for (const Orphan& orphan : catalog.orphans)
    if (SeriesOf(orphan.meta.name) == scope.series && orphan.meta.cluster == scope.cluster)
      plan.orphans.push_back(orphan.name);
  return plan;
}

}  // namespace holdfast::etcd
