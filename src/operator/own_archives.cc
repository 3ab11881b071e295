#include "operator/own_archives.h"

#include <algorithm>
#include <utility>

#include "archive/own_files.h"
#include "archive/verify.h"
#include "backup/prune.h"
#include "stream/hashed_source.h"
#include "stream/sha256.h"

namespace holdfast::op {
namespace {

// Those of `backup`, of any cluster, newest first.
Result<std::vector<OwnArchive>> ListAll(storage::Store& store, const std::string& backup,
                                        const Waits& waits) {
  auto files = store.List(backup + "-", waits);
  if (!files && files.error().kind() == ErrorKind::kNotFound) return std::vector<OwnArchive>();
  if (!files)
    return Fail(std::move(files).error().With("listing the archives of Backup " + backup));
  std::vector<OwnArchive> own;
  for (storage::ObjectInfo& file : *files) {
    auto name = archive::ParseName(file.name);
    if (name && !name->old_form && name->backup == backup) own.push_back({*name, std::move(file)});
  }
  std::sort(own.begin(), own.end(), [](const OwnArchive& a, const OwnArchive& b) {
    return std::pair(a.name.time, a.file.name) > std::pair(b.name.time, b.file.name);
  });
  return own;
}

std::string Doing(storage::Store& store, const std::string& file) {
  return "reading archive " + file + " back from " + store.Describe();
}

Status VerifyEntries(stream::Source& source, const crypto::Transformers* keys, const Waits& waits) {
  archive::ScanOptions options;
  options.stop = waits.stop;
  HF_ASSIGN(auto report, archive::Verify(source, keys, options));
  if (report.ok()) return {};
  return Fail(ErrorKind::kCorrupt, std::to_string(report.problem_count) +
                                       " entries are not good, the first: " +
                                       (report.problems.empty() ? "" : report.problems[0]));
}

Status ReadToEnd(stream::Source& source, const Waits& waits) {
  std::string buffer(256 << 10, '\0');
  for (;;) {
    HF_ASSIGN(size_t got, source.Read(buffer.data(), buffer.size()));
    if (got == 0) return {};
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  }
}

}  // namespace

Result<std::vector<OwnArchive>> ListOwn(storage::Store& store, const std::string& backup,
                                        const std::string& cluster_id, const Waits& waits) {
  HF_ASSIGN(auto own, ListAll(store, backup, waits));
  std::erase_if(own, [&](const OwnArchive& archive) {
    return !archive::OwnedBy(archive.file.name, backup, cluster_id);
  });
  return own;
}

Result<Retained> Retain(storage::Store& store, const std::string& backup,
                        const std::string& cluster_id, int keep, const std::string& just_written,
                        const Waits& waits) {
  HF_ASSIGN(auto own, ListOwn(store, backup, cluster_id, waits));
  std::vector<storage::ObjectInfo> files;
  for (OwnArchive& archive : own) files.push_back(std::move(archive.file));
  HF_ASSIGN(auto plan, holdfast::backup::PlanPrune(files, {backup, cluster_id}, {.newest = keep},
                                                   waits.clock->Now(), just_written));
  return Retained{storage::Prune(store, plan, waits), plan.NotCounted()};
}

Result<storage::PruneReport> DeleteOwn(storage::Store& store, const std::string& backup,
                                       const std::string& cluster_id, const Waits& waits) {
  HF_ASSIGN(auto own, ListOwn(store, backup, cluster_id, waits));
  storage::RetentionPlan plan;
  for (const OwnArchive& archive : own) {
    schedule::RetentionVerdict verdict{archive.file.name, archive.name.time};
    verdict.keep = false;
    plan.verdicts.push_back(std::move(verdict));
  }
  return storage::Prune(store, plan, waits);
}

Status VerifyStored(storage::Store& store, const std::string& file, const std::string& how,
                    const crypto::Transformers& keys, const Waits& waits) {
  if (how == "None") return {};
  std::string context = Doing(store, file);
  HF_ASSIGN_CONTEXT(auto source, store.Open(file, 0, waits), context);
  HF_TRY_CONTEXT(VerifyEntries(*source, how == "Full" ? &keys : nullptr, waits), context);
  return {};
}

Result<std::string> VerifyNew(storage::Store& store, const std::string& file,
                              const std::string& how, const stream::Hash128& hash,
                              const crypto::Transformers& keys, const Waits& waits) {
  if (how == "None") return std::string();
  std::string context = Doing(store, file);
  HF_ASSIGN_CONTEXT(auto source, store.Open(file, 0, waits), context);
  stream::HashedSource<stream::Sha256> digested(*source);
  stream::HashedSource<stream::FastHash> hashed(digested);
  if (how == "Full") HF_TRY_CONTEXT(VerifyEntries(hashed, &keys, waits), context);
  HF_TRY_CONTEXT(ReadToEnd(hashed, waits), context);
  if (hashed.hash() != hash) {
    return Fail(Error(ErrorKind::kCorrupt, "its " + std::to_string(hashed.bytes()) +
                                               " bytes are not those that were to be stored")
                    .With(context));
  }
  return stream::Hex(digested.hash());
}

Result<std::string> NewestGood(storage::Store& store, const std::string& backup,
                               const std::string& cluster_id, const crypto::Transformers& keys,
                               const Waits& waits) {
  HF_ASSIGN(auto all, ListAll(store, backup, waits));
  std::stable_partition(all.begin(), all.end(),
                        [&](const OwnArchive& archive) { return archive.name.uid == cluster_id; });
  std::string why;
  for (const OwnArchive& archive : all) {
    Status good = VerifyStored(store, archive.file.name, "Quick", keys, waits);
    if (good) return archive.file.name;
    if (good.error().kind() != ErrorKind::kCorrupt) return Fail(std::move(good).error());
    if (why.empty()) why = good.error().ToString();
  }
  Error error(ErrorKind::kNotFound,
              "no good archive of Backup " + backup + " in " + store.Describe());
  if (!why.empty()) return Fail(std::move(error).With(why));
  return Fail(std::move(error).Hint("spec.backupName names the Backup whose archive is meant"));
}

}  // namespace holdfast::op
