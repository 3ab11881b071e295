// The operator and a bucket: where it is named, what is said when it cannot be used, retention.
#include <algorithm>

#include "testbed/minio.h"
#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OperatorS3 : public OperatorTest {
 protected:
  static void SetUpTestSuite() {
    OperatorTest::SetUpTestSuite();
    minio_ = Must(testbed::Minio::Start({})).release();
    Must(minio_->MakeBucket("backups"));
    MakeCredentials("keys", minio_->root());
  }
  static void TearDownTestSuite() {
    delete minio_;
    minio_ = nullptr;
    OperatorTest::TearDownTestSuite();
  }
  static void MakeCredentials(const std::string& name, const testbed::S3Keys& keys) {
    MakeSecret(name, {{"accessKey", keys.access_key}, {"secretKey", keys.secret_key}});
  }
  static void MakeSecret(const std::string& name, const Json& data) {
    Json secret = {{"metadata", {{"name", name}}}, {"stringData", data}};
    Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets", secret.dump());
  }
  // The storageLocation of a Backup, in YAML, with the bucket's folder.
  static std::string Location(const std::string& folder, const std::string& keys = "keys") {
    return "storageLocation: {s3: {endpoint: '" + minio_->url() +
           "', bucketName: backups, region: us-east-1, credentialSecretName: " + keys +
           ", credentialSecretNamespace: " + kNs + ", folder: '" + folder + "'}}";
  }
  static Names Objects(const std::string& folder) {
    Names names;
    for (const std::string& name : Must(minio_->Objects("backups")))
      if (name.starts_with(folder + "/")) names.push_back(name);
    return names;
  }
  static testbed::Minio& minio() { return *minio_; }

 private:
  static inline testbed::Minio* minio_ = nullptr;
};

TEST_F(OperatorS3, NamedByTheBackup) {
  Start({{"DEFAULT_PERSISTENCE_ENABLED", ""}});
  CreateBackup("named", "{resourceSetName: app, " + Location("/daily/") + "}");
  Json backup = AwaitBackup("named", "Completed");
  EXPECT_EQ(TextAt(backup, "status/storageLocation"), "S3");
  std::string file = TextAt(backup, "status/filename");
  EXPECT_THAT(Objects("daily"), ElementsAre("daily/" + file));
  EXPECT_EQ(TextAt(backup, "status/lastResult/verified"), "Quick");
  CreateRestore("named", "{backupFilename: " + file + ", " + Location("daily") + "}");
  EXPECT_EQ(TextAt(AwaitRestore("named", "Completed"), "status/backupSource"), "S3");
  // A path in the name.
  CreateRestore("path", "{backupFilename: daily/" + file + ", " + Location("") + "}");
  AwaitRestore("path", "Completed");
  CreateRestore("absent", "{backupFilename: gone.tar.gz, " + Location("daily") + "}");
  EXPECT_EQ(ConditionsText(AwaitRestore("absent", "Retrying")),
            "Reconciling=False [Error] failed to download s3 backup: no backup files found with "
            "prefix [daily/gone.tar.gz] in bucket [backups]; Ready=Unknown Retrying");
}

// D48: with clientConfig as the chart writes it.
TEST_F(OperatorS3, AsTheDefaultStore) {
  MakeSecret("rancher-backup-s3",
             {{"endpoint", minio().url()},
              {"bucketName", "backups"},
              {"folder", "default"},
              {"region", "us-east-1"},
              {"insecureTLSSkipVerify", "false"},
              {"credentialSecretName", "keys"},
              {"credentialSecretNamespace", kNs},
              {"clientConfig", R"({"aws":{"dualStack":false},"bucketLookup":"path"})"}});
  Start({{"DEFAULT_PERSISTENCE_ENABLED", ""},
         {"DEFAULT_S3_BACKUP_STORAGE_LOCATION", "rancher-backup-s3"}});
  CreateBackup("by-default", "{resourceSetName: app}");
  Json backup = AwaitBackup("by-default", "Completed");
  EXPECT_EQ(TextAt(backup, "status/storageLocation"), "S3");
  EXPECT_THAT(Objects("default"), SizeIs(1));
  CreateRestore("from-default", "{backupFilename: latest, backupName: by-default}");
  EXPECT_EQ(TextAt(AwaitRestore("from-default", "Completed"), "status/backupSource"), "S3");
}

TEST_F(OperatorS3, TwoDefaultStoresAreRefusedAtTheStart) {
  Start({{"DEFAULT_S3_BACKUP_STORAGE_LOCATION", "rancher-backup-s3"}});
  Outcome outcome = op().Wait(std::chrono::seconds(30));
  StopOperator();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Error running operator: cannot configure PVC and S3 both as "
                                     "default backup storage locations"));
}

TEST_F(OperatorS3, WhatIsWrongWithASecretIsSaid) {
  MakeSecret("half", {{"accessKey", "a"}});
  Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets", R"({"metadata":{"name":"none"}})");
  Start();
  const std::map<std::string, std::string> cases = {
      {"no-such-secret", "secrets \"no-such-secret\" not found"},
      {"none",
       "malformed secret [none] in namespace [cattle-resources-system], unable to read the "
       "data field"},
      {"half",
       "malformed secret [half] in namespace [cattle-resources-system], the following keys "
       "were not found in the data field: [secretKey]"},
  };
  for (const auto& [secret, message] : cases) {
    CreateBackup("with-" + secret, "{resourceSetName: app, " + Location("x", secret) + "}");
    EXPECT_EQ(ConditionsText(AwaitBackup("with-" + secret, "Retrying")),
              "Reconciling=False [Error] " + message + "; Ready=Unknown Retrying");
  }
  EXPECT_THAT(Objects("x"), IsEmpty());
}

// D21: the archive counts, none is made for the failure, and the failure is told.
TEST_F(OperatorS3, ARetentionThatFailsIsATroubleOfItsOwn) {
  MakeCredentials("no-delete", Must(minio().MakeUser(
                                   R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                   R"("Action":["s3:GetObject","s3:PutObject","s3:ListBucket"],)"
                                   R"("Resource":["arn:aws:s3:::*"]}]})")));
  Start();
  CreateBackup("kept", "{resourceSetName: app, schedule: '0 0 1 1 *', retentionCount: 1, " +
                           Location("kept", "no-delete") + "}");
  AwaitBackup("kept", "Completed");
  Patch(std::string(kBackups) + "/kept",
        R"({"metadata":{"annotations":{"holdfast.io/run-now":"1"}}})");
  Json backup =
      AwaitBackup("kept", [](const Json& b) { return At(b, "status/history").size() == 2; });
  EXPECT_TRUE(Eventually([] {
    Names reasons = EventReasons("kept");
    return std::count(reasons.begin(), reasons.end(), "RetentionFailed") > 0;
  }));
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  EXPECT_THAT(Objects("kept"), SizeIs(2));
  EXPECT_THAT(op().Page("/metrics").body,
              HasSubstr("holdfast_retention_failures_total{name=\"kept\"}"));
}

// As `kubectl create secret --from-file` makes Secrets.
TEST_F(OperatorS3, LineFeedsInSecretsAreNoPartOfTheValues) {
  MakeSecret("from-files", {{"accessKey", minio().root().access_key + "\n"},
                            {"secretKey", minio().root().secret_key + "\r\n"}});
  MakeSecret("default-from-files", {{"endpoint", minio().url() + "\n"},
                                    {"bucketName", "backups\n"},
                                    {"folder", "trimmed\n"},
                                    {"region", "us-east-1\n"},
                                    {"insecureTLSSkipVerify", "false\n"},
                                    {"credentialSecretName", "from-files\n"},
                                    {"credentialSecretNamespace", std::string(kNs) + "\n"}});
  Start({{"DEFAULT_PERSISTENCE_ENABLED", ""},
         {"DEFAULT_S3_BACKUP_STORAGE_LOCATION", "default-from-files"}});
  CreateBackup("trimmed", "{resourceSetName: app}");
  AwaitBackup("trimmed", "Completed");
  EXPECT_THAT(Objects("trimmed"), SizeIs(1));
  // A session token is sent: this one is not good.
  MakeSecret("with-token", {{"accessKey", minio().root().access_key},
                            {"secretKey", minio().root().secret_key},
                            {"sessionToken", "no-such-token\n"}});
  CreateBackup("token", "{resourceSetName: app, " + Location("token", "with-token") + "}");
  AwaitBackup("token", "Retrying");
  EXPECT_THAT(Objects("token"), IsEmpty());
}

TEST_F(OperatorS3, RetentionTouchesNothingOfOthers) {
  Start();
  std::string location = Location("shared");
  CreateBackup("daily-nightly", "{resourceSetName: app, schedule: '0 0 1 1 *', " + location + "}");
  AwaitBackup("daily-nightly", "Completed");
  CreateBackup("nightly", "{resourceSetName: app, schedule: '@every 1s', retentionCount: 1, " +
                              location + "}");
  AwaitBackup("nightly", [](const Json& b) { return At(b, "status/history").size() >= 3; });
  Patch(std::string(kBackups) + "/nightly", R"({"spec":{"paused":true}})");
  EXPECT_TRUE(Eventually([] { return Objects("shared").size() == 2; }));
  EXPECT_THAT(Objects("shared"), Contains(HasSubstr("shared/daily-nightly-")));
}

TEST_F(OperatorS3, ABucketThatIsAwayIsWaitedFor) {
  Start();
  CreateBackup("away", "{resourceSetName: app, schedule: '@every 1s', retentionCount: 100, " +
                           Location("away") + "}");
  AwaitBackup("away", "Completed");
  Must(minio().service().Kill(9));
  Json backup = AwaitBackup("away", [](const Json& b) {
    return TextAt(ConditionOf(b, "Ready"), "message") == "Retrying";
  });
  EXPECT_EQ(TextAt(ConditionOf(backup, "Ready"), "status"), "False");
  EXPECT_THAT(ConditionsText(backup), HasSubstr("127.0.0.1"));
  Must(minio().service().Restart());
  backup = AwaitBackup(
      "away",
      [](const Json& b) { return TextAt(ConditionOf(b, "Ready"), "message") == "Completed"; },
      std::chrono::seconds(120));
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
}

}  // namespace
}  // namespace holdfast::tests
