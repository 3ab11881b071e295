#include "etcd/adopt.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "etcd/catalog.h"
#include "etcd/spool_image.h"
#include "etcd/verify.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kDigestBytes = 32;  // of SHA-256, at the end of a snapshot

// What the bytes alone say: revision, keys, sizes, digest. kCorrupt where it is not good.
Result<SnapshotMeta> Prove(const stream::Spool& spool, const AdoptOptions& options,
                           const Waits& waits) {
  SnapshotMeta meta{.name = options.name, .stored_size = spool.Size()};
  OpenOptions open{.scratch = options.scratch, .keys = options.keys};
  HF_ASSIGN(auto bytes, Unwrap(FileOfSpool(spool, options.name), open, &meta));
  meta.size = bytes->size();
  std::string digest(std::min<uint64_t>(kDigestBytes, meta.size), '\0');
  HF_TRY(bytes->ReadAt(meta.size - digest.size(), digest.data(), digest.size()));
  HF_ASSIGN(auto database, Database::Open(std::move(bytes)));
  HF_ASSIGN(auto report, Verify(database, {.digest = std::nullopt, .stop = waits.stop}));
  if (!report.ok())
    return Fail(Error(ErrorKind::kCorrupt, report.problems.front())
                    .Hint("only a snapshot that is whole is adopted; `holdfast etcd verify` says "
                          "more"));
  for (unsigned char byte : digest) meta.sha256 += fmt::format("{:02x}", byte);
  meta.storage_version = report.facts.storage_version;
  meta.revision = report.last_revision;
  meta.compact_revision = report.facts.finished_compaction;
  meta.keys = report.keys;
  return meta;
}

// What a description of the same snapshot under another name says and its bytes do not.
void TakeOver(const SnapshotMeta& from, SnapshotMeta& meta) {
  meta.cluster = from.cluster;
  meta.member = from.member;
  meta.endpoint = from.endpoint;
  meta.etcd_version = from.etcd_version;
  meta.started = from.started;
  meta.finished = from.finished;
}

Status FindCluster(const Catalog& catalog, const std::string& series, Adopted& adopted) {
  std::set<std::string> known;
  for (const Snapshot& snapshot : catalog.snapshots)
    if (!snapshot.meta.cluster.empty() &&
        (series.empty() || SeriesOf(snapshot.file.name) == series))
      known.insert(snapshot.meta.cluster);
  if (known.size() > 1)
    return Fail(Error(ErrorKind::kInvalid, "its cluster is not clear")
                    .Hint(fmt::format("name it by --cluster; there are snapshots of {}",
                                      fmt::join(known, ", "))));
  if (known.size() == 1)
    adopted.meta.cluster = *known.begin();
  else
    adopted.warnings.push_back(
        "its cluster is not known: retention does not delete it until it is adopted with "
        "--cluster");
  return {};
}

}  // namespace

Result<Adopted> Adopt(storage::Store& store, const AdoptOptions& options, const Waits& waits) {
  const std::string suffix(kMetaSuffix);
  HF_TRY(storage::CheckName(options.name));
  if (options.name.ends_with(suffix))
    return Fail(ErrorKind::kInvalid, options.name + " is named as a description, not a snapshot");
  HF_ASSIGN(auto info, store.Stat(options.name, waits));
  HF_ASSIGN(auto catalog, ReadCatalog(store, waits));
  auto listed = std::find_if(catalog.snapshots.begin(), catalog.snapshots.end(),
                             [&](const Snapshot& s) { return s.file.name == options.name; });
  bool described = listed != catalog.snapshots.end();
  std::string in_series = SeriesOf(options.name);
  bool move = !options.series.empty() && in_series != options.series;
  if (described && !listed->not_good && !move && options.cluster.empty())
    return Fail(ErrorKind::kConflict, options.name + " is in the catalogue already");

  HF_ASSIGN(auto spool, store.NewSpool());
  HF_TRY_CONTEXT(FetchInto(store, options.name, spool, waits),
                 "reading " + options.name + " from " + store.Describe());
  Adopted adopted;
  HF_ASSIGN_CONTEXT(adopted.meta, Prove(spool, options, waits), options.name);
  SnapshotMeta& meta = adopted.meta;
  auto same = [&](const SnapshotMeta& other) {
    return other.sha256 == meta.sha256 && other.stored_size == meta.stored_size;
  };
  const SnapshotMeta* known = described && same(listed->meta) ? &listed->meta : nullptr;
  if (described && known == nullptr)
    return Fail(Error(ErrorKind::kConflict, options.name + suffix +
                                                " is there and does not describe it: " +
                                                listed->not_good.value_or("another checksum"))
                    .Hint("look at it; nothing of another program is overwritten"));
  for (const Orphan& orphan : catalog.orphans)
    if (known == nullptr && same(orphan.meta)) known = &orphan.meta;
  meta.started = meta.finished = TimeIn(options.name).value_or(info.modified);
  if (known != nullptr) TakeOver(*known, meta);
  if (options.time) meta.started = *options.time;
  if (!options.cluster.empty())
    meta.cluster = options.cluster;
  else if (meta.cluster.empty())
    HF_TRY_CONTEXT(FindCluster(catalog, move ? options.series : in_series, adopted), options.name);

  if (move) {
    meta.name =
        SnapshotName(options.series, meta.started, meta.compression, !meta.encryption.empty());
    HF_TRY(store.Put(spool, meta.name, waits));
  } else if (described) {
    HF_TRY(store.Delete(options.name + suffix, waits));
  }
  if (Status put = PutDescription(store, meta, waits); !put) {
    if (move) (void)RemoveAgain(store, meta.name, waits);
    return Fail(std::move(put).error());
  }
  if (!move) return adopted;
  for (const std::string& old : {options.name, options.name + suffix}) {
    if (old != options.name && !described) continue;
    if (Status gone = store.Delete(old, waits); !gone)
      adopted.warnings.push_back("the file of the old name is still there: " +
                                 gone.error().ToString());
  }
  return adopted;
}

}  // namespace holdfast::etcd
