#include "restore/prune.h"

#include <gmock/gmock.h>

#include "restore/api_for_test.h"
#include "restore/run_state.h"

namespace holdfast::restore {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct PruneTest : ::testing::Test {
  PruneTest() : api(cluster) { cluster.AddUsualTypes(); }

  // A ConfigMap n/<name> that is doomed.
  void Doom(const std::string& name, const std::string& meta = "") {
    std::string uid =
        cluster.Put(Path(name), J("{'metadata':{'name':'" + name + "'" + meta + "}}"));
    names.push_back(name);
    ExtraObject extra;
    extra.type = &ConfigMapType();
    extra.ns = "n";
    extra.name = names.back();
    extra.uid = uids.Pack(uid);
    extras.push_back(extra);
  }
  static std::string Path(const std::string& name) { return "configmaps.#v1/n/" + name + ".json"; }
  Report Run(std::chrono::seconds timeout = std::chrono::seconds(0)) {
    std::vector<const ExtraObject*> doomed;
    for (const ExtraObject& extra : extras) doomed.push_back(&extra);
    PruneSettings settings;
    settings.threads = 3;
    settings.delete_timeout = timeout;
    status = Prune(api, uids, doomed, settings, report, clock, {});
    return report.Take();
  }
  bool There(const std::string& name) { return cluster.objects.count(Path(name)) != 0; }

  FakeCluster cluster;
  FakeApi api;
  UidTable uids;
  std::deque<std::string> names;
  std::deque<ExtraObject> extras;
  ReportBuilder report;
  SleepyClock clock;
  Status status;
};

TEST_F(PruneTest, DeletesWithoutWaitingWhenAllGoAtOnce) {
  for (int i = 0; i < 40; ++i) Doom("cm-" + std::to_string(i));
  Report done = Run(std::chrono::seconds(60));
  EXPECT_TRUE(status);
  EXPECT_EQ(done.counts.deleted, 40u);
  EXPECT_EQ(clock.passed().count(), 0);
  EXPECT_FALSE(done.failed());
  EXPECT_THAT(api.writes(), Not(Contains(HasSubstr("PATCH"))));
  EXPECT_TRUE(cluster.objects.empty());
}

TEST_F(PruneTest, FinalizersGoOnlyAfterTheTimeoutAndOnlyWhereStillTerminating) {
  Doom("held", ",'finalizers':['a/b']");
  Doom("slow", ",'finalizers':['c/d']");
  clock.on_sleep = [&] { cluster.objects.erase(Path("slow")); };
  Report done = Run(std::chrono::seconds(3));
  EXPECT_GE(clock.passed(), std::chrono::seconds(3));
  EXPECT_LT(clock.passed(), std::chrono::seconds(4));
  EXPECT_THAT(api.requests, Contains("PATCH " + Path("held")));
  EXPECT_THAT(api.requests, Not(Contains("PATCH " + Path("slow"))));
  EXPECT_FALSE(There("held"));
  EXPECT_EQ(done.counts.deleted, 2u);
  EXPECT_EQ(done.leftovers.total, 0u);
}

TEST_F(PruneTest, AnotherObjectOfThatNameIsLeftAlone) {
  Doom("cm");
  cluster.objects.erase(Path("cm"));
  cluster.Put(Path("cm"), J("{'metadata':{'name':'cm'}}"));
  Report done = Run();
  EXPECT_TRUE(There("cm"));
  EXPECT_EQ(done.counts.deleted, 0u);
  EXPECT_FALSE(done.failed());
  EXPECT_THAT(done.notes, Contains(HasSubstr("made anew")));
}

TEST_F(PruneTest, TheCleanupOfACrdIsNotCutShort) {
  Doom("crd", ",'finalizers':['customresourcecleanup.apiextensions.k8s.io','x/y']");
  Report done = Run();
  EXPECT_TRUE(There("crd"));
  EXPECT_THAT(cluster.objects.at(Path("crd")).text, HasSubstr("customresourcecleanup"));
  EXPECT_THAT(cluster.objects.at(Path("crd")).text, Not(HasSubstr("x/y")));
  ASSERT_EQ(done.leftovers.total, 1u);
  EXPECT_THAT(done.leftovers.notes[0].text, HasSubstr("customresourcecleanup"));
  EXPECT_FALSE(done.failed());
}

TEST_F(PruneTest, WhatIsLeftIsWaitedForOnlyWhileSomethingMoves) {
  Doom("crd", ",'finalizers':['customresourcecleanup.apiextensions.k8s.io']");
  Report done = Run();
  EXPECT_GE(clock.passed(), std::chrono::seconds(2));
  EXPECT_LT(clock.passed(), std::chrono::seconds(3));
  EXPECT_EQ(done.leftovers.total, 1u);

  // One that is being worked on, for longer than a still one would be waited for.
  auto start = clock.passed();
  clock.on_sleep = [&] {
    if (!There("crd")) return;
    if (clock.passed() - start > std::chrono::seconds(7)) {
      cluster.objects.erase(Path("crd"));
    } else {
      cluster.Put(Path("crd"), cluster.objects.at(Path("crd")).text);
    }
  };
  done = Run();
  EXPECT_FALSE(There("crd"));
  EXPECT_GE(clock.passed() - start, std::chrono::seconds(7));

  // But not for ever.
  Doom("busy", ",'finalizers':['customresourcecleanup.apiextensions.k8s.io']");
  start = clock.passed();
  clock.on_sleep = [&] { cluster.Put(Path("busy"), cluster.objects.at(Path("busy")).text); };
  done = Run();
  EXPECT_GE(clock.passed() - start, std::chrono::seconds(10));
  EXPECT_LT(clock.passed() - start, std::chrono::seconds(11));
}

TEST_F(PruneTest, ASuccessorOfThatNameIsNotWaitedFor) {
  Doom("cm");
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "GET " + Path("cm") && !There("cm")) {
      cluster.Put(Path("cm"), J("{'metadata':{'name':'cm','finalizers':['x/y']}}"));
    }
    return std::nullopt;
  };
  Report done = Run(std::chrono::seconds(60));
  EXPECT_TRUE(There("cm"));
  EXPECT_EQ(clock.passed().count(), 0);
  EXPECT_EQ(done.leftovers.total, 0u);
}

TEST_F(PruneTest, WhatIsNotTerminatingKeepsItsFinalizers) {
  Doom("cm", ",'finalizers':['x/y']");
  const std::string text = cluster.objects.at(Path("cm")).text;
  // A server that lists the object as it was before the delete.
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "GET " + Path("cm")) cluster.Put(Path("cm"), text);
    return std::nullopt;
  };
  Report done = Run();
  EXPECT_THAT(api.requests, Not(Contains("PATCH " + Path("cm"))));
  EXPECT_EQ(done.leftovers.total, 1u);
}

TEST_F(PruneTest, RefusalsAreReportedAndTheRestGoesOn) {
  Doom("a");
  Doom("b", ",'finalizers':['x/y']");
  Doom("c");
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "DELETE " + Path("a")) return Error(ErrorKind::kUnauthorized, "forbidden");
    if (request == "PATCH " + Path("b")) return Error(ErrorKind::kInvalid, "webhook says no");
    return std::nullopt;
  };
  Report done = Run();
  EXPECT_TRUE(status);
  EXPECT_EQ(done.failures.total, 2u);
  EXPECT_EQ(done.counts.failed, 2u);
  EXPECT_TRUE(There("a"));
  EXPECT_FALSE(There("c"));
  EXPECT_THAT(ToText(done), HasSubstr("deleting it: forbidden"));
  EXPECT_THAT(ToText(done), HasSubstr("removing its finalizers: webhook says no"));
}

TEST_F(PruneTest, AConflictOnTheFinalizersIsReadAgain) {
  Doom("cm", ",'finalizers':['x/y']");
  int patches = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "PATCH " + Path("cm") && ++patches == 1) {
      cluster.Put(Path("cm"), cluster.objects.at(Path("cm")).text);  // a new version
    }
    return std::nullopt;
  };
  Report done = Run();
  EXPECT_EQ(patches, 2);
  EXPECT_FALSE(There("cm"));
  EXPECT_FALSE(done.failed());
}

}  // namespace
}  // namespace holdfast::restore
