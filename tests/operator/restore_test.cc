// Restores as custom resources.
#include <fstream>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kMaps[] = "/api/v1/namespaces/app/configmaps";
constexpr char kLeases[] = "/apis/coordination.k8s.io/v1/namespaces/cattle-resources-system/leases";

class OperatorRestore : public OperatorTest {
 protected:
  void SetUp() override { MakeMap("a"), MakeMap("b"); }
  void TearDown() override {
    OperatorTest::TearDown();
    for (const Json& map : Items(kMaps))
      if (std::string name = TextAt(map, "metadata/name"); name != "kube-root-ca.crt")
        Delete(std::string(kMaps) + "/" + name);
  }

  static void MakeMap(const std::string& name) {
    if (Get(std::string(kMaps) + "/" + name).is_null())
      Create(kMaps, R"({"metadata":{"name":")" + name + R"("},"data":{"x":"1"}})");
  }
  static std::string Data(const std::string& map) {
    return TextAt(Get(std::string(kMaps) + "/" + map), "data/x");
  }
  // The archive of a new Backup.
  std::string MakeArchive(const std::string& name, const std::string& spec = "") {
    CreateBackup(name, "{resourceSetName: app" + spec + "}");
    return TextAt(AwaitBackup(name, "Completed"), "status/filename");
  }
  // What the archive does not have: one changed, one gone, one more.
  static void Change() {
    Patch(std::string(kMaps) + "/a", R"({"data":{"x":"2"}})");
    Delete(std::string(kMaps) + "/b");
    MakeMap("extra");
  }
  static bool HasMap(const std::string& name) {
    return !Get(std::string(kMaps) + "/" + name).is_null();
  }
  // The Lease of restores, held as another program holds it.
  static void HoldLease(const std::string& holder) {
    Delete(std::string(kLeases) + "/restore-controller", true);
    std::string now = FormatRfc3339(Clock::Real().Now());
    now.insert(now.size() - 1, ".000000");
    Create(kLeases, R"({"metadata":{"name":"restore-controller"},"spec":{"holderIdentity":")" +
                        holder + R"(","leaseDurationSeconds":3600,"renewTime":")" + now + "\"}}");
  }
  static void Delete(const std::string& path, bool may_be_gone = false) {
    if (may_be_gone && Get(path).is_null()) return;
    OperatorTest::Delete(path);
  }
};

TEST_F(OperatorRestore, BringsBackWhatTheArchiveHas) {
  Start();
  std::string file = MakeArchive("whole");
  Change();
  CreateRestore("back", "{backupFilename: " + file + "}");
  Json restore = AwaitRestore("back", "Completed");
  EXPECT_EQ(ConditionsText(restore), "Ready=True Completed");
  EXPECT_EQ(TextAt(restore, "status/backupSource"), "PV");
  EXPECT_EQ(At(restore, "status/observedGeneration"), 1);
  EXPECT_EQ(TextAt(restore, "status/phase"), "Completed");
  EXPECT_THAT(TextAt(restore, "status/restoreCompletionTs"), MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(At(restore, "status/counts/created"), 1);
  EXPECT_EQ(At(restore, "status/counts/updated"), 1);
  EXPECT_EQ(At(restore, "status/counts/deleted"), 1);
  EXPECT_EQ(Data("a"), "1");
  EXPECT_EQ(Data("b"), "1");
  EXPECT_FALSE(HasMap("extra"));  // prune is the schema's default
  EXPECT_THAT(EventReasons("back"), Contains("RestoreCompleted"));
  // Finished for ever, whatever is edited, for this operator and the next.
  Patch(std::string(kMaps) + "/a", R"({"data":{"x":"3"}})");
  Patch(std::string(kRestores) + "/back", R"({"spec":{"prune":false}})");
  op().Terminate();
  Start().AwaitLeading();
  MakeArchive("after");
  EXPECT_EQ(Data("a"), "3");
}

TEST_F(OperatorRestore, WithoutPruneNothingIsDeleted) {
  Start();
  std::string file = MakeArchive("keep");
  Change();
  CreateRestore("keeps", "{backupFilename: " + file + ", prune: false}");
  AwaitRestore("keeps", "Completed");
  EXPECT_TRUE(HasMap("extra"));
  EXPECT_TRUE(HasMap("b"));
}

TEST_F(OperatorRestore, DryRunSaysWhatWouldBeDone) {
  Start();
  std::string file = MakeArchive("planned");
  Change();
  CreateRestore("plan", "{backupFilename: " + file + ", dryRun: true}");
  Json restore = AwaitRestore("plan", "Completed");
  EXPECT_EQ(TextAt(restore, "status/restoreCompletionTs"), "");
  EXPECT_THAT(TextAt(restore, "status/summary"), HasSubstr("would be: 1 created, 1 updated"));
  EXPECT_EQ(Data("a"), "2");
  EXPECT_FALSE(HasMap("b"));
  EXPECT_EQ(TextAt(restore, "status/planConfigMap"), "plan-plan");
  Json map = Get("/api/v1/namespaces/" + std::string(kNs) + "/configmaps/plan-plan");
  std::string plan = TextAt(map, "data/plan.txt");
  for (const char* line : {"configmaps app/a", "configmaps app/b", "configmaps app/extra"})
    EXPECT_THAT(plan, HasSubstr(line));
  EXPECT_THAT(plan, Not(HasSubstr("hunter2")));
  EXPECT_EQ(TextAt(map, "metadata/ownerReferences/0/name"), "plan");
  // Without dryRun it is done.
  Patch(std::string(kRestores) + "/plan", R"({"spec":{"dryRun":false}})");
  AwaitRestore("plan", [](const Json& r) { return TextAt(r, "status/restoreCompletionTs") != ""; });
  EXPECT_EQ(Data("a"), "1");
  EXPECT_TRUE(HasMap("b"));
}

TEST_F(OperatorRestore, LatestIsTheNewestGoodArchiveOfABackup) {
  Start();
  MakeArchive("many");
  Patch(std::string(kMaps) + "/a", R"({"data":{"x":"second"}})");
  Patch(std::string(kBackups) + "/many", R"({"spec":{"verify":"Full"}})");
  AwaitBackup("many", [](const Json& b) { return At(b, "status/history").size() == 2; });
  Patch(std::string(kMaps) + "/a", R"({"data":{"x":"third"}})");
  Patch(std::string(kBackups) + "/many", R"({"spec":{"verify":"None"}})");
  Json backup =
      AwaitBackup("many", [](const Json& b) { return At(b, "status/history").size() == 3; });
  // The newest is damaged: the one before it is taken.
  std::filesystem::resize_file(store() / TextAt(backup, "status/filename"), 100);
  CreateRestore("newest", "{backupFilename: latest, backupName: many}");
  AwaitRestore("newest", "Completed");
  EXPECT_EQ(Data("a"), "second");
  CreateRestore("none", "{backupFilename: latest, backupName: no-such}");
  EXPECT_THAT(ConditionsText(AwaitRestore("none", "Retrying")),
              HasSubstr("no good archive of Backup no-such"));
}

TEST_F(OperatorRestore, BadInputIsNamed) {
  Start();
  std::string file = MakeArchive("plain");
  CreateRestore("nofile", "{backupFilename: nofile.tar.gz}");
  EXPECT_EQ(ConditionsText(AwaitRestore("nofile", "Retrying")),
            "Reconciling=False [Error] error opening tarball backup file open " +
                (store() / "nofile.tar.gz").string() +
                ": no such file or directory; Ready=Unknown Retrying");
  EXPECT_THAT(EventReasons("nofile"), Contains("RestoreFailed"));
  CreateRestore("noname", "{backupFilename: ''}");
  EXPECT_EQ(ConditionsText(AwaitRestore("noname", "Retrying")),
            "Reconciling=False [Error] empty backup name; Ready=Unknown Retrying");
  CreateRestore("nokeys",
                "{backupFilename: " + file + ", encryptionConfigSecretName: no-such-keys}");
  EXPECT_EQ(ConditionsText(AwaitRestore("nokeys", "Retrying")),
            "Reconciling=False [Error] secrets \"no-such-keys\" not found; Ready=Unknown "
            "Retrying");
  EXPECT_THAT(Refusal(kRestores,
                      "{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: late}, "
                      "spec: {backupFilename: a, deleteTimeoutSeconds: 11}}"),
              HasSubstr("should be less than or equal to 10"));
  // One that fails holds up no other, and recovers when what was missing comes.
  CreateRestore("good", "{backupFilename: " + file + "}");
  AwaitRestore("good", "Completed");
  std::filesystem::copy_file(store() / file, store() / "nofile.tar.gz");
  AwaitRestore("nofile", "Completed");
}

TEST_F(OperatorRestore, DamagedArchivesAreNotTriedAgain) {
  Start();
  std::string file = MakeArchive("cut");
  std::filesystem::resize_file(store() / file, 200);
  Change();
  CreateRestore("damaged", "{backupFilename: " + file + "}");
  Json restore = AwaitRestore("damaged", [](const Json& r) {
    return TextAt(ConditionOf(r, "Stalled"), "status") == "True";
  });
  EXPECT_EQ(TextAt(ConditionOf(restore, "Ready"), "status"), "False");
  EXPECT_EQ(TextAt(restore, "status/phase"), "Failed");
  EXPECT_EQ(At(restore, "status/attempts"), 1);
  EXPECT_EQ(Data("a"), "2");
}

TEST_F(OperatorRestore, WithoutTheKeyNothingIsTouched) {
  MakeKeys("restore-keys");
  Start();
  std::string file = MakeArchive("locked", ", encryptionConfigSecretName: restore-keys");
  Change();
  CreateRestore("keyless", "{backupFilename: " + file + "}");
  Json restore =
      AwaitRestore("keyless", [](const Json& r) { return !At(r, "status/conditions").is_null(); });
  EXPECT_THAT(ConditionsText(restore), HasSubstr("Reconciling=False [Error]"));
  EXPECT_EQ(Data("a"), "2");
  CreateRestore("keyed",
                "{backupFilename: " + file + ", encryptionConfigSecretName: restore-keys}");
  AwaitRestore("keyed", "Completed");
  EXPECT_EQ(Data("a"), "1");
}

TEST_F(OperatorRestore, WithoutAnyStoreItSaysSo) {
  Start({{"DEFAULT_PERSISTENCE_ENABLED", ""}});
  CreateRestore("nowhere", "{backupFilename: a.tar.gz}");
  EXPECT_EQ(ConditionsText(AwaitRestore("nowhere", "Retrying")),
            "Reconciling=False [Error] backup location not specified on the restore CR, and not "
            "configured at the operator level; Ready=Unknown Retrying");
}

// D19, D55: what waits says for whom.
TEST_F(OperatorRestore, OneAtATimeAndBackupsWait) {
  Start();
  std::string file = MakeArchive("first");
  Change();
  HoldLease("other:1234");
  CreateRestore("waits", "{backupFilename: " + file + "}");
  AwaitRestore("waits", "restore other:1234 is in progress");
  CreateBackup("held", "{resourceSetName: app}");
  AwaitBackup("held", [](const Json& b) { return TextAt(b, "status/phase") == "Pending"; });
  EXPECT_EQ(Data("a"), "2");
  EXPECT_THAT(Archives(), SizeIs(1));
  Delete(std::string(kLeases) + "/restore-controller");
  AwaitRestore("waits", "Completed");
  AwaitBackup("held", "Completed");
  EXPECT_EQ(Data("a"), "1");
}

// Its Lease is free or has run out, but the cluster is half restored.
TEST_F(OperatorRestore, BackupsWaitForARestoreThatDiedToo) {
  const std::string maps = "/api/v1/namespaces/" + std::string(kNs) + "/configmaps";
  Start();
  MakeArchive("good");
  Create(maps, R"({"metadata":{"name":"holdfast-restore-state"},"data":{"state":)"
               R"("{\"format\":1,\"run\":\"died\",\"archive\":\"a\",\"controllers\":[]}"}})");
  CreateBackup("pends", "{resourceSetName: app}");
  Json backup =
      AwaitBackup("pends", [](const Json& b) { return TextAt(b, "status/phase") == "Pending"; });
  EXPECT_THAT(TextAt(backup, "status/summary"), HasSubstr("restore died of a"));
  Patch(std::string(kBackups) + "/pends",
        R"({"metadata":{"annotations":{"holdfast.io/during-restore":"true"}}})");
  backup = AwaitBackup("pends", "Completed");
  EXPECT_THAT(TextAt(backup, "status/filename"), HasSubstr("pends_during-restore-"));
  CreateBackup("later", "{resourceSetName: app}");
  AwaitBackup("later", [](const Json& b) { return TextAt(b, "status/phase") == "Pending"; });
  Delete(maps + "/holdfast-restore-state");
  backup = AwaitBackup("later", "Completed");
  EXPECT_THAT(TextAt(backup, "status/filename"), Not(HasSubstr("during-restore")));
}

TEST_F(OperatorRestore, ManyAtOnceAllEnd) {
  Start();
  std::string file = MakeArchive("shared");
  Change();
  for (const char* name : {"r1", "r2", "r3", "r4"})
    CreateRestore(name, "{backupFilename: " + file + "}");
  for (const char* name : {"r1", "r2", "r3", "r4"})
    EXPECT_EQ(ConditionsText(AwaitRestore(name, "Completed")), "Ready=True Completed");
  EXPECT_EQ(Data("a"), "1");
}

// D54: a dead reference operator's Lease names a Restore that is gone.
TEST_F(OperatorRestore, ADeadReferenceOperatorDoesNotBlock) {
  Delete(std::string(kLeases) + "/restore-controller", true);
  Create(kLeases, R"({"metadata":{"name":"restore-controller"},)"
                  R"("spec":{"holderIdentity":"long-gone:1234"}})");
  Start();
  std::string file = MakeArchive("alone");
  Change();
  CreateRestore("free", "{backupFilename: " + file + "}");
  AwaitRestore("free", "Completed");
}

}  // namespace
}  // namespace holdfast::tests
