#include "restore/plan.h"

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

using Kind = ActionKind;
using Why = ActionReason;

std::string Meta(const std::string& name, const std::string& more = "") {
  return "'metadata':{'name':'" + name + "'" + (more.empty() ? "" : "," + more) + "}";
}
std::string Object(const std::string& kind, const std::string& name, const std::string& more = "",
                   const std::string& meta = "") {
  return J("{'kind':'" + kind + "'," + Meta(name, meta) + (more.empty() ? "" : "," + more) + "}");
}
// The live text of a namespaced object.
std::string Live_(const std::string& name, const std::string& ns, const std::string& more = "",
                  const std::string& meta = "") {
  return J("{" + Meta(name, "'namespace':'" + ns + "'" + (meta.empty() ? "" : "," + meta)) +
           (more.empty() ? "" : "," + more) + "}");
}

struct PlanTest : ::testing::Test {
  void SetUp() override { cluster.AddUsualTypes(); }
  FakeCluster cluster;
};

TEST_F(PlanTest, EqualObjectsAreNotWritten) {
  Entries entries = {{"configmaps.#v1/n/a.json", Object("ConfigMap", "a", "'data':{'k':'v'}")},
                     {"plants.x.io#v1/oak.json",
                      Object("Plant", "oak", "'spec':{'n':9007199254740993},'status':{'s':1}")}};
  cluster.Put("configmaps.#v1/n/a.json",
              Live_("a", "n", "'data':{'k':'v'}", "'creationTimestamp':'now'"));
  cluster.Put("plants.x.io#v1/oak.json",
              J("{'apiVersion':'x.io/v1','kind':'Plant','spec':{'n':9007199254740993},"
                "'status':{'s':1},'metadata':{'name':'oak','generation':4}}"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_TRUE(plan.plan->empty());
  EXPECT_EQ(plan.plan->counts().nothing, 2u);
}

TEST_F(PlanTest, WhatDiffersIsWrittenAndWhy) {
  Entries entries = {
      {"configmaps.#v1/n/new.json", Object("ConfigMap", "new")},
      {"configmaps.#v1/n/changed.json", Object("ConfigMap", "changed", "'data':{'k':'v'}")},
      {"plants.x.io#v1/number.json", Object("Plant", "number", "'spec':{'n':9007199254740993}")},
      {"plants.x.io#v1/status.json", Object("Plant", "status", "'status':{'s':1}")},
      {"plants.x.io#v1/both.json", Object("Plant", "both", "'spec':{'a':1},'status':{'s':1}")},
      {"plants.x.io#v1/nostatus.json", Object("Plant", "nostatus", "'spec':{'a':1}")},
      {"plants.x.io#v1/nullstatus.json", Object("Plant", "nullstatus", "'status':null")}};
  cluster.Put("configmaps.#v1/n/changed.json", Live_("changed", "n", "'data':{'k':'w'}"));
  cluster.Put("plants.x.io#v1/number.json",
              Object("Plant", "number", "'spec':{'n':9007199254740992}"));
  cluster.Put("plants.x.io#v1/status.json", Object("Plant", "status", "'status':{'s':2}"));
  cluster.Put("plants.x.io#v1/both.json", Object("Plant", "both", "'spec':{'a':2}"));
  cluster.Put("plants.x.io#v1/nostatus.json",
              Object("Plant", "nostatus", "'spec':{'a':1},'status':{'live':1}"));
  cluster.Put("plants.x.io#v1/nullstatus.json", Object("Plant", "nullstatus"));
  Planned plan = MakePlan(entries, cluster, {}, "", /*explain=*/true);
  EXPECT_EQ(plan.Kind("configmaps.#v1/n/new.json"), Kind::kCreate);
  EXPECT_EQ(plan.Kind("configmaps.#v1/n/changed.json"), Kind::kUpdate);
  EXPECT_EQ(plan.Reason("configmaps.#v1/n/changed.json"), "data.k differs");
  EXPECT_EQ(plan.Kind("plants.x.io#v1/number.json"), Kind::kUpdate);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/status.json"), Kind::kUpdateStatus);
  EXPECT_EQ(plan.Reason("plants.x.io#v1/status.json"), "status.s differs");
  EXPECT_EQ(plan.Kind("plants.x.io#v1/both.json"), Kind::kUpdate);
  EXPECT_TRUE(plan.At("plants.x.io#v1/both.json").status);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/nostatus.json"), Kind::kNothing);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/nullstatus.json"), Kind::kNothing);
  EXPECT_FALSE(plan.plan->empty());
}

TEST_F(PlanTest, StatusOnlyOfCustomResourcesWithTheSubresource) {
  Entries entries = {
      {"deployments.apps#v1/n/d.json", Object("Deployment", "d", "'status':{'replicas':3}")},
      {"pots.x.io#v1/n/p.json", Object("Pot", "p", "'status':{'a':1}")},
      {"plants.x.io#v1/oak.json", Object("Plant", "oak", "'status':{'a':1}")}};
  cluster.Put("deployments.apps#v1/n/d.json", Live_("d", "n", "'status':{'replicas':1}"));
  cluster.Put("pots.x.io#v1/n/p.json", Live_("p", "n", "'status':{'a':2}"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.Kind("deployments.apps#v1/n/d.json"), Kind::kNothing) << "built in";
  EXPECT_EQ(plan.Kind("pots.x.io#v1/n/p.json"), Kind::kUpdate) << "status is part of the object";
  EXPECT_FALSE(plan.At("pots.x.io#v1/n/p.json").status);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/oak.json"), Kind::kCreate);
  EXPECT_TRUE(plan.At("plants.x.io#v1/oak.json").status);
  EXPECT_NE(plan.Write("pots.x.io#v1/n/p.json").main.body.find("status"), std::string::npos);
  EXPECT_EQ(plan.Write("plants.x.io#v1/oak.json").main.body.find("status"), std::string::npos);
}

TEST_F(PlanTest, IncrementsAreNoReasonToWriteButGoAlong) {
  Entries entries = {{"clusters.fleet.cattle.io#v1alpha1/n/f.json",
                      Object("Cluster", "f", "'spec':{'redeployAgentGeneration':7}")},
                     {"clusters.provisioning.cattle.io#v1/n/p.json", Object("Cluster", "p")},
                     {"clusters.management.cattle.io#v3/m.json", Object("Cluster", "m")},
                     {"configmaps.#v1/n/a.json", Object("ConfigMap", "a", "'data':{'k':'v'}")}};
  cluster.Put("clusters.fleet.cattle.io#v1alpha1/n/f.json",
              Live_("f", "n", "'spec':{'redeployAgentGeneration':7}"));
  cluster.Put("clusters.provisioning.cattle.io#v1/n/p.json", Live_("p", "n"));
  cluster.Put("clusters.management.cattle.io#v3/m.json", Object("Cluster", "m"));
  cluster.Put("configmaps.#v1/n/a.json", Live_("a", "n", "'data':{'k':'v'}"));
  EXPECT_TRUE(MakePlan(entries, cluster).plan->empty());

  cluster.Put("configmaps.#v1/n/a.json", Live_("a", "n"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.plan->counts().update, 4u);
  EXPECT_EQ(plan.At("clusters.management.cattle.io#v3/m.json").reason, Why::kIncrement);
  EXPECT_EQ(plan.plan->reconnecting().size(), 3u);
  // Also when it is decided anew, in the middle of the run.
  EXPECT_EQ(Decider(*plan.plan).Decide(plan.Id("clusters.management.cattle.io#v3/m.json")).reason,
            Why::kIncrement);
  EXPECT_NE(plan.Write("clusters.fleet.cattle.io#v1alpha1/n/f.json").main.body.find(":8"),
            std::string::npos);

  // The rest of the plan being done, a new plan for what is left has them still.
  cluster.Put("configmaps.#v1/n/a.json", Live_("a", "n", "'data':{'k':'v'}"));
  PlanOptions left;
  left.others_write = true;
  Planned rest = MakePlan(entries, cluster, left);
  EXPECT_EQ(rest.plan->counts().update, 3u);
  EXPECT_EQ(Decider(*rest.plan).Decide(rest.Id("clusters.management.cattle.io#v3/m.json")).reason,
            Why::kIncrement);

  cluster.Put("configmaps.#v1/n/a.json", Live_("a", "n"));

  // What is neither the archive's nor one more is a difference like any other.
  cluster.Put("clusters.fleet.cattle.io#v1alpha1/n/f.json",
              Live_("f", "n", "'spec':{'redeployAgentGeneration':20}"));
  EXPECT_EQ(MakePlan(entries, cluster).At("clusters.fleet.cattle.io#v1alpha1/n/f.json").reason,
            Why::kDiffers);

  // What an earlier restore of this archive has raised is not raised again.
  cluster.Put("clusters.fleet.cattle.io#v1alpha1/n/f.json",
              Live_("f", "n", "'spec':{'redeployAgentGeneration':8}"));
  cluster.Put("clusters.provisioning.cattle.io#v1/n/p.json",
              Live_("p", "n", "'spec':{'redeploySystemAgentGeneration':1}"));
  cluster.Put("clusters.management.cattle.io#v3/m.json",
              Object("Cluster", "m", "", "'annotations':{'io.cattle.agent.force.deploy':'true'}"));
  Planned again = MakePlan(entries, cluster);
  EXPECT_EQ(again.plan->counts().update, 1u);
  EXPECT_TRUE(again.plan->reconnecting().empty());
}

TEST_F(PlanTest, WhatTheServerLetsNobodyUpdateCannotBeRestored) {
  cluster.types.push_back({{"y.io", "v1"},
                           "parts",
                           "Part",
                           false,
                           kube::kVerbGet | kube::kVerbList | kube::kVerbCreate,
                           false});
  Entries entries = {{"parts.y.io#v1/a.json", Object("Part", "a", "'v':1")},
                     {"parts.y.io#v1/b.json", Object("Part", "b", "'v':1")},
                     {"parts.y.io#v1/c.json", Object("Part", "c", "'v':1")}};
  cluster.Put("parts.y.io#v1/a.json", Object("Part", "a", "'v':2"));
  cluster.Put("parts.y.io#v1/b.json", Object("Part", "b", "'v':1"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.At("parts.y.io#v1/a.json").reason, Why::kNotWritable);
  EXPECT_EQ(plan.Kind("parts.y.io#v1/b.json"), Kind::kNothing);
  EXPECT_EQ(plan.Kind("parts.y.io#v1/c.json"), Kind::kCreate);
}

TEST_F(PlanTest, SkippedObjectsAndThoseThatCannotBeWritten) {
  Entries entries = {
      {"globalroles.management.cattle.io#v3/g.json", Object("GlobalRole", "g", "'builtin':true")},
      {"deployments.apps#v1/cattle-system/rancher.json", Object("Deployment", "rancher")},
      {"secrets.#v1/n/s.json",
       Object("Secret", "s", "'type':'fleet.cattle.io/cluster-registration-values'")},
      {"gadgets.y.io#v1/g.json", Object("Gadget", "g")},
      {"configmaps.#v1/nons.json", Object("ConfigMap", "nons")},
      {"clusterroles.rbac.authorization.k8s.io#v1/n/cr.json", Object("ClusterRole", "cr")},
      {"pots.x.io#v1/n/p.json", Object("Pan", "p")}};
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.At("globalroles.management.cattle.io#v3/g.json").reason, Why::kBuiltinRole);
  EXPECT_EQ(plan.At("deployments.apps#v1/cattle-system/rancher.json").reason,
            Why::kRancherDeployment);
  EXPECT_EQ(plan.At("secrets.#v1/n/s.json").reason, Why::kRegistrationValues);
  EXPECT_EQ(plan.At("gadgets.y.io#v1/g.json").reason, Why::kNoType);
  EXPECT_NE(plan.Reason("gadgets.y.io#v1/g.json").find("gadgets.y.io"), std::string::npos);
  EXPECT_EQ(plan.At("configmaps.#v1/nons.json").reason, Why::kWrongScope);
  EXPECT_EQ(plan.At("clusterroles.rbac.authorization.k8s.io#v1/n/cr.json").reason,
            Why::kWrongScope);
  EXPECT_EQ(plan.At("pots.x.io#v1/n/p.json").reason, Why::kWrongKind);
  EXPECT_EQ(plan.plan->counts().skip, 3u);
  EXPECT_EQ(plan.plan->counts().cannot, 4u);
  EXPECT_TRUE(plan.plan->empty());
}

constexpr const char* kGadgetCrd =
    "{'kind':'CustomResourceDefinition','metadata':{'name':'gadgets.y.io'},'spec':{'group':'y.io',"
    "'scope':'Cluster','names':{'plural':'gadgets','kind':'Gadget'},'versions':[{'name':'v1',"
    "'served':true,'storage':true,'subresources':{'status':{}}}]}}";

TEST_F(PlanTest, ACrdOfTheArchiveBringsItsObjects) {
  Entries entries = {
      {"gadgets.y.io#v1/g.json", Object("Gadget", "g", "'status':{'a':1}")},
      {"customresourcedefinitions.apiextensions.k8s.io#v1/gadgets.y.io.json", J(kGadgetCrd)}};
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.Kind("gadgets.y.io#v1/g.json"), Kind::kCreate);
  EXPECT_TRUE(plan.At("gadgets.y.io#v1/g.json").status);
  EXPECT_EQ(plan.Place("customresourcedefinitions.apiextensions.k8s.io#v1/gadgets.y.io.json"),
            std::make_pair(0, 0));
  EXPECT_EQ(plan.Place("gadgets.y.io#v1/g.json"), std::make_pair(1, 0));

  // Once the CRD is there, what belongs to it is listed anew.
  cluster.AddType("y.io", "v1", "gadgets", "Gadget", false, true);
  cluster.Put("gadgets.y.io#v1/g.json", Object("Gadget", "g", "'status':{'a':1}"));
  kube::Discovery discovery = cluster.Discovery();
  Types types = Types::Resolve(*plan.index, discovery, {"gadgets.y.io"});
  TypeId type = plan.index->FindType({"y.io", "v1"}, "gadgets");
  ASSERT_TRUE(plan.live->Reread(types, {type}, cluster, {}));
  Plan second = Plan::Build(*plan.index, types, *plan.live, {});
  EXPECT_EQ(second[plan.Id("gadgets.y.io#v1/g.json")].kind, Kind::kNothing);
}

TEST_F(PlanTest, ACrdWithMoreLiveVersionsIsEqualOnceTheyAreNotStored) {
  std::string path = "customresourcedefinitions.apiextensions.k8s.io#v1/gadgets.y.io.json";
  Entries entries = {{path, J(kGadgetCrd)}};
  std::string live = J(kGadgetCrd);
  size_t end = live.rfind("]}}");
  live.insert(end, J(",{'name':'v2','served':true,'storage':true}"));
  cluster.Put(path, live);
  Planned plan = MakePlan(entries, cluster);
  ASSERT_EQ(plan.Kind(path), Kind::kUpdate);
  PrepareOptions options;
  options.live_object = live;
  options.resource_version = "7";
  PreparedWrite written = plan.Write(path, options);
  EXPECT_EQ(written.main.kept_crd_versions, std::vector<std::string>{"v2"});
  cluster.Put(path, written.main.body);
  EXPECT_TRUE(MakePlan(entries, cluster).plan->empty());
}

TEST_F(PlanTest, ATerminatingNamesakeIsWaitedFor) {
  const char* deleted =
      "'deletionTimestamp':'2026-01-27T02:00:00Z','finalizers':['f'],'generation':5";
  Entries entries = {
      {"configmaps.#v1/n/a.json", Object("ConfigMap", "a", "", "'finalizers':['f']")},
      {"plants.x.io#v1/then.json",
       Object("Plant", "then", "", "'finalizers':['f'],'generation':5")},
      {"plants.x.io#v1/since.json",
       Object("Plant", "since", "", "'finalizers':['f'],'generation':4")},
      {"namespaces.#v1/t.json", Object("Namespace", "t", "'status':{'phase':'Terminating'}")},
      {"namespaces.#v1/u.json", Object("Namespace", "u", "'status':{'phase':'Active'}")}};
  cluster.Put("configmaps.#v1/n/a.json", Live_("a", "n", "", deleted));
  cluster.Put("plants.x.io#v1/then.json", Object("Plant", "then", "", deleted));
  cluster.Put("plants.x.io#v1/since.json", Object("Plant", "since", "", deleted));
  for (const char* name : {"t", "u"})
    cluster.Put("namespaces.#v1/" + std::string(name) + ".json",
                Object("Namespace", name, "", "'deletionTimestamp':'now'"));
  entries.push_back(
      {"configmaps.#v1/n/before.json", Object("ConfigMap", "before", "", "'finalizers':['f']")});
  // The archives of these tests were begun at the start of 1970.
  cluster.Put(
      "configmaps.#v1/n/before.json",
      Live_("before", "n", "", "'deletionTimestamp':'1970-01-01T00:00:00Z','finalizers':['f']"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.Kind("configmaps.#v1/n/before.json"), Kind::kNothing);
  EXPECT_EQ(plan.At("configmaps.#v1/n/a.json").reason, Why::kTerminating);
  EXPECT_EQ(plan.At("plants.x.io#v1/since.json").reason, Why::kTerminating);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/then.json"), Kind::kNothing);
  EXPECT_EQ(plan.Kind("namespaces.#v1/t.json"), Kind::kNothing);
  EXPECT_EQ(plan.At("namespaces.#v1/u.json").reason, Why::kTerminating);
  int notes = 0;
  plan.plan->ForEachNote([&](ObjectId, const std::string&) { ++notes; });
  EXPECT_EQ(notes, 3);
}

TEST_F(PlanTest, AResourceSetOfAChartIsNotOverwritten) {
  cluster.AddType("resources.cattle.io", "v1", "resourcesets", "ResourceSet", false);
  std::string path = "resourcesets.resources.cattle.io#v1/rs.json";
  Entries entries = {{path, Object("ResourceSet", "rs", "'resourceSelectors':[]")}};
  cluster.Put(path, Object("ResourceSet", "rs", "'resourceSelectors':[{}]",
                           "'labels':{'app.kubernetes.io/managed-by':'Helm'}"));
  EXPECT_EQ(MakePlan(entries, cluster).At(path).reason, Why::kChartManaged);
  PlanOptions overwrite;
  overwrite.overwrite_chart_managed = true;
  EXPECT_EQ(MakePlan(entries, cluster, overwrite).Kind(path), Kind::kUpdate);
  cluster.Put(path, Object("ResourceSet", "rs", "'resourceSelectors':[{}]"));
  EXPECT_EQ(MakePlan(entries, cluster).Kind(path), Kind::kUpdate);
}

TEST_F(PlanTest, OneObjectInTwoVersionsIsCreatedOnce) {
  cluster.AddType("x.io", "v1alpha1", "plants", "Plant", false, true);
  Entries entries = {{"plants.x.io#v1/oak.json", Object("Plant", "oak")},
                     {"plants.x.io#v1alpha1/oak.json", Object("Plant", "oak")}};
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.Place("plants.x.io#v1/oak.json"), std::make_pair(1, 0));
  EXPECT_EQ(plan.Place("plants.x.io#v1alpha1/oak.json"), std::make_pair(1, 1));
}

TEST_F(PlanTest, AnObjectSeenOnlyInAnotherVersionIsUpdated) {
  Entries entries = {
      {"plants.x.io#v0/oak.json", Object("Plant", "oak")},
      {"customresourcedefinitions.apiextensions.k8s.io#v1/plants.x.io.json",
       J("{'metadata':{'name':'plants.x.io'},'spec':{'group':'x.io','scope':'Cluster','names':"
         "{'plural':'plants','kind':'Plant'},'versions':[{'name':'v0','served':true}]}}")}};
  cluster.Put("plants.x.io#v1/oak.json", Object("Plant", "oak"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.At("plants.x.io#v0/oak.json").reason, Why::kOtherVersion);
  EXPECT_NE(plan.Reason("plants.x.io#v0/oak.json").find("v1"), std::string::npos);
}

TEST_F(PlanTest, DecidesAnewAfterAnObjectWasReadAgain) {
  Entries entries = {{"configmaps.#v1/n/a.json", Object("ConfigMap", "a", "'data':{'k':'v'}")}};
  Planned plan = MakePlan(entries, cluster);
  ASSERT_EQ(plan.Kind("configmaps.#v1/n/a.json"), Kind::kCreate);
  ASSERT_TRUE(plan.live->Compare(0, Live_("a", "n", "'data':{'k':'w'}")));
  EXPECT_EQ(Decider(*plan.plan).Decide(0).kind, Kind::kUpdate);
  ASSERT_TRUE(plan.live->Compare(0, Live_("a", "n", "'data':{'k':'v'}")));
  EXPECT_EQ(Decider(*plan.plan).Decide(0).kind, Kind::kNothing);
  ASSERT_TRUE(plan.live->Compare(0, std::nullopt));
  EXPECT_EQ(Decider(*plan.plan).Decide(0).kind, Kind::kCreate);
}

TEST_F(PlanTest, LinesComeInTheOrderOfTheWork) {
  Entries entries = {{"configmaps.#v1/n/a.json", Object("ConfigMap", "a")},
                     {"namespaces.#v1/n.json", Object("Namespace", "n")},
                     {"globalroles.management.cattle.io#v3/g.json",
                      Object("GlobalRole", "g", "'builtin':'true'")}};
  Planned plan = MakePlan(entries, cluster);
  std::vector<std::string> lines;
  plan.plan->ForEachLine([&](PlanLine line) { lines.push_back(line.action + " " + line.object); });
  EXPECT_EQ(lines, (std::vector<std::string>{"create namespaces n", "create configmaps n/a",
                                             "skip globalroles.management.cattle.io g"}));
}

}  // namespace
}  // namespace holdfast::restore
