// Backups as custom resources: what is stored, and what their status says.
#include <fstream>

#include "stream/sha256.h"
#include "testbed/kubeconfig.h"
#include "tests/kms_plugin.h"
#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class OperatorBackup : public OperatorTest {};

TEST_F(OperatorBackup, OneTime) {
  Start();
  CreateBackup("once", "{resourceSetName: app}");
  Json backup = AwaitBackup("once", "Completed");
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  EXPECT_EQ(TextAt(backup, "status/backupType"), "One-time");
  EXPECT_EQ(TextAt(backup, "status/storageLocation"), "PV");
  EXPECT_EQ(At(backup, "status/observedGeneration"), 1);
  EXPECT_EQ(TextAt(backup, "status/phase"), "Completed");
  EXPECT_EQ(At(backup, "status/nextSnapshotAt"), nullptr);
  EXPECT_EQ(At(backup, "status/runStarted"), nullptr);
  EXPECT_EQ(At(backup, "status/progress"), nullptr);
  EXPECT_THAT(TextAt(backup, "status/lastSnapshotTs"), MatchesRegex("20..-..-..T..:..:..Z"));
  std::string file = TextAt(backup, "status/filename");
  std::string uid = TextAt(Get("/api/v1/namespaces/kube-system"), "metadata/uid");
  EXPECT_THAT(file, MatchesRegex("once-" + uid + "-20..-..-..T..-..-..Z.tar.gz"));
  EXPECT_THAT(Archives(), ElementsAre(file));
  EXPECT_EQ(At(backup, "status/lastResult/objects"), 3);
  EXPECT_EQ(TextAt(backup, "status/lastResult/verified"), "Quick");
  EXPECT_EQ(TextAt(backup, "status/lastResult/sha256"),
            stream::Hex(stream::Sha256::Of(*testbed::ReadFile(store() / file))));
  EXPECT_EQ(TextAt(backup, "status/lastResult/filename"), file);
  EXPECT_THAT(At(backup, "status/history"), SizeIs(1));
  EXPECT_THAT(ConditionOf(backup, "Ready")["lastUpdateTime"].get<std::string>(),
              MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_THAT(EventReasons("once"), Contains("BackupCompleted"));
  EXPECT_EQ(op().Page("/readyz").code, 200);
  // Metadata is no reason to run again, and neither is a new operator.
  Patch(std::string(kBackups) + "/once", R"({"metadata":{"labels":{"a":"b"}}})");
  op().Terminate();
  Start().AwaitLeading();
  CreateBackup("other", "{resourceSetName: app}");
  AwaitBackup("other", "Completed");
  EXPECT_THAT(Archives(), SizeIs(2));
}

bool HasPhase(const Json& backup, const std::string& phase) {
  return TextAt(backup, "status/phase") == phase;
}

bool SaysError(const Json& object, const std::string& text) {
  return TextAt(ConditionOf(object, "Reconciling"), "message").find(text) != std::string::npos;
}

TEST_F(OperatorBackup, RecurringRunsAtOnceAndThenBySchedule) {
  Start();
  CreateBackup("every", "{resourceSetName: app, schedule: '@every 1s', retentionCount: 2}");
  Json backup = AwaitBackup("every", [](const Json& b) {
    return At(b, "status/history").size() >= 4 && HasPhase(b, "Completed");
  });
  EXPECT_EQ(TextAt(backup, "status/backupType"), "Recurring");
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  EXPECT_NE(TextAt(backup, "status/nextSnapshotAt"), "");
  // The newest two, however many there were.
  Patch(std::string(kBackups) + "/every", R"({"spec":{"paused":true}})");
  EXPECT_TRUE(Eventually([&] {
    backup = Get(std::string(kBackups) + "/every");
    Names newest = {TextAt(backup, "status/history/1/filename"),
                    TextAt(backup, "status/history/0/filename")};
    return HasPhase(backup, "Completed") && Archives() == newest;
  }));
  EXPECT_EQ(TextAt(backup, "status/filename"), TextAt(backup, "status/history/0/filename"));
}

TEST_F(OperatorBackup, NextRunIsTheScheduleAfterNow) {
  Start();
  CreateBackup("yearly", "{resourceSetName: app, schedule: '30 4 1 1 *', timeZone: UTC}");
  Json backup = AwaitBackup("yearly", "Completed");
  EXPECT_THAT(TextAt(backup, "status/nextSnapshotAt"), MatchesRegex("20..-01-01T04:30:00Z"));
  EXPECT_THAT(Archives(), SizeIs(1));
}

TEST_F(OperatorBackup, EncryptedArchivesSaySo) {
  MakeKeys("keys");
  Start();
  CreateBackup("secret", "{resourceSetName: app, encryptionConfigSecretName: keys, verify: Full}");
  Json backup = AwaitBackup("secret", "Completed");
  EXPECT_THAT(TextAt(backup, "status/filename"), MatchesRegex("secret-.*Z.tar.gz.enc"));
  EXPECT_EQ(TextAt(backup, "status/lastResult/verified"), "Full");
}

TEST_F(OperatorBackup, EncryptsWithAKmsPlugin) {
  KmsPlugin plugin(folder().path() / "kms.sock");
  Json secret = {{"metadata", {{"name", "kms"}}},
                 {"stringData",
                  {{"encryption-provider-config.yaml",
                    "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n"
                    "resources:\n- resources: [secrets]\n  providers:\n"
                    "  - kms: {apiVersion: v2, name: plugin, endpoint: \"" +
                        plugin.endpoint() + "\"}\n"}}}};
  Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets", secret.dump());
  Start();
  CreateBackup("kms", "{resourceSetName: app, encryptionConfigSecretName: kms, verify: Full}");
  Json backup = AwaitBackup("kms", "Completed");
  EXPECT_EQ(TextAt(backup, "status/lastResult/verified"), "Full");
  EXPECT_GT(plugin.encrypts(), 0);
  EXPECT_GT(plugin.decrypts(), 0);
}

TEST_F(OperatorBackup, EmptyStorageLocationsAreTheDefaultStore) {
  Start();
  int i = 0;
  for (const char* location : {"null", "{}", "{s3: null}", "{s3: {}}"}) {
    std::string name = "empty" + std::to_string(++i);
    CreateBackup(name, "{resourceSetName: app, storageLocation: " + std::string(location) + "}");
    Json backup = AwaitBackup(name, "Completed");
    EXPECT_THAT(Archives(), Contains(TextAt(backup, "status/filename"))) << location;
  }
}

// What was missing comes: the Backup recovers by itself, and its trouble is no longer shown.
TEST_F(OperatorBackup, MissingThingsAreNamedAndWaitedFor) {
  Start();
  CreateBackup("noset", "{resourceSetName: late}");
  Json backup = AwaitBackup("noset", "Retrying");
  EXPECT_EQ(ConditionsText(backup),
            "Reconciling=False [Error] resourcesets.resources.cattle.io \"late\" not found; "
            "Ready=Unknown Retrying");
  EXPECT_TRUE(HasPhase(backup, "Failed"));
  EXPECT_EQ(At(backup, "status/filename"), nullptr);
  EXPECT_THAT(EventReasons("noset"), Contains("BackupFailed"));

  CreateBackup("nokeys", "{resourceSetName: app, encryptionConfigSecretName: late-keys}");
  EXPECT_EQ(ConditionsText(AwaitBackup("nokeys", "Retrying")),
            "Reconciling=False [Error] secrets \"late-keys\" not found; Ready=Unknown Retrying");
  Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets",
         R"({"metadata":{"name":"wrong-key"},"stringData":{"keys.yaml":"x"}})");
  CreateBackup("wrongkey", "{resourceSetName: app, encryptionConfigSecretName: wrong-key}");
  EXPECT_EQ(ConditionsText(AwaitBackup("wrongkey", "Retrying")),
            "Reconciling=False [Error] no encryptionConfig provided; Ready=Unknown Retrying");
  EXPECT_THAT(Archives(), IsEmpty());

  Create(kSets,
         "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: late}, "
         "resourceSelectors: [{apiVersion: v1, kinds: [configmaps], namespaces: [app]}]}");
  MakeKeys("late-keys");
  for (const char* name : {"noset", "nokeys"})
    EXPECT_EQ(ConditionsText(AwaitBackup(name, "Completed")),
              "Ready=True Completed; Uploaded=True");
}

TEST_F(OperatorBackup, WithoutAnyStoreItSaysWhatToDo) {
  Start({{"DEFAULT_PERSISTENCE_ENABLED", ""}});
  CreateBackup("nowhere", "{resourceSetName: app}");
  EXPECT_EQ(ConditionsText(AwaitBackup("nowhere", "Retrying")),
            "Reconciling=False [Error] backup nowhere needs to specify S3 details, or configure "
            "storage location at the operator level; Ready=Unknown Retrying");
}

TEST_F(OperatorBackup, BadSchedulesMakeNoArchives) {
  Start();
  const std::string prefix = "error parsing invalid cron string for schedule: ";
  const std::map<std::string, std::string> cases = {
      {"kldsnd", prefix + "expected exactly 5 fields, found 1: [kldsnd]"},
      {"0 0 * * 7", prefix + "end of range (7) above maximum (6): 7"},
      {"a * * * *", prefix + "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid "
                             "syntax"},
      {"@foo", prefix + "unrecognized descriptor: @foo"},
      {"TZ=Nope 0 0 * * *", prefix + "provided bad location Nope: unknown time zone Nope"},
      {"TZ=UTC", prefix},
      {"0 0 31 2 *", prefix},
  };
  int i = 0;
  for (const auto& [schedule, message] : cases) {
    std::string name = "bad" + std::to_string(++i);
    CreateBackup(name, "{resourceSetName: app, schedule: '" + schedule + "'}");
    Json backup = AwaitBackup(name, "Retrying");
    EXPECT_TRUE(SaysError(backup, message)) << ConditionsText(backup);
    EXPECT_EQ(TextAt(ConditionOf(backup, "Stalled"), "status"), "True") << schedule;
  }
  EXPECT_THAT(Archives(), IsEmpty());
  EXPECT_THAT(op().Page("/metrics").body, Not(HasSubstr("rancher_backups_attempted_total{")));
  Patch(std::string(kBackups) + "/bad1", R"({"spec":{"schedule":"@daily"}})");
  EXPECT_EQ(ConditionsText(AwaitBackup("bad1", "Completed")),
            "Ready=True Completed; Uploaded=True");
}

TEST_F(OperatorBackup, TheSchemaRefusesWhatTheReferenceRefuses) {
  auto refusal = [](const std::string& spec) {
    return Refusal(kBackups,
                   "{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: "
                   "refused}, spec: " +
                       spec + "}");
  };
  EXPECT_THAT(refusal("{resourceSetName: app, retentionCount: 0}"),
              HasSubstr("spec.retentionCount in body should be greater than or equal to 1"));
  EXPECT_THAT(refusal("{}"), HasSubstr("spec.resourceSetName"));
  // An empty s3 is the default store; a part of one is a mistake.
  for (const char* s3 : {"folder: f", "endpoint: e", "insecureTLSSkipVerify: false",
                         "credentialSecretName: s", "clientConfig: {aws: {}}"})
    EXPECT_THAT(refusal("{resourceSetName: app, storageLocation: {s3: {" + std::string(s3) + "}}}"),
                HasSubstr("spec.storageLocation.s3.bucketName: Required value"));
  EXPECT_THAT(refusal("{resourceSetName: app, storageLocation: {s3: {bucketName: b, "
                      "insecureTLSSkipVerify: 'true'}}}"),
              HasSubstr("insecureTLSSkipVerify"));
  EXPECT_THAT(refusal("{resourceSetName: app, verify: Sometimes}"), HasSubstr("spec.verify"));
  EXPECT_THAT(Refusal(kSets,
                      "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: "
                      "{name: twice}, resourceSelectors: [{apiVersion: v1, kinds: [a, a]}]}"),
              HasSubstr("Duplicate value"));
}

// D32: a Backup that succeeded once and fails now is not ready.
TEST_F(OperatorBackup, FailureAfterSuccess) {
  const std::string set =
      "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: goes}, "
      "resourceSelectors: [{apiVersion: v1, kinds: [configmaps], namespaces: [app]}]}";
  Create(kSets, set);
  Start();
  CreateBackup("was-good", "{resourceSetName: goes, schedule: '@every 1s'}");
  AwaitBackup("was-good", "Completed");
  Delete(std::string(kSets) + "/goes");
  Json backup = AwaitBackup("was-good", "Retrying");
  EXPECT_EQ(ConditionsText(backup),
            "Ready=False [Error] Retrying; Uploaded=True; Reconciling=False [Error] "
            "resourcesets.resources.cattle.io \"goes\" not found");
  EXPECT_NE(TextAt(backup, "status/filename"), "");
  std::string labels = op().Page("/metrics").body;
  EXPECT_THAT(labels, HasSubstr("rancher_backups_failed_total{name=\"was-good\"}"));
  Create(kSets, set);
  EXPECT_EQ(ConditionsText(AwaitBackup("was-good", "Completed")),
            "Ready=True Completed; Uploaded=True");
}

TEST_F(OperatorBackup, RunNow) {
  Start();
  CreateBackup("asked", "{resourceSetName: app, schedule: '0 0 1 1 *', paused: true}");
  std::string path = std::string(kBackups) + "/asked";
  Patch(path, R"({"metadata":{"annotations":{"holdfast.io/run-now":"1"}}})");
  Json backup = AwaitBackup("asked", "Completed");
  EXPECT_EQ(TextAt(backup, "status/lastRunNow"), "1");
  Patch(path, R"({"metadata":{"annotations":{"holdfast.io/run-now":"2"}}})");
  AwaitBackup("asked", [](const Json& b) { return TextAt(b, "status/lastRunNow") == "2"; });
  // The same value again is no new wish, not even for a new operator.
  op().Terminate();
  Start().AwaitLeading();
  CreateBackup("after", "{resourceSetName: app}");
  AwaitBackup("after", "Completed");
  EXPECT_EQ(At(Get(path), "status/history").size(), 2u);
  EXPECT_THAT(Archives(), SizeIs(3));
}

TEST_F(OperatorBackup, PausedMakesNoRuns) {
  Start();
  CreateBackup("paused", "{resourceSetName: app, schedule: '@every 1s', paused: true}");
  CreateBackup("beside", "{resourceSetName: app, schedule: '@every 1s'}");
  AwaitBackup("beside", [](const Json& b) { return At(b, "status/history").size() >= 3; });
  EXPECT_EQ(At(Get(std::string(kBackups) + "/paused"), "status/filename"), nullptr);
  Patch(std::string(kBackups) + "/paused", R"({"spec":{"paused":false}})");
  AwaitBackup("paused", "Completed");
}

// D31.
TEST_F(OperatorBackup, ChangesOfTheScheduleTakeEffectAtOnce) {
  Start();
  CreateBackup("edited", "{resourceSetName: app, schedule: '0 0 1 1 *'}");
  std::string path = std::string(kBackups) + "/edited";
  AwaitBackup("edited", "Completed");
  Patch(path, R"({"spec":{"schedule":"0 0 2 1 *"}})");
  AwaitBackup("edited", [](const Json& b) {
    return TextAt(b, "status/nextSnapshotAt").find("-01-02T00:00:00Z") != std::string::npos &&
           At(b, "status/observedGeneration") == 2;
  });
  EXPECT_THAT(Archives(), SizeIs(1));
  Patch(path, R"({"spec":{"schedule":null}})");
  AwaitBackup("edited", [](const Json& b) {
    return TextAt(b, "status/backupType") == "One-time" && At(b, "status/nextSnapshotAt").is_null();
  });
  EXPECT_THAT(Archives(), SizeIs(1));
  Patch(path, R"({"spec":{"schedule":"@every 1s"}})");
  AwaitBackup("edited", [](const Json& b) { return At(b, "status/history").size() >= 3; });
}

TEST_F(OperatorBackup, AnEditedOneTimeBackupRunsAgain) {
  Start();
  CreateBackup("again", "{resourceSetName: app}");
  std::string first = TextAt(AwaitBackup("again", "Completed"), "status/filename");
  Patch(std::string(kBackups) + "/again", R"({"spec":{"verify":"None"}})");
  Json backup =
      AwaitBackup("again", [&](const Json& b) { return TextAt(b, "status/filename") != first; });
  EXPECT_EQ(At(backup, "status/observedGeneration"), 2);
  EXPECT_EQ(TextAt(backup, "status/lastResult/verified"), "None");
  EXPECT_THAT(Archives(), SizeIs(2));
}

TEST_F(OperatorBackup, MissedRunsAreMadeUpOnce) {
  Start();
  CreateBackup("missed", "{resourceSetName: app, schedule: '0 0 1 1 *'}");
  AwaitBackup("missed", "Completed");
  op().Terminate();
  Patch(std::string(kBackups) + "/missed/status",
        R"({"status":{"nextSnapshotAt":"2020-01-01T00:00:00Z"}})");
  Start().AwaitLeading();
  AwaitBackup("missed", [](const Json& b) { return At(b, "status/history").size() == 2; });
  CreateBackup("after", "{resourceSetName: app}");
  AwaitBackup("after", "Completed");
  EXPECT_THAT(Archives(), SizeIs(3));
}

// D21: the operator died between storing the archive and telling so.
TEST_F(OperatorBackup, AStoredArchiveIsTakenUp) {
  Start();
  CreateBackup("died", "{resourceSetName: app}");
  Json backup = AwaitBackup("died", "Completed");
  std::string file = TextAt(backup, "status/filename");
  op().Terminate();
  Patch(std::string(kBackups) + "/died/status",
        R"({"status":{"filename":null,"lastSnapshotTs":null,"conditions":[],"phase":"InProgress",)"
        R"("observedGeneration":null,"runStarted":")" +
            TextAt(backup, "status/lastResult/started") + "\"}}");
  Start();
  backup = AwaitBackup("died", "Completed");
  EXPECT_EQ(TextAt(backup, "status/filename"), file);
  EXPECT_THAT(Archives(), ElementsAre(file));
}

// An operator that ended between storing and deleting: the next one deletes.
TEST_F(OperatorBackup, RetentionIsMadeUpAfterARestart) {
  Start();
  CreateBackup("tidy", "{resourceSetName: app, schedule: '0 0 1 1 *', retentionCount: 1}");
  std::string file = TextAt(AwaitBackup("tidy", "Completed"), "status/filename");
  op().Terminate();
  std::string old = file;
  old.replace(old.rfind("Z.tar") - 19, 4, "2020");
  std::filesystem::copy_file(store() / file, store() / old);
  Start();
  EXPECT_TRUE(Eventually([&] { return Archives() == Names{file}; }));
}

TEST_F(OperatorBackup, DeletionPolicy) {
  Start();
  CreateBackup("stays", "{resourceSetName: app}");
  CreateBackup("goes", "{resourceSetName: app, deletionPolicy: Delete}");
  std::string stays = TextAt(AwaitBackup("stays", "Completed"), "status/filename");
  Json goes = AwaitBackup("goes", "Completed");
  EXPECT_THAT(At(goes, "metadata/finalizers"), SizeIs(1));
  EXPECT_EQ(At(Get(std::string(kBackups) + "/stays"), "metadata/finalizers"), nullptr);
  Delete(std::string(kBackups) + "/stays");
  Delete(std::string(kBackups) + "/goes");
  AwaitBackup("goes", [](const Json& b) { return b.is_null(); });
  EXPECT_THAT(Archives(), ElementsAre(stays));
}

}  // namespace
}  // namespace holdfast::tests
