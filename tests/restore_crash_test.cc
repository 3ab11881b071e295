// A restore that is killed, stopped or kept out: controllers come back, and nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/json_scan.h"
#include "kube/lease.h"
#include "storage/local_store.h"
#include "tests/fixture_archive.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kNs[] = "cattle-resources-system";

restore::Options DriftOptions() {
  restore::Options options;
  options.prune = true;
  options.allow_missing_types = true;
  options.delete_timeout = std::chrono::seconds(1);
  return options;
}

// Not a test of its own: what the child of the tests below runs.
TEST(RestoreChild, DISABLED_DiesAtItsPhase) {
  const char* kubeconfig = std::getenv("HOLDFAST_TEST_KUBECONFIG");
  const char* phase = std::getenv("HOLDFAST_TEST_PHASE");
  ASSERT_TRUE(kubeconfig != nullptr && phase != nullptr);
  auto client = ClientOf(kubeconfig);
  storage::LocalStore store(FixtureDir() / "archives");
  AtPhase progress(phase, [] { kill(getpid(), SIGKILL); });
  auto keys = crypto::Transformers::None();
  auto report = restore::Run(*client, store, FixtureArchive("plain-"), keys, DriftOptions(),
                             progress, QuietLog(), Clock::Real(), {});
  FAIL() << "it has lived through: " << (report ? "restored" : report.error().ToString());
}

void RunChildUntilItIsKilled(RestoreRig& rig, const std::string& phase) {
  std::string program = std::filesystem::read_symlink("/proc/self/exe");
  std::string filter = "--gtest_filter=RestoreChild.*",
              disabled = "--gtest_also_run_disabled_tests";
  char* argv[] = {program.data(), filter.data(), disabled.data(), nullptr};
  std::vector<std::string> texts;
  for (char** e = environ; *e != nullptr; ++e) texts.push_back(*e);
  texts.push_back("HOLDFAST_TEST_KUBECONFIG=" + rig.plane().kubeconfig().string());
  texts.push_back("HOLDFAST_TEST_PHASE=" + phase);
  std::vector<char*> env;
  for (std::string& text : texts) env.push_back(text.data());
  env.push_back(nullptr);
  pid_t pid = 0;
  ASSERT_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, env.data()), 0);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
}

struct RestoreCrash : ::testing::Test {
  RestoreCrash() {
    Must(rig.RestorePlain());
    rig.Drift();
  }
  std::string AllReplicas() {
    return rig.Replicas("cattle-system", "rancher") + " " +
           rig.Replicas("cattle-system", "fleet-controller") + " " +
           rig.Replicas("cattle-fleet-system", "fleet-controller");
  }
  bool StateStored() { return rig.Exists("v1", "configmaps", kNs, "holdfast-restore-state"); }
  std::string Holder() {
    std::string lease = rig.Get("coordination.k8s.io/v1", "leases", kNs, "restore-controller");
    return json::FindString(lease, {"spec", "holderIdentity"}).value_or("");
  }

  RestoreRig rig;
};

TEST_F(RestoreCrash, KilledItIsAbortedOrContinued) {
  ASSERT_EQ(AllReplicas(), "4 3 2");
  RunChildUntilItIsKilled(rig, "restoring namespaced objects");
  EXPECT_EQ(AllReplicas(), "0 0 0");
  EXPECT_TRUE(StateStored());
  EXPECT_NE(Holder(), "");

  auto lines = Must(restore::Abort(rig.client(), kNs, QuietLog(), Clock::Real(), {}));
  EXPECT_EQ(AllReplicas(), "4 3 2");
  EXPECT_FALSE(StateStored());
  EXPECT_EQ(Holder(), "");
  EXPECT_THAT(lines, Contains(HasSubstr("cattle-system/rancher")));
  EXPECT_THAT(Must(restore::Abort(rig.client(), kNs, QuietLog(), Clock::Real(), {})), IsEmpty());

  // Everything is restored by then, but the controllers are still down: the next run finds nothing
  // to write and starts them all the same.
  RunChildUntilItIsKilled(rig, "scaling controllers up");
  EXPECT_EQ(AllReplicas(), "0 0 0");
  EXPECT_TRUE(StateStored());
  auto report = Must(rig.RestorePlain(DriftOptions()));
  EXPECT_EQ(AllReplicas(), "4 3 2");
  EXPECT_FALSE(StateStored());
  EXPECT_EQ(Holder(), "");
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("has not ended"));
}

TEST_F(RestoreCrash, StoppedItScalesUpAndFreesTheLease) {
  std::stop_source stop;
  AtPhase progress("restoring namespaced objects", [&] { stop.request_stop(); });
  storage::LocalStore store(FixtureDir() / "archives");
  auto keys = crypto::Transformers::None();
  auto report = restore::Run(rig.client(), store, FixtureArchive("plain-"), keys, DriftOptions(),
                             progress, QuietLog(), Clock::Real(), stop.get_token());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kCancelled) << report.error().ToString();
  EXPECT_EQ(AllReplicas(), "4 3 2");
  EXPECT_TRUE(StateStored());  // something was written: the cluster is half restored
  EXPECT_EQ(Holder(), "");
  report = rig.RestorePlain(DriftOptions());
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_FALSE(report->failed()) << restore::ToText(*report);
  EXPECT_FALSE(StateStored());
}

// Longer than the Lease lasts: it is what is tested.
TEST_F(RestoreCrash, AfterAnOutageOfTheApiServerControllersAreScaledUpAgain) {
  std::jthread restart;
  AtPhase progress("restoring namespaced objects", [&] {
    Must(rig.plane().StopApiServer());
    restart = std::jthread([&] {
      std::this_thread::sleep_for(std::chrono::seconds(32));
      Must(rig.plane().StartApiServer());
    });
  });
  storage::LocalStore store(FixtureDir() / "archives");
  auto keys = crypto::Transformers::None();
  auto report = restore::Run(rig.client(), store, FixtureArchive("plain-"), keys, DriftOptions(),
                             progress, QuietLog(), Clock::Real(), {});
  if (restart.joinable()) restart.join();
  ASSERT_FALSE(report) << restore::ToText(*report);
  EXPECT_EQ(AllReplicas(), "4 3 2") << report.error().ToString();
  EXPECT_EQ(Holder(), "");
  // The cluster is half restored, and says so until the restore was run again.
  EXPECT_TRUE(StateStored());
  auto again = Must(rig.RestorePlain(DriftOptions()));
  EXPECT_FALSE(again.failed()) << restore::ToText(again);
  EXPECT_FALSE(StateStored());
  EXPECT_EQ(AllReplicas(), "4 3 2");
}

// Nobody undoes what another run does now: the error says what stands, and what to do.
TEST_F(RestoreCrash, ALeaseThatAnotherHasTakenIsLeftToIt) {
  kube::ResourceType leases;
  leases.gv = {"coordination.k8s.io", "v1"};
  leases.plural = "leases";
  leases.namespaced = true;
  AtPhase progress("restoring namespaced objects", [&] {
    Must(rig.client().Patch(leases, kNs, "restore-controller", kube::PatchType::kMerge,
                            R"({"spec":{"holderIdentity":"other:1234"}})"));
  });
  storage::LocalStore store(FixtureDir() / "archives");
  auto keys = crypto::Transformers::None();
  auto report = restore::Run(rig.client(), store, FixtureArchive("plain-"), keys, DriftOptions(),
                             progress, QuietLog(), Clock::Real(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kConflict) << report.error().ToString();
  EXPECT_EQ(report.error().reason(), kube::kLeaseLost);
  for (const char* words : {"other:1234", "cattle-system/rancher (4 replicas)", "--abort"})
    EXPECT_THAT(report.error().ToString(), HasSubstr(words));
  EXPECT_EQ(AllReplicas(), "0 0 0");
  EXPECT_TRUE(StateStored());
  EXPECT_EQ(Holder(), "other:1234");
  Must(rig.client().Patch(leases, kNs, "restore-controller", kube::PatchType::kMerge,
                          R"({"spec":{"holderIdentity":null}})"));
  Must(restore::Abort(rig.client(), kNs, QuietLog(), Clock::Real(), {}));
  EXPECT_EQ(AllReplicas(), "4 3 2");
}

TEST_F(RestoreCrash, AnotherHolderOfTheLeaseIsHonouredAndNamed) {
  kube::ResourceType leases;
  leases.gv = {"coordination.k8s.io", "v1"};
  leases.plural = "leases";
  leases.namespaced = true;
  // As the reference operator writes it: no duration, no time.
  Must(rig.client().Patch(leases, kNs, "restore-controller", kube::PatchType::kMerge,
                          R"({"spec":{"holderIdentity":"my-restore:1234"}})"));
  uint64_t writes = rig.client().counters().writes;
  auto report = rig.RestorePlain(DriftOptions());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(report.error().ToString(), HasSubstr("my-restore:1234"));
  EXPECT_EQ(rig.client().counters().writes, writes);
  EXPECT_EQ(AllReplicas(), "4 3 2");
  EXPECT_EQ(Holder(), "my-restore:1234");
}

TEST(RestoreWithControllers, TokenSecretsSurvive) {
  testbed::ControlPlaneOptions options;
  options.controller_manager = true;
  RestoreRig rig(std::move(options));
  auto report = Must(rig.RestorePlain());
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  // The token controller has seen the Secret when it has written the cluster's own CA into it.
  std::string account = rig.Get("v1", "serviceaccounts", "cattle-system", "robot-a");
  std::string uid = json::FindString(account, {"metadata", "uid"}).value();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(rig.Exists("v1", "secrets", "cattle-system", "robot-token-a"));
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  std::string secret = rig.Get("v1", "secrets", "cattle-system", "robot-token-a");
  EXPECT_EQ(
      json::FindString(secret, {"metadata", "annotations", "kubernetes.io/service-account.uid"}),
      uid);
}

}  // namespace
}  // namespace holdfast::tests
