#include "etcd/client/save.h"

#include <fmt/format.h>

#include "etcd/catalog.h"
#include "etcd/client/members.h"
#include "stream/sha256.h"

namespace holdfast::etcd {
namespace {

// Streams one member's snapshot in and proves it.
Status Fetch(Client& client, const Candidate& candidate, Intake& intake, const SaveOptions& options,
             SaveReport& report) {
  HF_TRY(client.Snapshot(
      candidate.endpoint, [&](std::string_view piece) { return intake.Take(piece); },
      options.stop));
  HF_TRY(intake.Finish());
  SnapshotMeta& meta = report.meta;
  meta.endpoint = client.endpoint(candidate.endpoint);
  meta.cluster = fmt::format("{:x}", candidate.status.cluster_id);
  meta.member = fmt::format("{:x}", candidate.status.member_id);
  meta.etcd_version = candidate.status.version;
  meta.size = intake.size();
  if (meta.size % 512 != 32) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("{}: the stream ended after {} bytes, without the checksum that ends a "
                            "snapshot",
                            meta.endpoint, meta.size));
  }
  std::string from = "the snapshot from " + meta.endpoint;
  HF_ASSIGN(auto image, intake.Image());
  HF_ASSIGN_CONTEXT(auto database, Database::Open(std::move(image)), from);
  DigestState digest = intake.digest_matches() ? DigestState::kMatches : DigestState::kDiffers;
  HF_ASSIGN(report.verified, Verify(database, {.digest = digest, .stop = options.stop}));
  if (!report.verified.ok()) {
    return Fail(Error(ErrorKind::kCorrupt, report.verified.problems.front())
                    .With(from)
                    .Hint("the member's data is damaged, or the bytes were on the way; take the "
                          "snapshot from another member"));
  }
  meta.storage_version = report.verified.facts.storage_version;
  meta.revision = report.verified.last_revision;
  meta.compact_revision = report.verified.facts.finished_compaction;
  meta.keys = report.verified.keys;
  meta.sha256 = stream::Hex(intake.digest());
  meta.stored_size = intake.product().Size();
  meta.encryption = intake.encryption();
  return {};
}

// A snapshot that nothing describes belongs to no series and would never be deleted.
Status StoreDescription(storage::Store& store, const SnapshotMeta& meta, const Waits& waits) {
  Status put = PutDescription(store, meta, waits);
  if (put) return {};
  Status removed = RemoveAgain(store, meta.name, waits);
  if (removed) return put;
  return Fail(std::move(put)
                  .error()
                  .With(removed.error().ToString())
                  .Hint("`holdfast etcd adopt " + meta.name + "` takes it into the catalogue"));
}

Status RefuseTakenName(storage::Store& store, const std::string& name, std::stop_token stop) {
  for (const std::string& file : {name, name + std::string(kMetaSuffix)}) {
    if (auto there = store.Stat(file, {.stop = stop})) {
      return Fail(Error(ErrorKind::kConflict,
                        fmt::format("{} has a \"{}\" already", store.Describe(), file))
                      .Hint("nothing is overwritten: give another name"));
    }
  }
  return {};
}

}  // namespace

Result<SaveReport> Save(Client& client, storage::Store& store, const SaveOptions& options,
                        const Logger& log) {
  SaveReport report;
  report.meta.name = options.name;
  report.meta.compression = CompressionName(options.compression);
  report.meta.started = options.clock->Now();
  HF_TRY(storage::CheckName(options.name));
  HF_ASSIGN(Survey survey, SurveyMembers(client, options.stop));
  if (options.compare_members) CompareMembers(client, survey, options.stop);
  report.warnings = std::move(survey.warnings);
  HF_TRY(RefuseTakenName(store, options.name, options.stop));
  IntakeOptions how{.compression = options.compression,
                    .encryption = options.encryption,
                    .name = options.name.substr(0, options.name.find(".zip"))};
  std::unique_ptr<Intake> intake;
  Status fetched;
  for (const Candidate& candidate : survey.candidates) {
    log.Info("taking a snapshot", {{"endpoint", client.endpoint(candidate.endpoint)}});
    intake.reset();  // gives the disk back what the one before took
    HF_ASSIGN(intake, Intake::Begin(store, how));
    fetched = Fetch(client, candidate, *intake, options, report);
    if (fetched || fetched.error().kind() == ErrorKind::kCancelled) break;
    report.warnings.push_back(fetched.error().ToString());
  }
  if (!fetched) return Fail(std::move(fetched).error());
  for (const std::string& warning : report.verified.warnings) report.warnings.push_back(warning);
  HF_TRY(store.Put(intake->product(), options.name, {.stop = options.stop}));
  report.meta.finished = options.clock->Now();
  HF_TRY(StoreDescription(store, report.meta, {.clock = options.clock, .stop = options.stop}));
  return report;
}

}  // namespace holdfast::etcd
