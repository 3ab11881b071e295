// What is in a Namespace or of a CRD that is being deleted counts as missing.
#include "restore/going.h"

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

const char* const kDying = "'deletionTimestamp':'2026-01-01T00:00:00Z'";

struct GoingTest : ::testing::Test {
  void SetUp() override { cluster.AddUsualTypes(); }

  void Archive(const std::string& path, const std::string& more = "") {
    entries.push_back({path, Text(path, "", more)});
  }
  void Live(const std::string& path, const std::string& meta = "") {
    cluster.Put(path, Text(path, meta, ""));
  }
  static std::string Text(const std::string& path, const std::string& meta,
                          const std::string& more) {
    auto name = archive::EntryName::Parse(path);
    return J("{'metadata':{'name':'" + name->name + "'" +
             (name->ns.empty() ? "" : ",'namespace':'" + name->ns + "'") +
             (meta.empty() ? "" : "," + meta) + "}" + (more.empty() ? "" : "," + more) + "}");
  }
  // As the stages do: what is going is looked for first, and given to the reading.
  Planned Plan(bool final = false) {
    Planned out;
    out.index = std::make_unique<Index>(std::move(*LoadIndex(entries)));
    out.discovery = std::make_unique<kube::Discovery>(cluster.Discovery());
    out.types = std::make_unique<Types>(Types::Resolve(*out.index, *out.discovery, cluster.crds));
    auto crds = ListCrdNames(cluster);
    auto found = FindGoing(*out.index, cluster, crds->going);
    EXPECT_TRUE(found);
    going = *found;
    LiveOptions read;
    read.going = &going;
    out.live = std::make_unique<restore::Live>(
        std::move(*restore::Live::Read(*out.index, *out.types, cluster, read)));
    PlanOptions options;
    options.going_is_final = final;
    options.absent_namespaces = going.absent_namespaces;
    out.plan = std::make_unique<restore::Plan>(
        restore::Plan::Build(*out.index, *out.types, *out.live, options));
    return out;
  }

  FakeCluster cluster;
  Entries entries;
  Going going;
};

TEST_F(GoingTest, ContentsOfATerminatingNamespaceAreMissing) {
  // The namespace is not in the archive.
  for (const char* path : {"configmaps.#v1/a/one.json", "configmaps.#v1/b/one.json"}) {
    Archive(path);
    Live(path);
  }
  Archive("secrets.#v1/a/absent.json");
  Live("namespaces.#v1/a.json", kDying);
  Live("namespaces.#v1/b.json");
  Live("namespaces.#v1/elsewhere.json", kDying);

  Planned plan = Plan();
  EXPECT_EQ(plan.Kind("configmaps.#v1/a/one.json"), ActionKind::kCreate);
  EXPECT_EQ(plan.Reason("configmaps.#v1/a/one.json"), "its namespace a is being deleted");
  EXPECT_EQ(plan.Kind("configmaps.#v1/b/one.json"), ActionKind::kNothing);
  EXPECT_TRUE(Concerns(*plan.index, going));
  EXPECT_EQ(going.Names(), "namespace a, namespace elsewhere");

  // Waited for in vain: what is in it cannot be restored, there or not.
  plan = Plan(/*final=*/true);
  for (const char* path : {"configmaps.#v1/a/one.json", "secrets.#v1/a/absent.json"}) {
    EXPECT_EQ(plan.Kind(path), ActionKind::kCannot) << path;
    EXPECT_NE(plan.Reason(path).find("namespace a is being deleted"), std::string::npos);
  }
  EXPECT_EQ(plan.Kind("configmaps.#v1/b/one.json"), ActionKind::kNothing);

  // A single object that is read again is still in it.
  ObjectId id = plan.Id("configmaps.#v1/a/one.json");
  auto text = cluster.objects.at("configmaps.#v1/a/one.json").text;
  ASSERT_TRUE(plan.live->Compare(id, text));
  EXPECT_TRUE((*plan.live)[id].terminating());
}

TEST_F(GoingTest, NamespacesThatNobodyHasAreMadeWhereSomethingIsCreatedInThem) {
  Archive("namespaces.#v1/own.json");
  for (std::string ns : {"own", "live", "gone", "dying"})
    Archive("configmaps.#v1/" + ns + "/one.json");
  Live("namespaces.#v1/live.json");
  Live("namespaces.#v1/dying.json", kDying);
  using List = std::vector<std::string>;
  EXPECT_EQ(Plan().plan->new_namespaces(), (List{"dying", "gone"}));
  // What cannot be restored needs none.
  EXPECT_EQ(Plan(/*final=*/true).plan->new_namespaces(), List{"gone"});
  std::vector<std::string> lines;
  Planned planned = Plan();
  planned.plan->ForEachLine(
      [&](const PlanLine& line) { lines.push_back(line.action + " " + line.object); });
  EXPECT_EQ(lines[0], "create namespaces own");
  EXPECT_EQ(lines[1], "create namespaces dying");
  EXPECT_EQ(lines[2], "create namespaces gone");
}

TEST_F(GoingTest, ObjectsOfATerminatingCrdAreMissing) {
  const char* crd = "customresourcedefinitions.apiextensions.k8s.io#v1/pots.x.io.json";
  for (const char* path : {"pots.x.io#v1/n/pot.json", "plants.x.io#v1/plant.json"}) {
    Archive(path);
    Live(path);
  }
  Live(crd, kDying);
  Planned plan = Plan();
  EXPECT_EQ(plan.Kind("pots.x.io#v1/n/pot.json"), ActionKind::kCreate);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/plant.json"), ActionKind::kNothing);
  EXPECT_TRUE(Concerns(*plan.index, going));
}

TEST_F(GoingTest, WhatWasTerminatingWhenItWasBackedUpIsComparedAsItIs) {
  Archive("namespaces.#v1/a.json", "'status':{'phase':'Terminating'}");
  Archive("configmaps.#v1/a/one.json");
  Live("namespaces.#v1/a.json", kDying);
  Live("configmaps.#v1/a/one.json");
  Planned plan = Plan();
  EXPECT_TRUE(going.empty());
  EXPECT_EQ(plan.Kind("configmaps.#v1/a/one.json"), ActionKind::kNothing);
}

TEST_F(GoingTest, WhatHoldsNothingOfTheArchiveIsNotWaitedFor) {
  Archive("configmaps.#v1/b/one.json");
  Live("namespaces.#v1/a.json", kDying);
  Planned plan = Plan();
  EXPECT_FALSE(Concerns(*plan.index, going));
}

// Everything else is of no concern: changed, deleted, come, and the same.
TEST_F(GoingTest, ChangesSinceTheObjectsWereRead) {
  for (const char* name : {"same", "changed", "deleted", "written"}) {
    std::string path = "configmaps.#v1/n/" + std::string(name) + ".json";
    Archive(path);
    Live(path);
  }
  Archive("configmaps.#v1/n/new.json");
  Archive("configmaps.#v1/n/absent.json");
  Planned plan = Plan();
  cluster.Put("configmaps.#v1/n/changed.json",
              cluster.objects.at("configmaps.#v1/n/changed.json").text);
  cluster.objects.erase("configmaps.#v1/n/deleted.json");
  Live("configmaps.#v1/n/new.json");
  Live("configmaps.#v1/n/written.json");
  plan.live->SetLive(plan.Id("configmaps.#v1/n/written.json"),
                     cluster.objects.at("configmaps.#v1/n/written.json").text);
  auto changes = plan.live->FindChanges(cluster, {});
  ASSERT_TRUE(changes);
  std::vector<ObjectId> expected{plan.Id("configmaps.#v1/n/changed.json"),
                                 plan.Id("configmaps.#v1/n/deleted.json"),
                                 plan.Id("configmaps.#v1/n/new.json")};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(changes->objects, expected);
}

}  // namespace
}  // namespace holdfast::restore
