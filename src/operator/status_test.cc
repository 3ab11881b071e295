#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_scan.h"
#include "base/rfc3339.h"
#include "operator/backup_status.h"
#include "operator/custom_resources.h"
#include "operator/restore_reconciler.h"

namespace holdfast::op {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Clock::Wall kNowWall = ParseRfc3339("2026-01-27T10:00:00Z").value();

constexpr std::string_view kBackup = R"({"apiVersion":"resources.cattle.io/v1","kind":"Backup",
 "metadata":{"name":"nightly","uid":"u1","resourceVersion":"7","generation":2,
  "annotations":{"holdfast.io/run-now":"x"},"finalizers":["holdfast.io/archives"]},
 "spec":{"resourceSetName":"full","schedule":"@daily","retentionCount":3,
  "storageLocation":{"s3":{"bucketName":"b","endpoint":"e:9000"}},"deletionPolicy":"Delete"},
 "status":{"conditions":[{"type":"Ready","status":"True","message":"Completed",
  "lastUpdateTime":"2026-01-01T00:00:00Z"}],"lastSnapshotTs":"2026-01-27T02:00:00Z",
  "nextSnapshotAt":"0001-01-01T00:00:00Z","filename":"old.tar.gz"}})";

TEST(CustomResources, ReadsABackup) {
  BackupObject backup = ParseBackup(kBackup).value();
  EXPECT_EQ(backup.meta.name, "nightly");
  EXPECT_EQ(backup.meta.generation, 2);
  EXPECT_EQ(backup.meta.run_now, "x");
  EXPECT_EQ(backup.verify, "Quick");
  EXPECT_TRUE(backup.delete_archives);
  ASSERT_TRUE(backup.s3);
  EXPECT_THAT(*backup.s3, HasSubstr("e:9000"));
  EXPECT_FALSE(backup.next_snapshot);  // what the reference wrote for "never"
  EXPECT_EQ(ParseBackup("[]").error().kind(), ErrorKind::kInternal);
  EXPECT_EQ(ParseBackup("{").error().kind(), ErrorKind::kInternal);
}

TEST(CustomResources, EmptyStorageLocationsAreTheDefault) {
  for (const char* location : {"null", "{}", R"({"s3":null})"}) {
    std::string text = R"({"metadata":{"name":"a","uid":"u"},"spec":{"storageLocation":)" +
                       std::string(location) + R"(,"prune":null,"deleteTimeoutSeconds":-5}})";
    EXPECT_FALSE(ParseBackup(text).value().s3) << location;
    RestoreObject restore = ParseRestore(text).value();
    EXPECT_FALSE(restore.s3) << location;
    EXPECT_TRUE(restore.prune);
    EXPECT_EQ(restore.delete_timeout.count(), 0);
  }
}

TEST(CustomResources, StatusIsNoNews) {
  std::string one(kBackup), other(kBackup);
  other.replace(other.find("old.tar.gz"), 3, "new");
  EXPECT_EQ(Fingerprint(one), Fingerprint(other));
  other.replace(other.find("\"generation\":2"), 14, "\"generation\":3");
  EXPECT_NE(Fingerprint(one), Fingerprint(other));
}

TEST(Status, OfSuccess) {
  BackupObject backup = ParseBackup(kBackup).value();
  std::string status = SuccessStatus(
      backup, {"new.tar.gz", "S3", "{}", "5 objects", kNowWall, kNowWall + std::chrono::hours(1)});
  EXPECT_EQ(json::Find(status, {"conditions"}).value(),
            R"([{"lastUpdateTime":"2026-01-01T00:00:00Z","message":"Completed","status":"True",)"
            R"("type":"Ready"},{"lastUpdateTime":"2026-01-27T10:00:00Z","status":"True",)"
            R"("type":"Uploaded"}])");
  EXPECT_EQ(json::FindString(status, {"lastSnapshotTs"}), "2026-01-27T10:00:00Z");
  EXPECT_EQ(json::FindString(status, {"nextSnapshotAt"}), "2026-01-27T11:00:00Z");
  EXPECT_EQ(json::FindString(status, {"filename"}), "new.tar.gz");
  EXPECT_EQ(json::FindString(status, {"lastRunNow"}), "x");
  EXPECT_EQ(json::Find(status, {"observedGeneration"}), "2");
  EXPECT_EQ(json::Find(status, {"runStarted"}), "null");
}

TEST(Status, OfFailure) {
  BackupObject backup = ParseBackup(kBackup).value();
  std::string after_success = FailureStatus(backup, {"no such bucket", "make it"}, kNowWall);
  EXPECT_THAT(
      after_success,
      HasSubstr(R"("message":"Retrying","reason":"Error","status":"False","type":"Ready")"));
  EXPECT_THAT(
      after_success,
      HasSubstr(
          R"("message":"no such bucket","reason":"Error","status":"False","type":"Reconciling")"));
  EXPECT_THAT(after_success, HasSubstr(R"("status":"True","type":"Uploaded")"));
  EXPECT_THAT(after_success, Not(HasSubstr("lastSnapshotTs")));
  EXPECT_EQ(json::FindString(after_success, {"summary"}), "make it");
  EXPECT_EQ(json::Find(after_success, {"runStarted"}), "null");
  EXPECT_THAT(FailureStatus(backup, {.text = "x", .keep_run = true}, kNowWall),
              Not(HasSubstr("runStarted")));
  backup.last_snapshot.reset();
  std::string first = FailureStatus(backup, {"no such bucket", "make it"}, kNowWall);
  EXPECT_THAT(first, HasSubstr(R"("message":"Retrying","status":"Unknown","type":"Ready")"));
  EXPECT_THAT(first, Not(HasSubstr("Uploaded")));
  // Reconciling comes first: the metrics' status label shows its message.
  EXPECT_LT(first.find("Reconciling"), first.find("Ready"));
}

TEST(Status, OfAScheduleThatIsRightAgain) {
  BackupObject backup = ParseBackup(kBackup).value();
  EXPECT_THAT(UpdatedStatus(backup, kNowWall, kNowWall), Not(HasSubstr("conditions")));
  backup.conditions = Failed(true, true, "bad schedule", true);
  std::string right = UpdatedStatus(backup, kNowWall, kNowWall);
  EXPECT_THAT(right, HasSubstr(R"("message":"Completed")"));
  EXPECT_THAT(right, Not(HasSubstr("bad schedule")));
  EXPECT_EQ(json::FindString(right, {"phase"}), "Completed");
}

TEST(Status, TextHasNoHint) {
  Error error = Error(ErrorKind::kNotFound, "secrets \"a\" not found").Hint("create it");
  EXPECT_EQ(StatusText(error), "secrets \"a\" not found");
  EXPECT_EQ(StatusText(Error(ErrorKind::kInternal, std::string(9000, 'x'))).size(), 4000u);
}

TEST(Status, HistoryIsBounded) {
  std::string history = "[]";
  for (int i = 0; i < 15; ++i)
    history = AddToHistory(history, "f" + std::to_string(i), "Completed", "", kNowWall);
  EXPECT_THAT(history, HasSubstr("\"f14\""));
  EXPECT_THAT(history, HasSubstr("\"f5\""));
  EXPECT_THAT(history, Not(HasSubstr("\"f4\"")));
  EXPECT_EQ(AddToHistory("nonsense", "f", "Completed", "", kNowWall),
            R"([{"filename":"f","result":"Completed","time":"2026-01-27T10:00:00Z"}])");
}

TEST(Status, OfRestores) {
  RestoreObject restore;
  restore.meta.generation = 2;
  restore::Report report;
  report.counts.created = 3;
  std::string done = RestoredStatus(restore, report, "PV", "", kNowWall);
  EXPECT_THAT(done, HasSubstr(R"("restoreCompletionTs":"2026-01-27T10:00:00Z")"));
  EXPECT_THAT(done, HasSubstr(R"("backupSource":"PV")"));
  EXPECT_THAT(done, HasSubstr("3 created"));
  restore.dry_run = true;
  report.plan_only = true;
  std::string planned = RestoredStatus(restore, report, "PV", "r-plan", kNowWall);
  EXPECT_THAT(planned, Not(HasSubstr("restoreCompletionTs")));
  EXPECT_THAT(planned, HasSubstr(R"("planConfigMap":"r-plan")"));
  std::string stalled = RestoreFailureStatus(restore, "damaged", "", true, &report, kNowWall);
  EXPECT_THAT(stalled, HasSubstr(R"("type":"Stalled")"));
  EXPECT_THAT(stalled, HasSubstr(R"("observedGeneration":2)"));
  std::string failed =
      RestoreFailureStatus(restore, "no Secret", "make it", false, nullptr, kNowWall);
  EXPECT_THAT(failed, Not(HasSubstr("observedGeneration")));
  EXPECT_EQ(json::FindString(failed, {"summary"}), "make it");
}

TEST(Conditions, AnErrorIsSaidOnce) {
  auto conditions = Failed(true, false, "a: b", false);
  EXPECT_TRUE(AlreadySaid(conditions, "a: b"));
  EXPECT_FALSE(AlreadySaid(conditions, "c"));
  EXPECT_FALSE(AlreadySaid(Succeeded(true), "a: b"));
}

}  // namespace
}  // namespace holdfast::op
