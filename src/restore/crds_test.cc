#include "restore/crds.h"

#include <gmock/gmock.h>

#include "restore/api_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Path(const std::string& name) {
  return "customresourcedefinitions.apiextensions.k8s.io#v1/" + name + ".json";
}
std::string Crd(const std::string& conditions) {
  return J("{'metadata':{'name':'x'},'status':{'conditions':[" + conditions + "]}}");
}
constexpr char kEstablished[] = "{'type':'Established','status':'True'}";

struct CrdsTest : ::testing::Test {
  CrdsTest() : api(cluster) { cluster.AddUsualTypes(); }
  Result<std::map<std::string, std::string>> Wait(const std::vector<std::string>& names) {
    return WaitEstablished(api, names, std::chrono::seconds(60), report, clock, {});
  }
  FakeCluster cluster;
  FakeApi api;
  ReportBuilder report;
  SleepyClock clock;
};

TEST_F(CrdsTest, WaitsUntilAllAreEstablished) {
  cluster.Put(Path("a.x.io"), Crd(kEstablished));
  cluster.Put(Path("b.x.io"), Crd("{'type':'Established','status':'False'}"));
  int sleeps = 0;
  clock.on_sleep = [&] {
    if (++sleeps == 3) cluster.Put(Path("b.x.io"), Crd(kEstablished));
  };
  EXPECT_TRUE(Wait({"a.x.io", "b.x.io"}));
  EXPECT_EQ(sleeps, 3);
  EXPECT_FALSE(report.Take().failed());
}

TEST_F(CrdsTest, ARefusalIsNotWaitedFor) {
  cluster.Put(Path("a.x.io"),
              Crd("{'type':'NamesAccepted','status':'False','reason':'KindConflict','message':"
                  "'kind Plant is taken'},{'type':'Established','status':'False','reason':"
                  "'NotAccepted','message':'not all names are accepted'}"));
  cluster.Put(Path("b.x.io"), Crd(kEstablished));
  cluster.Put(Path("c.x.io"),
              Crd("{'type':'NamesAccepted','status':'True'},{'type':'Established','status':"
                  "'False','reason':'InvalidCABundle','message':'CABundle is invalid'}"));
  auto failed = Wait({"a.x.io", "b.x.io", "c.x.io", "gone.x.io"});
  ASSERT_TRUE(failed);
  EXPECT_LT(clock.passed(), std::chrono::seconds(5));
  Report done = report.Take();
  ASSERT_EQ(done.failures.total, 3u);
  EXPECT_THAT(done.failures.notes[0].object, HasSubstr("a.x.io"));
  EXPECT_THAT(done.failures.notes[0].text, HasSubstr("kind Plant is taken"));
  EXPECT_THAT(done.failures.notes[1].text, HasSubstr("InvalidCABundle"));
  EXPECT_THAT(done.failures.notes[2].text, HasSubstr("deleted meanwhile"));
  EXPECT_EQ(failed->size(), 3u);
  EXPECT_THAT(failed->at("c.x.io"), HasSubstr("CABundle is invalid"));
}

TEST_F(CrdsTest, ARefusalThatWasPassingIsNone) {
  cluster.Put(Path("a.x.io"), Crd("{'type':'NamesAccepted','status':'False','message':'taken'}"));
  int sleeps = 0;
  clock.on_sleep = [&] {
    if (++sleeps == 5) cluster.Put(Path("a.x.io"), Crd(kEstablished));
  };
  EXPECT_TRUE(Wait({"a.x.io"}));
  EXPECT_FALSE(report.Take().failed());
}

TEST_F(CrdsTest, OneThatIsInstallingIsWaitedForUntilTheTimeout) {
  cluster.Put(Path("a.x.io"),
              Crd("{'type':'Established','status':'False','reason':'Installing','message':'m'}"));
  EXPECT_TRUE(Wait({"a.x.io"}));
  EXPECT_GE(clock.passed(), std::chrono::seconds(60));
  EXPECT_EQ(report.Take().failures.total, 1u);
}

TEST_F(CrdsTest, AServerThatDoesNotAnswerEndsTheWait) {
  api.before = [](const std::string&, std::string_view) -> std::optional<Error> {
    return Error(ErrorKind::kUnavailable, "connection refused");
  };
  auto status = Wait({"a.x.io"});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().ToString(), HasSubstr("waiting for CRD a.x.io"));
}

TEST_F(CrdsTest, DiscoveryIsReadUntilEveryServedVersionIsThere) {
  ArchivedCrd crd;
  crd.group = "x.io";
  crd.plural = "trees";
  crd.versions = {{"v1", true, false}, {"v2", true, false}, {"v0", false, false}};
  int fetches = 0;
  auto fetch = [&]() -> Result<kube::Discovery> {
    ++fetches;
    if (fetches == 2) cluster.AddType("x.io", "v1", "trees", "Tree", false);
    if (fetches == 4) cluster.AddType("x.io", "v2", "trees", "Tree", false);
    return cluster.Discovery();
  };
  auto found = WaitServed(fetch, {&crd}, std::chrono::seconds(60), report, clock, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(fetches, 4);
  EXPECT_NE(found->ByPlural({"x.io", "v2"}, "trees"), nullptr);
  EXPECT_TRUE(report.Take().notes.empty());
}

TEST_F(CrdsTest, WhatIsNotServedInTimeIsNamed) {
  ArchivedCrd crd;
  crd.group = "x.io";
  crd.plural = "trees";
  crd.versions = {{"v1", true, false}};
  auto found = WaitServed([&]() -> Result<kube::Discovery> { return cluster.Discovery(); }, {&crd},
                          std::chrono::seconds(60), report, clock, {});
  EXPECT_TRUE(found);
  EXPECT_THAT(report.Take().notes, ElementsAre(HasSubstr("trees.x.io v1")));
}

}  // namespace
}  // namespace holdfast::restore
