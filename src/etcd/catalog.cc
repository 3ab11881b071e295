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
    if (name.ends_with(kMetaSuffix)) {
      if (!by_name.contains(name.substr(0, name.size() - kMetaSuffix.size())))
        catalog.orphans.push_back(name);
      continue;
    }
    std::string beside = name + std::string(kMetaSuffix);
    if (!by_name.contains(beside)) {
      catalog.others.push_back(name);
      continue;
    }
    auto meta = ReadMeta(store, beside, waits);
    if (!meta && meta.error().kind() == ErrorKind::kNotFound) continue;  // deleted meanwhile
    // A passing failure must not make a snapshot look bad.
    if (!meta && meta.error().kind() != ErrorKind::kCorrupt &&
        meta.error().kind() != ErrorKind::kInvalid) {
      return Fail(std::move(meta).error().With("reading " + beside));
    }
    catalog.snapshots.push_back(Describe(file, std::move(meta)));
  }
  std::stable_sort(
      catalog.snapshots.begin(), catalog.snapshots.end(),
      [](const Snapshot& a, const Snapshot& b) { return a.meta.started > b.meta.started; });
  return catalog;
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

std::string SeriesOf(std::string_view name) {
  static constexpr std::string_view kShape = "-0000-00-00T00-00-00Z.db";
  if (name.ends_with(".enc")) name.remove_suffix(4);
  for (std::string_view packed : {".gz", ".zst", ".zip"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  if (name.size() <= kShape.size()) return "";
  std::string_view tail = name.substr(name.size() - kShape.size());
  for (size_t i = 0; i < kShape.size(); ++i) {
    bool digit = tail[i] >= '0' && tail[i] <= '9';
    if (kShape[i] == '0' ? !digit : tail[i] != kShape[i]) return "";
  }
  return std::string(name.substr(0, name.size() - kShape.size()));
}

Status SnapshotRules::Check() const {
  if (max_age.count() < 0) return Fail(ErrorKind::kInvalid, "a negative age");
  if (max_age.count() > 0 && counts.newest == 0 && counts.daily == 0 && counts.weekly == 0 &&
      counts.monthly == 0 && counts.yearly == 0)
    return {};
  return counts.Check();
}

Result<std::vector<schedule::RetentionVerdict>> DecideSnapshots(
    const std::vector<Snapshot>& snapshots, const SnapshotRules& rules, Clock::Wall now,
    const std::string& just_written) {
  HF_TRY(rules.Check());
  std::vector<schedule::RetentionFile> files;
  for (const Snapshot& snapshot : snapshots)
    files.push_back({snapshot.file.name, snapshot.meta.started, snapshot.not_good});
  schedule::RetentionRules counts = rules.counts;
  // Without a count, that of one: the newest good one stays whatever its age.
  if (!counts.Check()) counts = {.newest = 1};
  HF_ASSIGN(auto verdicts, schedule::DecideRetention(std::move(files), counts, just_written));
  for (auto& verdict : verdicts) {
    if (verdict.keep || rules.max_age.count() == 0 || now - verdict.time >= rules.max_age) continue;
    verdict.keep = true;
    verdict.reason = "younger than what the rules keep";
  }
  return verdicts;
}

PruneReport PruneSnapshots(storage::Store& store,
                           const std::vector<schedule::RetentionVerdict>& verdicts,
                           const std::vector<std::string>& orphans, const Waits& waits) {
  PruneReport report;
  auto remove = [&](const std::string& name) {
    Status deleted = store.Delete(name, waits);
    if (deleted || deleted.error().kind() == ErrorKind::kNotFound) return true;
    report.failed.push_back(name + ": " + deleted.error().ToString());
    return false;
  };
  for (auto verdict = verdicts.rbegin(); verdict != verdicts.rend(); ++verdict) {
    if (verdict->keep) continue;
    if (waits.stop.stop_requested()) {
      report.failed.push_back(verdict->name + ": stopped");
      continue;
    }
    if (!remove(verdict->name)) continue;
    report.deleted.push_back(verdict->name);
    remove(verdict->name + std::string(kMetaSuffix));
  }
  for (const std::string& orphan : orphans)
    if (!waits.stop.stop_requested()) remove(orphan);
  return report;
}

}  // namespace holdfast::etcd
