#include "etcd/verify.h"

#include <thread>

#include <fmt/format.h>

#include "etcd/verify_walk.h"

namespace holdfast::etcd {
namespace {

void AddProblem(VerifyReport& report, std::string text) {
  ++report.problem_count;
  report.problems.insert(report.problems.begin(), std::move(text));
}

void CheckMetas(const Database& database, VerifyReport& report) {
  for (int page : {0, 1}) {
    if (database.meta_state(page) != MetaState::kValid) {
      AddProblem(report, fmt::format("meta page {} is damaged ({}); the other one is used", page,
                                     MetaStateText(database.meta_state(page))));
      return;
    }
  }
  Meta first = database.meta_at(0), second = database.meta_at(1);
  second.txid = first.txid;
  if (database.has_digest() && !(first == second)) {
    report.warnings.push_back(
        "the meta pages differ in more than their transaction: not as an etcd member sends a "
        "snapshot, but a copied or edited file");
  }
}

void Judge(bool fatal, VerifyReport& report) {
  if (fatal) {
    report.restorable = Restorable::kNo;
    report.reason = "etcd would not start with it: pages or records cannot be read";
  } else if (report.digest == DigestState::kDiffers) {
    report.restorable = Restorable::kOnlyWithoutDigest;
    report.reason =
        "bytes have changed since the snapshot was taken, though every page is sound; "
        "`restore --skip-hash-check` takes it, and some value may be wrong";
  } else if (report.digest == DigestState::kMissing) {
    report.restorable = Restorable::kOnlyWithoutDigest;
    report.reason =
        "there is no checksum at its end (a copied data file?); every page is sound, "
        "`restore --skip-hash-check` takes it";
  }
}

}  // namespace

Result<VerifyReport> Verify(const Database& database, const VerifyOptions& options) {
  VerifyReport report{.pages = database.meta().high_water, .size = database.size()};
  Result<DigestState> digest = DigestState::kMissing;
  bool fatal = false;
  {
    std::jthread reader([&](std::stop_token mine) {
      if (options.digest) {
        digest = *options.digest;
        return;
      }
      std::stop_source both;
      std::stop_callback a(options.stop, [&] { both.request_stop(); });
      std::stop_callback b(mine, [&] { both.request_stop(); });
      digest = CheckDigest(database.file(), both.get_token());
    });
    VerifyWalk walk(database, options, report);
    HF_TRY(walk.Run());  // leaving, the reader is stopped and joined
    fatal = walk.fatal();
    reader.join();
  }
  if (!digest) return Fail(std::move(digest).error());
  report.digest = *digest;
  CheckMetas(database, report);
  if (report.digest == DigestState::kDiffers)
    AddProblem(report, "the checksum at the end of the file does not match its content");
  if (report.digest == DigestState::kMissing)
    report.warnings.push_back("no checksum at the end of the file: changed values go unnoticed");
  for (const AlarmRow& alarm : report.facts.alarms) {
    report.warnings.push_back(
        fmt::format("alarm {} of member {:x} is raised; it outlives a restore unless "
                    "`restore --clear-alarms` is given",
                    AlarmName(alarm.alarm), alarm.member));
  }
  Judge(fatal, report);
  return report;
}

}  // namespace holdfast::etcd
