#include "etcd/client/save.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "etcd/client/members.h"
#include "etcd/spool_image.h"
#include "stream/gzip.h"
#include "stream/sha256.h"
#include "stream/spool.h"
#include "stream/zstd.h"

namespace holdfast::etcd {
namespace {

// Streams one member's snapshot into the spool and proves it.
Status Fetch(Client& client, const Candidate& candidate, stream::Spool& spool,
             const SaveOptions& options, SaveReport& report) {
  HF_TRY(spool.Truncate());
  HF_TRY(client.Snapshot(
      candidate.endpoint, [&](std::string_view piece) { return spool.Append(piece); },
      options.stop));
  HF_TRY(spool.Flush());
  report.endpoint = client.endpoint(candidate.endpoint);
  report.server = candidate.status;
  report.size = spool.Size();
  if (report.size % 512 != 32) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("{}: the stream ended after {} bytes, without the checksum that ends a "
                            "snapshot",
                            report.endpoint, report.size));
  }
  HF_ASSIGN_CONTEXT(auto database, Database::Open(FileOfSpool(spool, "the snapshot")),
                    "the snapshot from " + report.endpoint);
  HF_ASSIGN(report.verified, Verify(database, {.stop = options.stop}));
  if (!report.verified.ok()) {
    return Fail(Error(ErrorKind::kCorrupt, report.verified.problems.front())
                    .With("the snapshot from " + report.endpoint)
                    .Hint("the member's data is damaged, or the bytes were on the way; take the "
                          "snapshot from another member"));
  }
  HF_ASSIGN(std::string digest, spool.Read(report.size - 32, 32));
  stream::Digest bytes;
  std::copy(digest.begin(), digest.end(), bytes.begin());
  report.sha256 = stream::Hex(bytes);
  return {};
}

Result<stream::Spool> Compress(storage::Store& store, stream::Spool& raw, Compression how) {
  HF_ASSIGN(stream::Spool small, store.NewSpool());
  stream::SpoolSource source(raw);
  stream::SpoolSink sink(small);
  if (how == Compression::kGzip) {
    stream::GzipSink gzip(sink);
    HF_TRY(stream::Copy(source, gzip));
    HF_TRY(gzip.Close());
  } else {
    stream::ZstdSink zstd(sink);
    HF_TRY(stream::Copy(source, zstd));
    HF_TRY(zstd.Close());
  }
  HF_TRY(sink.Close());
  return small;
}

Status PutMetadata(storage::Store& store, const SaveReport& report, const SaveOptions& options) {
  HF_ASSIGN(stream::Spool spool, store.NewSpool());
  HF_TRY(spool.Append(report.ToJson(options.compression) + "\n"));
  HF_TRY(spool.Flush());
  HF_TRY_CONTEXT(store.Put(spool, report.name + ".meta", {.stop = options.stop}),
                 "storing what describes snapshot " + report.name + " (which is stored)");
  return {};
}

}  // namespace

std::string CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "none";
    case Compression::kGzip: return "gzip";
    case Compression::kZstd: return "zstd";
  }
  return "";
}

std::string SaveReport::ToJson(Compression compression) const {
  return fmt::format(
      R"({{"name":{},"cluster":"{:x}","member":"{:x}","endpoint":{},"etcdVersion":{},)"
      R"("storageVersion":{},"revision":{},"compactRevision":{},"keys":{},"size":{},)"
      R"("compression":"{}","storedSize":{},"sha256":"{}","started":"{}","finished":"{}"}})",
      json::Quote(name), server.cluster_id, server.member_id, json::Quote(endpoint),
      json::Quote(server.version), json::Quote(verified.facts.storage_version),
      verified.last_revision, verified.facts.finished_compaction, verified.keys, size,
      CompressionName(compression), stored_size, sha256, FormatRfc3339Millis(started),
      FormatRfc3339Millis(finished));
}

Result<SaveReport> Save(Client& client, storage::Store& store, const SaveOptions& options,
                        const Logger& log) {
  SaveReport report;
  report.started = options.clock->Now();
  HF_ASSIGN(Survey survey, SurveyMembers(client, options.stop));
  if (options.compare_members) CompareMembers(client, survey, options.stop);
  report.warnings = std::move(survey.warnings);
  if (auto there = store.Stat(options.name, {.stop = options.stop})) {
    return Fail(Error(ErrorKind::kConflict,
                      fmt::format("{} has a \"{}\" already", store.Describe(), options.name))
                    .Hint("nothing is overwritten: give another name"));
  }
  HF_ASSIGN(stream::Spool spool, store.NewSpool());
  Status fetched;
  for (const Candidate& candidate : survey.candidates) {
    log.Info("taking a snapshot", {{"endpoint", client.endpoint(candidate.endpoint)}});
    fetched = Fetch(client, candidate, spool, options, report);
    if (fetched || fetched.error().kind() == ErrorKind::kCancelled) break;
    report.warnings.push_back(fetched.error().ToString());
  }
  if (!fetched) return Fail(std::move(fetched).error());
  for (const std::string& warning : report.verified.warnings) report.warnings.push_back(warning);
  report.name = options.name;
  report.stored_size = report.size;
  if (options.compression == Compression::kNone) {
    HF_TRY(store.Put(spool, options.name, {.stop = options.stop}));
  } else {
    HF_ASSIGN(stream::Spool small, Compress(store, spool, options.compression));
    report.stored_size = small.Size();
    HF_TRY(store.Put(small, options.name, {.stop = options.stop}));
  }
  report.finished = options.clock->Now();
  HF_TRY(PutMetadata(store, report, options));
  return report;
}

}  // namespace holdfast::etcd
