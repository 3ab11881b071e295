// What happens to clusters: servers that go away, and an operator that is killed again and again.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::IsSupersetOf;
using ::testing::SizeIs;

class OperatorChaos : public OperatorTest {
 protected:
  static int FromEnvironment(const char* name, int usual) {
    const char* text = std::getenv(name);
    return text == nullptr ? usual : std::atoi(text);
  }
  static size_t Runs(const std::string& backup) {
    return At(Get(std::string(kBackups) + "/" + backup), "status/history").size();
  }
  // The operator that was running still runs, and works.
  void ExpectWork(const std::string& name) {
    EXPECT_TRUE(op().running());
    CreateBackup(name, "{resourceSetName: app}");
    Json backup = AwaitBackup(name, "Completed");
    EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  }
  void ExpectAllGood() {
    for (const std::string& file : Archives()) {
      Outcome outcome = Holdfast({"verify", file, "--store", store().string()});
      EXPECT_EQ(outcome.code, 0) << ToText(outcome);
    }
  }
};

TEST_F(OperatorChaos, TheApiServerGoesAndComes) {
  Start();
  CreateBackup("through", "{resourceSetName: app, schedule: '@every 1s', retentionCount: 100}");
  AwaitBackup("through", "Completed");
  for (int i = 0; i < 2; ++i) {
    Must(plane().StopApiServer());
    Must(plane().StartApiServer());
  }
  size_t before = Runs("through");
  AwaitBackup("through", [&](const Json& b) {
    return At(b, "status/history").size() > before &&
           TextAt(ConditionOf(b, "Ready"), "message") == "Completed";
  });
  ExpectWork("after-api-server");
  ExpectAllGood();
}

TEST_F(OperatorChaos, EtcdStandsStill) {
  Start();
  CreateBackup("still", "{resourceSetName: app, schedule: '@every 1s', retentionCount: 100}");
  AwaitBackup("still", "Completed");
  pid_t etcd = Must(plane().Pid(testbed::Component::kEtcd));
  kill(etcd, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(20));  // the length is what is tested
  kill(etcd, SIGCONT);
  ASSERT_TRUE(Eventually([] { return client().Raw({.path = "/readyz"}).has_value(); }));
  size_t before = Runs("still");
  AwaitBackup("still", [&](const Json& b) {
    return (At(b, "status/history").size() > before || before == 10) &&
           TextAt(ConditionOf(b, "Ready"), "message") == "Completed";
  });
  ExpectWork("after-etcd");
  ExpectAllGood();
}

// Every archive in the store was told of, every one told of is in the store, and all are good.
// HOLDFAST_CHAOS_BACKUPS=20 HOLDFAST_CHAOS_KILLS=30 is the long form.
TEST_F(OperatorChaos, KilledAgainAndAgain) {
  const size_t backups = static_cast<size_t>(FromEnvironment("HOLDFAST_CHAOS_BACKUPS", 5));
  const int kills = FromEnvironment("HOLDFAST_CHAOS_KILLS", 6);
  // As a container of one pod is started anew: under the same name.
  const Settings pod = {{"POD_NAME", "rancher-backup-0"}};
  Start(pod);
  CreateBackup("survivor", "{resourceSetName: app, schedule: '@every 2s', retentionCount: 1000}");
  const std::string path = std::string(kBackups) + "/survivor";
  std::mt19937 random(static_cast<unsigned>(FromEnvironment("HOLDFAST_CHAOS_SEED", 1)));
  std::set<std::string> told;
  int killed = 0;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30 * kills + 60);
  while (killed < kills || told.size() < backups) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << told.size() << " backups";
    auto die = std::chrono::steady_clock::now() + std::chrono::milliseconds(random() % 4000);
    while (std::chrono::steady_clock::now() < die) {
      if (std::string file = TextAt(Get(path), "status/filename"); !file.empty()) told.insert(file);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (killed < kills) {
      op().Kill();
      ++killed;
      Start(pod);
    }
  }
  size_t before = told.size();
  while (told.size() < before + 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    if (std::string file = TextAt(Get(path), "status/filename"); !file.empty()) told.insert(file);
  }
  EXPECT_EQ(op().Terminate().code, 0);
  Json backup = Get(path);
  told.insert(TextAt(backup, "status/filename"));
  Names archives = Archives();
  EXPECT_EQ(std::set<std::string>(archives.begin(), archives.end()), told);
  EXPECT_EQ(ConditionsText(backup), "Ready=True Completed; Uploaded=True");
  ExpectAllGood();
  // Retention is right over all of them.
  Patch(path,
        R"({"spec":{"retentionCount":3},"metadata":{"annotations":{"holdfast.io/run-now":"x"}}})");
  Start(pod);
  AwaitBackup("survivor", [](const Json& b) { return TextAt(b, "status/lastRunNow") == "x"; });
  EXPECT_TRUE(Eventually([&] { return Archives().size() == 3; }));
}

}  // namespace
}  // namespace holdfast::tests
