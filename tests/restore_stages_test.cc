// What happens between the stages of a restore: other clients that write, what is being deleted,
// and what prune may do, on a control plane with its controllers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "restore/archive_for_test.h"
#include "restore/crds.h"
#include "storage/local_store.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using restore::Entries;
using restore::J;
using ::testing::HasSubstr;
using ::testing::Not;

kube::ResourceType CoreType(const std::string& plural, bool namespaced) {
  kube::ResourceType type;
  type.gv = {"", "v1"};
  type.plural = plural;
  type.namespaced = namespaced;
  return type;
}
const kube::ResourceType kMaps = CoreType("configmaps", true);
const kube::ResourceType kNamespaces = CoreType("namespaces", false);

// Selects the ConfigMaps and the Namespaces named; in JSON, as archives have it.
std::string SetOf(const std::string& ns) {
  return J(
      "{'apiVersion':'resources.cattle.io/v1','kind':'ResourceSet','metadata':{'name':'s'},"
      "'resourceSelectors':[{'apiVersion':'v1','kinds':['ConfigMap'],'namespaces':['" +
      ns + "'],'excludeResourceNameRegexp':'^kube-root'}]}");
}

// One control plane for all; every test has a namespace of its own.
struct RestoreStages : ::testing::Test {
  static void SetUpTestSuite() {
    testbed::ControlPlaneOptions options;
    options.controller_manager = true;
    rig_ = new RestoreRig(std::move(options));
  }
  static void TearDownTestSuite() {
    delete rig_;
    rig_ = nullptr;
  }
  RestoreStages() { std::filesystem::create_directory(dir); }
  ~RestoreStages() override { std::filesystem::remove_all(dir); }

  kube::Client& client() { return rig_->client(); }

  // Namespace and `count` ConfigMaps in it.
  Entries Objects(int count) {
    Entries entries{{"namespaces.#v1/" + ns + ".json",
                     J("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" + ns +
                       "','labels':{'kubernetes.io/metadata.name':'" + ns + "'}}}")}};
    for (int i = 0; i < count; ++i) AddMap(entries, "c" + std::to_string(i), "archived");
    return entries;
  }
  void AddMap(Entries& entries, const std::string& name, const std::string& value) {
    entries.emplace_back("configmaps.#v1/" + ns + "/" + name + ".json", MapText(name, value));
  }
  std::string MapText(const std::string& name, const std::string& value) {
    return J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name +
             "','namespace':'" + ns + "'},'data':{'v':'" + value + "'}}");
  }
  void Write(const std::string& file, const Entries& entries, const std::string& set = "") {
    std::ofstream(dir / file, std::ios::binary) << restore::MakeArchive(entries, set);
  }
  Result<restore::Report> Run(const std::string& file, restore::Progress& progress,
                              restore::Options options = {}) {
    storage::LocalStore store(dir);
    auto keys = crypto::Transformers::None();
    return restore::Run(client(), store, file, keys, options, progress, QuietLog(), Clock::Real(),
                        {});
  }
  Result<restore::Report> Run(const std::string& file, const restore::Options& options = {}) {
    restore::Progress progress;
    return Run(file, progress, options);
  }
  std::string Value(const std::string& name) {
    auto object = client().Get(kMaps, ns, name);
    if (!object) return object.error().kind() == ErrorKind::kNotFound ? "absent" : "error";
    return json::FindString(*object, {"data", "v"}).value_or("none");
  }
  void Change(const std::string& name, const std::string& value) {
    Must(client().Patch(kMaps, ns, name, kube::PatchType::kMerge,
                        R"({"data":{"v":")" + value + "\"}}"));
  }
  bool RecordStored() {
    return rig_->Exists("v1", "configmaps", "cattle-resources-system", "holdfast-restore-state");
  }

  static RestoreRig* rig_;
  const std::string ns = "stages-" +
                         std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "-" +
                         std::to_string(++number_);
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / ("holdfast-" + ns + "-" + std::to_string(getpid()));
  static inline int number_ = 0;
};
RestoreRig* RestoreStages::rig_ = nullptr;

// The window between the first comparison and the Lease.
TEST_F(RestoreStages, WhatIsWrittenIsPlannedOnWhatIsReadUnderTheLease) {
  Write("a", Objects(3));
  Must(Run("a"));
  Change("c0", "drift");
  AtPhase progress("taking the Lease", [&] {
    Change("c1", "late drift");
    Must(client().Delete(kMaps, ns, "c2"));
  });
  auto report = Must(Run("a", progress));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 1u) << restore::ToText(report);
  for (const char* name : {"c0", "c1", "c2"}) EXPECT_EQ(Value(name), "archived") << name;
  EXPECT_FALSE(RecordStored());
}

// Objects that were equal when the cluster was read, and are not at the end.
TEST_F(RestoreStages, WhatAnotherClientChangesMeanwhileIsWrittenAgainAndReported) {
  Write("a", Objects(4));
  Must(Run("a"));
  Change("c0", "drift");
  AtPhase progress("checking what was restored", [&] {
    Change("c1", "late");
    Change("c0", "late");  // just restored
    Must(client().Delete(kMaps, ns, "c2"));
  });
  auto report = Must(Run("a", progress));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.rewritten.total, 3u) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report),
              HasSubstr("configmaps " + ns + "/c2: another client deleted"));
  for (const char* name : {"c0", "c1", "c2", "c3"}) EXPECT_EQ(Value(name), "archived") << name;
  EXPECT_EQ(report.counts.unchanged, 2u) << restore::ToText(report);  // c3 and the namespace
}

// A writer that does not stop: what it keeps changing is a failure by name; all else is restored.
TEST_F(RestoreStages, AWriterThatDoesNotStopIsNamed) {
  Write("a", Objects(40));
  Must(Run("a"));
  for (int i = 0; i < 20; ++i) Change("c" + std::to_string(i), "drift");
  std::atomic<int> written = 0;
  Result<restore::Report> report = Fail(ErrorKind::kInternal, "not run");
  {
    std::jthread writer([&](std::stop_token stop) {
      while (!stop.stop_requested()) {
        Change("c30", std::to_string(++written));
        auto deleted = client().Delete(kMaps, ns, "c31");
        auto made = client().Create(kMaps, ns, MapText("c32", "other"));
      }
    });
    while (written < 3) std::this_thread::yield();
    report = Run("a");
  }
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->failed()) << restore::ToText(*report);
  EXPECT_THAT(restore::ToText(*report),
              HasSubstr("configmaps " + ns + "/c30: another client changed it (data.v"));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Value("c" + std::to_string(i)), "archived") << i;
  report = Run("a");  // the writer has stopped
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_FALSE(report->failed()) << restore::ToText(*report);
  for (int i = 30; i < 40; ++i) EXPECT_EQ(Value("c" + std::to_string(i)), "archived") << i;
}

TEST_F(RestoreStages, ContentsOfANamespaceThatIsBeingDeletedComeBack) {
  Write("a", Objects(20));
  Must(Run("a"));
  Must(client().Delete(kNamespaces, "", ns));
  auto plan = Must(Run("a", restore::Options{.plan_only = true}));
  EXPECT_THAT(restore::ToText(plan), HasSubstr("create configmaps " + ns + "/c7: its namespace " +
                                               ns + " is being deleted"));
  auto report = Must(Run("a"));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 21u) << restore::ToText(report);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Value("c" + std::to_string(i)), "archived") << i;
  EXPECT_TRUE(Must(Run("a")).nothing_to_do);
}

// Held by a finalizer: everything that cannot be restored is named, and the next run mends it.
TEST_F(RestoreStages, ANamespaceThatDoesNotGoIsReportedWithItsContents) {
  Entries entries = Objects(2);
  Write("a", entries);
  Must(Run("a"));
  Must(client().Patch(kMaps, ns, "c0", kube::PatchType::kMerge,
                      R"({"metadata":{"finalizers":["example.com/held"]}})"));
  Must(client().Delete(kNamespaces, "", ns));
  restore::Options options;
  options.going_timeout = std::chrono::seconds(1);
  options.terminating_timeout = std::chrono::seconds(1);
  auto report = Must(Run("a", options));
  EXPECT_EQ(report.failures.total, 3u) << restore::ToText(report);
  for (const char* name : {"c0", "c1"})
    EXPECT_THAT(restore::ToText(report), HasSubstr("configmaps " + ns + "/" + name +
                                                   ": its namespace " + ns + " is being deleted"));
  Must(client().Patch(kMaps, ns, "c0", kube::PatchType::kMerge,
                      R"({"metadata":{"finalizers":null}})"));
  report = Must(Run("a"));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  for (const char* name : {"c0", "c1"}) EXPECT_EQ(Value(name), "archived") << name;
}

TEST_F(RestoreStages, ObjectsOfACrdThatIsBeingDeletedComeBack) {
  const std::string crd =
      J("{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',"
        "'metadata':{'name':'gears.stages.example.com'},'spec':{'group':'stages.example.com',"
        "'scope':'Cluster','conversion':{'strategy':'None'},"
        "'names':{'plural':'gears','singular':'gear','kind':'Gear','listKind':'GearList'},"
        "'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
        "{'type':'object','properties':{'spec':{'type':'object','properties':"
        "{'i':{'type':'integer'}}}}}}}]}}");
  Entries entries{
      {"customresourcedefinitions.apiextensions.k8s.io#v1/gears.stages.example.com.json", crd}};
  constexpr int kGears = 200;
  for (int i = 0; i < kGears; ++i) {
    std::string name = "g" + std::to_string(i);
    entries.emplace_back("gears.stages.example.com#v1/" + name + ".json",
                         J("{'apiVersion':'stages.example.com/v1','kind':'Gear','metadata':"
                           "{'name':'" +
                           name + "'},'spec':{'i':" + std::to_string(i) + "}}"));
  }
  Write("a", entries);
  Must(Run("a"));
  Must(client().Delete(restore::CrdType(), "", "gears.stages.example.com"));
  auto report = Must(Run("a"));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  for (int i = 0; i < kGears; ++i)
    EXPECT_TRUE(rig_->Exists("stages.example.com/v1", "gears", "", "g" + std::to_string(i))) << i;
  EXPECT_TRUE(Must(Run("a")).nothing_to_do);
  Must(client().Delete(restore::CrdType(), "", "gears.stages.example.com"));
}

TEST_F(RestoreStages, NothingIsPrunedWhileAnObjectHasFailed) {
  Entries entries = Objects(2);
  Write("good", entries, SetOf(ns));
  Must(Run("good"));
  entries.emplace_back("configmaps.#v1/" + ns + "/refused.json",
                       J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'refused',"
                         "'namespace':'" +
                         ns + "','labels':{'not a label':'x'}}}"));
  Write("bad", entries, SetOf(ns));
  Must(client().Create(kMaps, ns, MapText("newer", "kept")));
  restore::Options options;
  options.prune = true;
  auto report = Must(Run("bad", options));
  EXPECT_EQ(report.counts.failed, 1u) << restore::ToText(report);
  EXPECT_EQ(report.counts.deleted, 0u) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("nothing was pruned"));
  EXPECT_EQ(Value("newer"), "kept");
  options.ignore_errors = true;
  report = Must(Run("bad", options));
  EXPECT_EQ(report.counts.deleted, 1u) << restore::ToText(report);
  EXPECT_EQ(Value("newer"), "absent");
}

TEST_F(RestoreStages, TooManyDeletesStopBeforeAnythingIsChanged) {
  Write("a", Objects(2), SetOf(ns));
  Must(Run("a"));
  Change("c0", "drift");
  for (int i = 0; i < 11; ++i)
    Must(client().Create(kMaps, ns, MapText("newer" + std::to_string(i), "kept")));
  restore::Options options;
  options.prune = true;
  options.plan_only = true;
  auto plan = Must(Run("a", options));
  EXPECT_TRUE(plan.failed()) << restore::ToText(plan);
  EXPECT_EQ(plan.counts.deleted, 11u);
  options.plan_only = false;
  uint64_t writes = client().counters().writes;
  auto report = Run("a", options);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().ToString(), HasSubstr("prune would delete 11 of 14 objects"));
  EXPECT_THAT(report.error().ToString(), HasSubstr("--max-deletes"));
  EXPECT_EQ(client().counters().writes, writes);
  EXPECT_EQ(Value("c0"), "drift");
  options.max_deletes = Must(restore::ParseDeleteLimit("80%"));
  EXPECT_EQ(Must(Run("a", options)).counts.deleted, 11u);
  EXPECT_EQ(Value("c0"), "archived");
}

TEST_F(RestoreStages, WhatIsCreatedWhilePruneRunsIsNamed) {
  Write("a", Objects(2), SetOf(ns));
  Must(Run("a"));
  Change("c0", "drift");
  AtPhase progress("checking what was restored",
                   [&] { Must(client().Create(kMaps, ns, MapText("late", "kept"))); });
  restore::Options options;
  options.prune = true;
  auto report = Must(Run("a", progress, options));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report),
              HasSubstr("configmaps " + ns + "/late: it was created while the restore ran"));
}

// Two archives at once: the second is restored whole, after the first.
TEST_F(RestoreStages, ASecondRestoreIsPlannedOnWhatTheFirstHasLeft) {
  Entries first = Objects(1), second = Objects(1);
  for (int i = 1; i < 20; ++i) {
    AddMap(first, "c" + std::to_string(i), "first");
    AddMap(second, "c" + std::to_string(i), i % 2 == 0 ? "archived" : "second");
  }
  Write("start", Objects(20));
  Write("first", first);
  Write("second", second);
  Must(Run("start"));
  std::jthread other;
  std::atomic<bool> waits = false;
  Result<restore::Report> second_report = Fail(ErrorKind::kInternal, "not run");
  AtPhase seen("taking the Lease", [&] { waits = true; });
  AtPhase progress("restoring cluster-scoped objects", [&] {
    other = std::jthread([&] { second_report = Run("second", seen); });
    for (int i = 0; i < 600 && !waits; ++i) Clock::Real().Sleep(std::chrono::milliseconds(50), {});
  });
  auto report = Must(Run("first", progress));
  EXPECT_TRUE(waits);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  other.join();
  if (!second_report) {
    // Refused, because the first was renewing its Lease: then nothing of it may be there.
    EXPECT_EQ(second_report.error().kind(), ErrorKind::kConflict);
    for (int i = 1; i < 20; ++i) EXPECT_EQ(Value("c" + std::to_string(i)), "first") << i;
    return;
  }
  EXPECT_FALSE(second_report->failed()) << restore::ToText(*second_report);
  for (int i = 1; i < 20; ++i)
    EXPECT_EQ(Value("c" + std::to_string(i)), i % 2 == 0 ? "archived" : "second") << i;
}

}  // namespace
}  // namespace holdfast::tests
