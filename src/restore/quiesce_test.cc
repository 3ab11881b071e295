#include "restore/quiesce.h"

#include <gmock/gmock.h>

#include "restore/api_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kState[] = "configmaps.#v1/ops/holdfast-restore-state.json";
constexpr char kRancher[] = "deployments.apps#v1/cattle-system/rancher.json";
constexpr char kFleet[] = "deployments.apps#v1/fleet/fleet-controller.json";

std::string Deployment(const std::string& name, int replicas) {
  return J("{'metadata':{'name':'" + name + "'},'spec':{'replicas':" + std::to_string(replicas) +
           ",'selector':{'matchLabels':{'app':'" + name + "'}}}}");
}

struct QuiesceTest : ::testing::Test {
  QuiesceTest() : discovery(MakeDiscovery()), api(cluster) {
    cluster.Put(kRancher, Deployment("rancher", 3));
    cluster.Put(kFleet, Deployment("fleet-controller", 2));
  }
  kube::Discovery MakeDiscovery() {
    cluster.AddUsualTypes();
    cluster.AddType("apps", "v1", "daemonsets", "DaemonSet", true, true);
    cluster.AddType("", "v1", "pods", "Pod", true, true);
    return cluster.Discovery();
  }
  Quiesce Make(const std::string& run = "run-1") {
    return Quiesce({"ops", run, "the-archive", std::chrono::seconds(30)}, report, log, clock);
  }
  Status Down(Quiesce& quiesce, std::stop_token stop = {}) {
    return quiesce.Down(api, TypeOfDiscovery(discovery), controllers, to_come, stop);
  }
  Status Up(Quiesce& quiesce) {
    return quiesce.Up(api, TypeOfDiscovery(discovery), Quiesce::Record::kRemove);
  }
  std::string Replicas(const char* path) {
    return std::string(
        json::Find(cluster.objects.at(path).text, {"spec", "replicas"}).value_or(""));
  }

  FakeCluster cluster;
  kube::Discovery discovery;
  FakeApi api;
  ReportBuilder report;
  Logger log = Logger::Quiet();
  SleepyClock clock;
  std::vector<resourceset::ControllerReference> controllers = {
      {"apps/v1", "deployments", "cattle-system", "rancher", std::nullopt},
      {"apps/v1", "deployments", "fleet", "fleet-controller", 5}};
  std::vector<ScaledController> to_come;
};

TEST_F(QuiesceTest, CountsAreInTheClusterBeforeAnythingIsScaled) {
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_THAT(api.writes(),
              ElementsAre("POST " + std::string(kState), "PATCH " + std::string(kRancher),
                          "PATCH " + std::string(kFleet)));
  EXPECT_EQ(Replicas(kRancher), "0");
  EXPECT_THAT(cluster.objects.at(kState).text, HasSubstr("the-archive"));
  EXPECT_TRUE(quiesce.IsDown("apps", "deployments", "cattle-system", "rancher"));
  EXPECT_FALSE(quiesce.IsDown("apps", "deployments", "cattle-system", "other"));

  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_EQ(Replicas(kFleet), "2");
  EXPECT_EQ(cluster.objects.count(kState), 0u);
  EXPECT_EQ(report.Take().scaled.size(), 2u);
}

TEST_F(QuiesceTest, NothingIsScaledWhenTheCountsCannotBeStored) {
  api.before = [](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("POST")) return Error(ErrorKind::kUnauthorized, "no right");
    return std::nullopt;
  };
  Quiesce quiesce = Make();
  Status down = Down(quiesce);
  ASSERT_FALSE(down);
  EXPECT_THAT(down.error().ToString(), HasSubstr("no right"));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_FALSE(quiesce.anything());
}

TEST_F(QuiesceTest, TheNextRunAfterACrashScalesUp) {
  Quiesce crashed = Make("run-1");
  ASSERT_TRUE(Down(crashed));
  // The fleet controller was started by hand since.
  cluster.Put(kFleet, Deployment("fleet-controller", 7));

  Quiesce next = Make("run-2");
  ASSERT_TRUE(next.Adopt(api));
  EXPECT_EQ(next.adopted_run(), "run-1");
  EXPECT_TRUE(next.anything());
  ASSERT_TRUE(Down(next));
  EXPECT_EQ(Replicas(kFleet), "0");
  ASSERT_TRUE(Up(next));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_EQ(Replicas(kFleet), "7");
  EXPECT_EQ(cluster.objects.count(kState), 0u);
}

TEST_F(QuiesceTest, WhatTheOtherRunHasFinishedMeanwhileIsForgotten) {
  Quiesce other = Make("run-1");
  ASSERT_TRUE(Down(other));
  Quiesce next = Make("run-2");
  ASSERT_TRUE(next.Adopt(api));
  ASSERT_TRUE(Up(other));
  ASSERT_TRUE(next.Adopt(api));
  EXPECT_FALSE(next.anything());
  EXPECT_EQ(next.adopted_run(), "");
  ASSERT_TRUE(Down(next));
  ASSERT_TRUE(Up(next));
  EXPECT_EQ(Replicas(kRancher), "3");
}

TEST_F(QuiesceTest, OnlyWhatWasScaledDownIsScaledUp) {
  cluster.Put(kRancher, Deployment("rancher", 0));
  cluster.objects.erase(kFleet);
  cluster.Put("daemonsets.apps#v1/fleet/ds.json", J("{'metadata':{'name':'ds'},'spec':{}}"));
  controllers.push_back({"apps/v1", "daemonsets", "fleet", "ds", std::nullopt});
  controllers.push_back({"nowhere/v1", "things", "fleet", "x", std::nullopt});
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_FALSE(quiesce.anything());
  cluster.Put(kFleet, Deployment("fleet-controller", 2));  // came with the restore
  ASSERT_TRUE(Up(quiesce));
  EXPECT_THAT(api.writes(), IsEmpty());
  EXPECT_EQ(Replicas(kFleet), "2");
  EXPECT_EQ(report.Take().notes.size(), 2u);
}

TEST_F(QuiesceTest, WhatComesWithTheRestoreStartsAtItsEnd) {
  cluster.Put(kRancher, Deployment("rancher", 0));
  cluster.objects.erase(kFleet);
  controllers.push_back({"new/v1", "things", "n", "x", std::nullopt});
  to_come = {{"apps/v1", "deployments", "cattle-system", "rancher", 4},
             {"apps/v1", "deployments", "fleet", "fleet-controller", 2},
             {"new/v1", "things", "n", "x", 1}};
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_TRUE(quiesce.anything());
  EXPECT_TRUE(quiesce.IsDown("apps", "deployments", "cattle-system", "rancher"));
  EXPECT_TRUE(quiesce.IsDown("apps", "deployments", "fleet", "fleet-controller"));
  EXPECT_TRUE(quiesce.IsDown("new", "things", "n", "x"));
  EXPECT_EQ(Replicas(kRancher), "0");
  // What was at zero before is not for an abort to start; what was not there is.
  auto stored = ReadState(api, "ops");
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->Find(to_come[0]), nullptr);
  ASSERT_NE((*stored)->Find(to_come[1]), nullptr);
  EXPECT_EQ((*stored)->Find(to_come[1])->replicas, 2);

  cluster.Put(kFleet, Deployment("fleet-controller", 0));
  quiesce.LeaveAlone([](const ScaledController&) { return false; });
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "4");
  EXPECT_EQ(Replicas(kFleet), "2");
  EXPECT_EQ(cluster.objects.count(kState), 0u);
  EXPECT_FALSE(quiesce.anything());
  Report done = report.Take();
  EXPECT_EQ(done.scaled.size(), 2u);
  EXPECT_THAT(done.notes, ElementsAre(HasSubstr("things.new n/x was not scaled up")));
}

TEST_F(QuiesceTest, WhatWasAtZeroAndIsNotWrittenStaysThere) {
  cluster.Put(kRancher, Deployment("rancher", 0));
  to_come = {{"apps/v1", "deployments", "cattle-system", "rancher", 4}};
  controllers.pop_back();
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_THAT(api.writes(), IsEmpty());
  quiesce.LeaveAlone([](const ScaledController& c) { return c.name == "rancher"; });
  ASSERT_TRUE(Up(quiesce));
  EXPECT_THAT(api.writes(), IsEmpty());
  EXPECT_EQ(Replicas(kRancher), "0");
}

TEST_F(QuiesceTest, WhatAnEarlierRunHasAtZeroKeepsItsStoredCount) {
  Quiesce crashed = Make("run-1");
  ASSERT_TRUE(Down(crashed));
  // The archive has other counts; one of the two was deleted since.
  cluster.objects.erase(kFleet);
  to_come = {{"apps/v1", "deployments", "cattle-system", "rancher", 8},
             {"apps/v1", "deployments", "fleet", "fleet-controller", 9}};
  Quiesce next = Make("run-2");
  ASSERT_TRUE(next.Adopt(api));
  ASSERT_TRUE(Down(next));
  cluster.Put(kFleet, Deployment("fleet-controller", 0));
  ASSERT_TRUE(Up(next));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_EQ(Replicas(kFleet), "9");
  EXPECT_THAT(report.Take().notes, IsEmpty());
}

TEST_F(QuiesceTest, WhatSomebodyHasScaledUpMeanwhileIsLeftAtHisCount) {
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  cluster.Put(kRancher, Deployment("rancher", 7));
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "7");
  EXPECT_EQ(Replicas(kFleet), "2");
  EXPECT_THAT(report.Take().notes, ElementsAre(HasSubstr("was left at 7 replicas")));
}

TEST_F(QuiesceTest, AZeroThatCameUnderOurHandsIsNotTheCountToGoBackTo) {
  bool once = true;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "PATCH " + std::string(kRancher) && once) {
      once = false;
      cluster.Put(kRancher, Deployment("rancher", 0));
    }
    return std::nullopt;
  };
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "3");
}

TEST_F(QuiesceTest, ASingleReplicaIsScaledToo) {
  cluster.Put(kRancher, Deployment("rancher", 1));
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_EQ(Replicas(kRancher), "0");
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "1");
}

TEST_F(QuiesceTest, ACountThatChangesUnderOurHandsIsStoredAnew) {
  bool once = true;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "PATCH " + std::string(kRancher) && once) {
      once = false;
      cluster.Put(kRancher, Deployment("rancher", 9));
    }
    return std::nullopt;
  };
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  auto stored = ReadState(api, "ops");
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->Find({"apps/v1", "deployments", "cattle-system", "rancher", 0})->replicas,
            9);
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "9");
}

TEST_F(QuiesceTest, WhatCannotBeScaledUpStaysStoredAndIsNamed) {
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  api.before = [](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "PATCH " + std::string(kRancher)) return Error(ErrorKind::kUnavailable, "down");
    return std::nullopt;
  };
  Status up = Up(quiesce);
  ASSERT_FALSE(up);
  EXPECT_THAT(up.error().ToString(), HasSubstr("cattle-system/rancher (3 replicas)"));
  EXPECT_THAT(up.error().hint(), HasSubstr("--abort"));
  EXPECT_EQ(Replicas(kFleet), "2");
  EXPECT_EQ(cluster.objects.count(kState), 1u);
  api.before = nullptr;
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_EQ(cluster.objects.count(kState), 0u);
}

TEST_F(QuiesceTest, PodsAreWaitedForButNotForEver) {
  cluster.Put("pods.#v1/cattle-system/p.json",
              J("{'metadata':{'name':'p','ownerReferences':[{'name':'rs'}]}}"));
  {
    Quiesce quiesce = Make();
    ASSERT_TRUE(Down(quiesce));
    EXPECT_GE(clock.passed(), std::chrono::seconds(30));
    EXPECT_LT(clock.passed(), std::chrono::seconds(32));
    ASSERT_TRUE(Up(quiesce));
  }
  clock.on_sleep = [&] { cluster.objects.erase("pods.#v1/cattle-system/p.json"); };
  auto before = clock.passed();
  Quiesce quiesce = Make();
  ASSERT_TRUE(Down(quiesce));
  EXPECT_LT(clock.passed() - before, std::chrono::seconds(1));
  EXPECT_THAT(api.requests, Contains("LIST pods.#v1/cattle-system/app=rancher.json"));
  EXPECT_THAT(report.Take().notes, ElementsAre(HasSubstr("had not ended after 30 s (pod p)"),
                                               HasSubstr("had not ended after 30 s (pod p)")));
}

TEST_F(QuiesceTest, StoppedBetweenStoringAndScalingItStillKnowsWhatToDo) {
  std::stop_source stop;
  stop.request_stop();
  Quiesce quiesce = Make();
  Status down = Down(quiesce, stop.get_token());
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().kind(), ErrorKind::kCancelled);
  ASSERT_TRUE(Up(quiesce));
  EXPECT_EQ(Replicas(kRancher), "3");
  EXPECT_EQ(cluster.objects.count(kState), 0u);
}

TEST(RunState, GarbageIsAnErrorThatNamesIt) {
  FakeCluster cluster;
  cluster.AddUsualTypes();
  FakeApi api(cluster);
  for (std::string data : {"{}", "{'state':'x'}", "{'state':'{\\\"format\\\":1}'}",
                           "{'state':'{\\\"format\\\":2,\\\"controllers\\\":[]}'}",
                           "{'state':'{\\\"format\\\":1,\\\"controllers\\\":[{}]}'}"}) {
    cluster.Put(kState, J("{'metadata':{'name':'holdfast-restore-state'},'data':" + data + "}"));
    auto state = ReadState(api, "ops");
    ASSERT_FALSE(state) << data;
    EXPECT_EQ(state.error().kind(), ErrorKind::kCorrupt);
    EXPECT_THAT(state.error().ToString(), HasSubstr("ops/holdfast-restore-state"));
  }
}

TEST(SelectorText, EveryOperator) {
  EXPECT_EQ(
      SelectorText(J("{'matchLabels':{'a':'b'},'matchExpressions':["
                     "{'key':'c','operator':'In','values':['1','2']},"
                     "{'key':'d','operator':'NotIn','values':['3']},"
                     "{'key':'e','operator':'Exists'},{'key':'f','operator':'DoesNotExist'}]}")),
      "a=b,c in (1,2),d notin (3),e,!f");
  EXPECT_EQ(SelectorText(J("{'matchExpressions':[{'key':'c','operator':'Near'}]}")), "");
}

}  // namespace
}  // namespace holdfast::restore
