// Two replicas, and ends in the middle of work: by SIGTERM and by SIGKILL.
#include <signal.h>

#include <algorithm>
#include <random>
#include <thread>

#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Namespace "bulk" has so much in it that a backup takes a while; Deployment "rancher" in it has a
// pod that does not end by itself.
class OperatorLeader : public OperatorTest {
 protected:
  static constexpr char kDeployment[] = "/apis/apps/v1/namespaces/bulk/deployments/rancher";
  static constexpr char kPods[] = "/api/v1/namespaces/bulk/pods";

  static void SetUpTestSuite() {
    OperatorTest::SetUpTestSuite();
    Create("/api/v1/namespaces", R"({"metadata":{"name":"bulk"}})");
    std::mt19937_64 random(1);
    for (int i = 0; i < 40; ++i) {
      std::string text;
      while (text.size() < 700'000) text += static_cast<char>('a' + random() % 26);
      Create("/api/v1/namespaces/bulk/configmaps", R"({"metadata":{"name":"c)" + std::to_string(i) +
                                                       R"("},"data":{"t":")" + text + "\"}}");
    }
    Create("/apis/apps/v1/namespaces/bulk/deployments",
           "{apiVersion: apps/v1, kind: Deployment, metadata: {name: rancher}, spec: {replicas: 3, "
           "selector: {matchLabels: {app: rancher}}, template: {metadata: {labels: {app: "
           "rancher}}, spec: {containers: [{name: c, image: i}]}}}}");
    Create(kSets,
           "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: bulk}, "
           "controllerReferences: [{apiVersion: apps/v1, resource: deployments, name: rancher, "
           "namespace: bulk}], resourceSelectors: [{apiVersion: v1, kinds: [configmaps], "
           "namespaces: [bulk]}]}");
  }

  void MakePod() {
    if (Get(std::string(kPods) + "/p").is_null())
      Create(kPods,
             "{metadata: {name: p, labels: {app: rancher}, ownerReferences: [{apiVersion: apps/v1, "
             "kind: ReplicaSet, name: r, uid: u}]}, spec: {containers: [{name: c, image: i}]}}");
  }
  static void RemovePod() {
    if (!Get(std::string(kPods) + "/p").is_null())
      Delete(std::string(kPods) + "/p?gracePeriodSeconds=0");
  }
  static int Replicas() { return At(Get(kDeployment), "spec/replicas").get<int>(); }
  static bool InProgress(const Json& object) {
    return TextAt(object, "status/phase") == "InProgress";
  }
  static bool StateStored() {
    return !Get("/api/v1/namespaces/" + std::string(kNs) + "/configmaps/holdfast-restore-state")
                .is_null();
  }
  static std::string RestoreHolder() {
    return TextAt(Get("/apis/coordination.k8s.io/v1/namespaces/" + std::string(kNs) +
                      "/leases/restore-controller"),
                  "spec/holderIdentity");
  }
  // An archive of "bulk", and a change to it, and a Restore that waits for the pod to end.
  void BeginRestore(const std::string& name) {
    CreateBackup(name, "{resourceSetName: bulk, verify: None}");
    std::string file = TextAt(AwaitBackup(name, "Completed"), "status/filename");
    Delete("/api/v1/namespaces/bulk/configmaps/c1");
    MakePod();
    CreateRestore(name, "{backupFilename: " + file + "}");
    ASSERT_TRUE(Eventually([] { return StateStored() && Replicas() == 0; }));
  }
  std::unique_ptr<Operator> Second() {
    return std::make_unique<Operator>(plane().kubeconfig(), Environment());
  }
};

TEST_F(OperatorLeader, OneLeadsAndTheOtherTakesOver) {
  Start().AwaitLeading();
  auto second = Second();
  ASSERT_TRUE(Eventually([&] { return second->Log().find("standing by") != std::string::npos; }));
  EXPECT_EQ(second->Page("/readyz").code, 200);
  CreateBackup("first", "{resourceSetName: app}");
  AwaitBackup("first", "Completed");
  EXPECT_THAT(second->Log(), Not(HasSubstr("leading")));
  EXPECT_THAT(Archives(), SizeIs(1));
  auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(op().Terminate().code, 0);
  StopOperator();
  second->AwaitLeading();
  // The Lease was let go: nobody waits for it to expire.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  CreateBackup("second", "{resourceSetName: app}");
  AwaitBackup("second", "Completed");
  EXPECT_THAT(Archives(), SizeIs(2));
  EXPECT_EQ(second->Terminate().code, 0);
}

TEST_F(OperatorLeader, FailoverInTheMiddleOfABackup) {
  Start().AwaitLeading();
  auto second = Second();
  CreateBackup("cut", "{resourceSetName: bulk}");
  AwaitBackup("cut", InProgress);
  op().Kill();
  StopOperator();
  EXPECT_THAT(Archives(), IsEmpty());
  Json backup = AwaitBackup("cut", "Completed");
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  EXPECT_EQ(Archives(), Names{TextAt(backup, "status/filename")});
  EXPECT_EQ(second->Terminate().code, 0);
}

TEST_F(OperatorLeader, SigtermInTheMiddleOfABackupLeavesNoTrace) {
  Start().AwaitLeading();
  CreateBackup("stopped", "{resourceSetName: bulk}");
  AwaitBackup("stopped", InProgress);
  Outcome outcome = op().Terminate();
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(Archives(), IsEmpty());
  EXPECT_EQ(At(Get(std::string(kBackups) + "/stopped"), "status/conditions"), nullptr);
  Start();
  Json backup = AwaitBackup("stopped", "Completed");
  EXPECT_EQ(Archives(), Names{TextAt(backup, "status/filename")});
}

TEST_F(OperatorLeader, FailoverInTheMiddleOfARestore) {
  Start().AwaitLeading();
  auto second = Second();
  ASSERT_NO_FATAL_FAILURE(BeginRestore("fails-over"));
  // Lines of the engine are found by the same words as those of the operator.
  EXPECT_THAT(op().Log(), ContainsRegex("scaling down restore=fails-over run=[0-9a-f]+ "));
  op().Kill();
  StopOperator();
  EXPECT_EQ(Replicas(), 0);
  RemovePod();
  Json restore = AwaitRestore("fails-over", "Completed");
  EXPECT_EQ(ConditionsText(restore), "Ready=True Completed");
  EXPECT_EQ(Replicas(), 3);
  EXPECT_FALSE(StateStored());
  EXPECT_FALSE(Get("/api/v1/namespaces/bulk/configmaps/c1").is_null());
  EXPECT_EQ(second->Terminate().code, 0);
}

// The length of the pause is what is tested: longer than both Leases last.
TEST_F(OperatorLeader, APausedLeaderChangesNothingWhenItGoesOn) {
  Start().AwaitLeading();
  auto second = Second();
  ASSERT_TRUE(Eventually([&] { return second->Log().find("standing by") != std::string::npos; }));
  ASSERT_NO_FATAL_FAILURE(BeginRestore("paused"));
  std::string first_holder = RestoreHolder();
  EXPECT_THAT(first_holder, HasSubstr("paused:"));
  kill(op().pid(), SIGSTOP);
  second->AwaitLeading();
  std::this_thread::sleep_for(std::chrono::seconds(20));
  // Both Leases of the first one have run out, but the second one has not yet seen the restore's
  // unchanged for its whole time.
  EXPECT_EQ(RestoreHolder(), first_holder);
  kill(op().pid(), SIGCONT);
  ASSERT_TRUE(
      Eventually([&] { return op().Log().find("no longer the leader") != std::string::npos; }));
  EXPECT_EQ(Replicas(), 0);
  EXPECT_TRUE(StateStored());
  EXPECT_EQ(RestoreHolder(), first_holder);
  RemovePod();
  EXPECT_EQ(ConditionsText(AwaitRestore("paused", "Completed")), "Ready=True Completed");
  EXPECT_EQ(Replicas(), 3);
  EXPECT_FALSE(StateStored());
  EXPECT_FALSE(Get("/api/v1/namespaces/bulk/configmaps/c1").is_null());
  EXPECT_THAT(op().Log(), Not(HasSubstr("restore done")));
  EXPECT_THAT(op().Log(), Not(HasSubstr("scaling up")));
  EXPECT_THAT(second->Log(), HasSubstr("scaling up"));
  EXPECT_EQ(second->Terminate().code, 0);
}

TEST_F(OperatorLeader, SigtermInTheMiddleOfARestoreLeavesItToBeContinued) {
  Start().AwaitLeading();
  ASSERT_NO_FATAL_FAILURE(BeginRestore("left"));
  Outcome outcome = op().Terminate();
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  // Nobody is left without his controllers until the next start.
  EXPECT_EQ(Replicas(), 3);
  EXPECT_EQ(TextAt(Get(std::string(kRestores) + "/left"), "status/restoreCompletionTs"), "");
  RemovePod();
  Start();
  EXPECT_EQ(ConditionsText(AwaitRestore("left", "Completed")), "Ready=True Completed");
  EXPECT_EQ(Replicas(), 3);
  EXPECT_FALSE(Get("/api/v1/namespaces/bulk/configmaps/c1").is_null());
}

}  // namespace
}  // namespace holdfast::tests
