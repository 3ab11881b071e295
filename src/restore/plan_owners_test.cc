// Owner references: who is kept, dropped, waited for (spec 7.4 with D3, D38, D39).
#include "base/json_scan.h"
#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

std::string Ref(const std::string& api, const std::string& kind, const std::string& name) {
  return "{'apiVersion':'" + api + "','kind':'" + kind + "','name':'" + name + "','uid':'old'}";
}
std::string Owned(const std::string& kind, const std::string& name, const std::string& refs,
                  const std::string& more = "") {
  return J("{'kind':'" + kind + "','metadata':{'name':'" + name + "','ownerReferences':[" + refs +
           "]}" + more + "}");
}
std::string Plain(const std::string& kind, const std::string& name, const std::string& more = "") {
  return J("{'kind':'" + kind + "','metadata':{'name':'" + name + "'}" + more + "}");
}

struct OwnersTest : ::testing::Test {
  void SetUp() override { cluster.AddUsualTypes(); }

  // The owners' names with their uids as they would be sent now: "oak=<uid>".
  static std::vector<std::string> Sent(const std::string& body) {
    std::vector<std::string> out;
    auto refs = json::Find(body, {"metadata", "ownerReferences"});
    if (!refs) return out;
    for (json::ArrayReader reader(*refs); auto ref = reader.Next();)
      out.push_back(*json::FindString(*ref, {"name"}) + "=" + *json::FindString(*ref, {"uid"}));
    return out;
  }
  FakeCluster cluster;
};
using List = std::vector<std::string>;

const char* const kPotEntry = "pots.x.io#v1/n/pot.json";
const char* const kOakEntry = "plants.x.io#v1/oak.json";

TEST_F(OwnersTest, AnOwnerOfTheArchiveComesFirstAndGivesItsUid) {
  Planned plan = MakePlan(
      {{"configmaps.#v1/n/leaf.json", Owned("ConfigMap", "leaf", Ref("x.io/v1", "Pot", "pot"))},
       {kPotEntry, Owned("Pot", "pot", Ref("x.io/v1", "Plant", "oak"))},
       {kOakEntry, Plain("Plant", "oak")}},
      cluster);
  EXPECT_EQ(plan.Place(kOakEntry), std::make_pair(1, 0));
  EXPECT_EQ(plan.Place(kPotEntry), std::make_pair(2, 0));
  EXPECT_EQ(plan.Place("configmaps.#v1/n/leaf.json"), std::make_pair(2, 1));
  plan.live->SetLive(plan.Id(kOakEntry), J("{'metadata':{'name':'oak','uid':'u-oak'}}"));
  PreparedWrite written = plan.Write(kPotEntry);
  EXPECT_EQ(Sent(written.main.body), List{"oak=u-oak"});
  EXPECT_TRUE(written.dropped_owners.empty());
}

// The garbage collector deletes what a deleted owner had: the object must not go with it.
TEST_F(OwnersTest, AnOwnerThatIsBeingDeletedIsLeftOut) {
  std::string uid = cluster.Put(
      kOakEntry, J("{'kind':'Plant','metadata':{'name':'oak',"
                   "'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['x/y']}}"));
  std::string reference =
      "{'apiVersion':'x.io/v1','kind':'Plant','name':'oak','uid':'" + uid + "'}";
  cluster.Put(kPotEntry, Owned("Pot", "pot", reference, ",'data':1"));
  cluster.objects.at(kPotEntry).text =
      json::SetPath(cluster.objects.at(kPotEntry).text, {"metadata", "namespace"}, "\"n\"");
  Planned plan = MakePlan({{kPotEntry, Owned("Pot", "pot", reference, ",'data':1")}}, cluster);
  EXPECT_EQ(plan.At(kPotEntry).reason, ActionReason::kOwnersDiffer);
  PreparedWrite written = plan.Write(kPotEntry);
  EXPECT_EQ(Sent(written.main.body), List{});
  ASSERT_EQ(written.dropped_owners.size(), 1u);
  EXPECT_NE(written.dropped_owners[0].find("is being deleted"), std::string::npos);
}

TEST_F(OwnersTest, WhatAFailedOwnerLeavesIsWrittenWithoutIt) {
  Planned plan = MakePlan({{kPotEntry, Owned("Pot", "pot", Ref("x.io/v1", "Plant", "oak"))},
                           {kOakEntry, Plain("Plant", "oak")}},
                          cluster);
  PreparedWrite written = plan.Write(kPotEntry);  // oak was never created
  EXPECT_EQ(Sent(written.main.body), List{});
  ASSERT_EQ(written.dropped_owners.size(), 1u);
  EXPECT_NE(written.dropped_owners[0].find("plants.x.io oak"), std::string::npos);
}

TEST_F(OwnersTest, AnotherVersionOfTheOwnerIsTheSameOwner) {
  std::string uid = cluster.Put(kOakEntry, Plain("Plant", "oak"));
  Planned plan = MakePlan({{kPotEntry, Owned("Pot", "pot", Ref("x.io/v9", "Plant", "oak"))},
                           {kOakEntry, Plain("Plant", "oak")}},
                          cluster);
  EXPECT_EQ(Sent(plan.Write(kPotEntry).main.body), List{"oak=" + uid});
}

TEST_F(OwnersTest, AnOwnerOutsideTheArchiveIsTakenFromTheCluster) {
  std::string uid =
      cluster.Put("clusterroles.rbac.authorization.k8s.io#v1/cr.json", Plain("ClusterRole", "cr"));
  std::string local =
      cluster.Put("configmaps.#v1/n/cm.json", J("{'metadata':{'name':'cm','namespace':'n'}}"));
  std::string refs = Ref("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "cr") + "," +
                     Ref("v1", "ConfigMap", "cm") + "," + Ref("v1", "ConfigMap", "lost") + "," +
                     Ref("v1", "Nonsense", "x") + ",{'kind':'Pot','name':'p'}";
  Planned plan = MakePlan({{kPotEntry, Owned("Pot", "pot", refs)}}, cluster);
  PreparedWrite written = plan.Write(kPotEntry);
  EXPECT_EQ(Sent(written.main.body), (List{"cr=" + uid, "cm=" + local}));
  ASSERT_EQ(written.dropped_owners.size(), 3u);
  EXPECT_NE(written.dropped_owners[0].find("neither in the archive nor in the cluster"),
            std::string::npos);
  EXPECT_NE(written.dropped_owners[1].find("does not have"), std::string::npos);
  EXPECT_NE(written.dropped_owners[2].find("owner reference 5"), std::string::npos);
}

TEST_F(OwnersTest, ManyOwnersOfOneTypeAreFoundByOneList) {
  std::string refs;
  for (int i = 0; i < 40; ++i) {
    std::string name = "cr" + std::to_string(i);
    cluster.Put("clusterroles.rbac.authorization.k8s.io#v1/" + name + ".json",
                Plain("ClusterRole", name));
    refs += (i ? "," : "") + Ref("rbac.authorization.k8s.io/v1", "ClusterRole", name);
  }
  Planned plan = MakePlan({{kPotEntry, Owned("Pot", "pot", refs)}}, cluster);
  EXPECT_EQ(Sent(plan.Write(kPotEntry).main.body).size(), 40u);
  EXPECT_EQ(cluster.gets, 0);
}

TEST_F(OwnersTest, RolesHoldNothingAlone) {
  std::string role = Ref("management.cattle.io/v3", "GlobalRole", "g");
  Entries entries = {{"globalroles.management.cattle.io#v3/g.json", Plain("GlobalRole", "g")},
                     {kOakEntry, Owned("Plant", "oak", role)},
                     {"plants.x.io#v1/elm.json",
                      Owned("Plant", "elm", role + "," + Ref("x.io/v1", "Plant", "oak"))}};
  std::string g =
      cluster.Put("globalroles.management.cattle.io#v3/g.json", Plain("GlobalRole", "g"));
  std::string oak = cluster.Put(kOakEntry, Plain("Plant", "oak"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(Sent(plan.Write(kOakEntry).main.body), List{});
  EXPECT_EQ(plan.Kind(kOakEntry), ActionKind::kNothing) << "it is live without the reference";
  EXPECT_EQ(Sent(plan.Write("plants.x.io#v1/elm.json").main.body), (List{"g=" + g, "oak=" + oak}));
}

// Restoring what was just backed up writes nothing, also where a rule would change what is written.
TEST_F(OwnersTest, WhatALiveObjectStillHasIsNoReasonToWrite) {
  std::string g =
      cluster.Put("globalroles.management.cattle.io#v3/g.json", Plain("GlobalRole", "g"));
  auto owned = [](const std::string& name, const std::string& api, const std::string& kind,
                  const std::string& owner, const std::string& uid) {
    return J("{'kind':'Plant','metadata':{'name':'" + name +
             "','ownerReferences':[{'apiVersion':'" + api + "','kind':'" + kind + "','name':'" +
             owner + "','uid':'" + uid + "'}]}}");
  };
  auto plan = [&](const std::string& text) {
    cluster.Put(kOakEntry, text);
    return MakePlan({{kOakEntry, text},
                     {"globalroles.management.cattle.io#v3/g.json", Plain("GlobalRole", "g")}},
                    cluster)
        .Kind(kOakEntry);
  };
  EXPECT_EQ(plan(owned("oak", "management.cattle.io/v3", "GlobalRole", "g", g)),
            ActionKind::kNothing);
  EXPECT_EQ(plan(owned("oak", "management.cattle.io/v3", "GlobalRole", "g", "older")),
            ActionKind::kUpdate);
  EXPECT_EQ(plan(owned("oak", "nonsense", "Nodes", "n", "any")), ActionKind::kNothing);
  EXPECT_EQ(plan(owned("oak", "v1", "ConfigMap", "cm", "any")), ActionKind::kNothing);
  // An owner that is gone would take the object with it.
  EXPECT_EQ(plan(owned("oak", "x.io/v1", "Plant", "gone", "any")), ActionKind::kUpdate);
}

TEST_F(OwnersTest, ABuiltInRoleThatIsNotThereIsDroppedAloneOfTwo) {
  Entries entries = {
      {"globalroles.management.cattle.io#v3/g.json", Plain("GlobalRole", "g", ",'builtin':true")},
      {kPotEntry, Owned("Pot", "pot",
                        Ref("management.cattle.io/v3", "GlobalRole", "g") + "," +
                            Ref("v1", "ConfigMap", "cm"))}};
  std::string uid =
      cluster.Put("configmaps.#v1/n/cm.json", J("{'metadata':{'name':'cm','namespace':'n'}}"));
  Planned plan = MakePlan(entries, cluster);
  PreparedWrite written = plan.Write(kPotEntry);
  EXPECT_EQ(Sent(written.main.body), List{"cm=" + uid});
  ASSERT_EQ(written.dropped_owners.size(), 1u);
  EXPECT_NE(written.dropped_owners[0].find("never restored"), std::string::npos);
}

TEST_F(OwnersTest, ASkippedOwnerThatIsLiveGivesItsUid) {
  std::string path = "deployments.apps#v1/cattle-system/rancher.json";
  Entries entries = {{path, Plain("Deployment", "rancher")},
                     {"configmaps.#v1/cattle-system/a.json",
                      Owned("ConfigMap", "a", Ref("apps/v1", "Deployment", "rancher"))}};
  EXPECT_EQ(Sent(MakePlan(entries, cluster).Write("configmaps.#v1/cattle-system/a.json").main.body),
            List{});
  std::string uid =
      cluster.Put(path, J("{'metadata':{'name':'rancher','namespace':'cattle-system'}}"));
  EXPECT_EQ(Sent(MakePlan(entries, cluster).Write("configmaps.#v1/cattle-system/a.json").main.body),
            List{"rancher=" + uid});
}

TEST_F(OwnersTest, ANamespacedOwnerOfAClusterScopedObjectIsDropped) {
  Entries entries = {{kOakEntry, Owned("Plant", "oak", Ref("v1", "ConfigMap", "a"))},
                     {"plants.x.io#v1/elm.json", Owned("Plant", "elm", Ref("v1", "Secret", "s"))},
                     {"configmaps.#v1/n/a.json", Plain("ConfigMap", "a")}};
  Planned plan = MakePlan(entries, cluster);
  for (const char* path : {kOakEntry, "plants.x.io#v1/elm.json"}) {
    PreparedWrite written = plan.Write(path);
    EXPECT_EQ(Sent(written.main.body), List{});
    ASSERT_EQ(written.dropped_owners.size(), 1u);
    EXPECT_NE(written.dropped_owners[0].find("is namespaced"), std::string::npos);
  }
}

TEST_F(OwnersTest, CirclesArePatchedInAfterwards) {
  Entries entries = {{"pots.x.io#v1/n/a.json", Owned("Pot", "a", Ref("x.io/v1", "Pot", "b"))},
                     {"pots.x.io#v1/n/b.json", Owned("Pot", "b", Ref("x.io/v1", "Pot", "a"))},
                     {"pots.x.io#v1/n/c.json", Owned("Pot", "c", Ref("x.io/v1", "Pot", "b"))}};
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.plan->deferred(), (std::vector<ObjectId>{0, 1}));
  EXPECT_TRUE(plan.At("pots.x.io#v1/n/a.json").deferred_owners);
  PreparedWrite first = plan.Write("pots.x.io#v1/n/a.json");
  EXPECT_EQ(Sent(first.main.body), List{});
  EXPECT_TRUE(first.dropped_owners.empty()) << "they come later";
  EXPECT_EQ(plan.Place("pots.x.io#v1/n/c.json").second, 1);
  for (const char* name : {"a", "b"})
    plan.live->SetLive(plan.Id("pots.x.io#v1/n/" + std::string(name) + ".json"),
                       J("{'metadata':{'uid':'u-" + std::string(name) + "'}}"));
  auto patch = DeferredOwnersPatch(*plan.index, *plan.live, *plan.plan, 0);
  ASSERT_TRUE(patch);
  EXPECT_EQ(*patch, J("{'metadata':{'ownerReferences':[{'apiVersion':'x.io/v1','kind':'Pot',"
                      "'name':'b','uid':'u-b'}]}}"));
}

TEST_F(OwnersTest, ACrdOwnedByALaterObjectIsPatchedToo) {
  std::string crd = "customresourcedefinitions.apiextensions.k8s.io#v1/a.y.io.json";
  Entries entries = {{crd, Owned("CustomResourceDefinition", "a.y.io",
                                 Ref("x.io/v1", "Plant", "oak"), ",'spec':{'versions':[]}")},
                     {kOakEntry, Plain("Plant", "oak")}};
  Planned plan = MakePlan(entries, cluster);
  EXPECT_TRUE(plan.At(crd).deferred_owners);
}

TEST_F(OwnersTest, LiveReferencesMustBeTheArchivedOnesWithLiveUids) {
  std::string oak = cluster.Put(kOakEntry, Plain("Plant", "oak"));
  Entries entries = {{kPotEntry, Owned("Pot", "pot", Ref("x.io/v1", "Plant", "oak"))},
                     {kOakEntry, Plain("Plant", "oak")}};
  auto live = [&](const std::string& uid, const std::string& more = "") {
    cluster.Put(kPotEntry,
                J("{'metadata':{'name':'pot','namespace':'n','ownerReferences':["
                  "{'uid':'" +
                  uid + "','apiVersion':'x.io/v1','name':'oak','kind':'Plant'" + more + "}]}}"));
    return MakePlan(entries, cluster).At(kPotEntry);
  };
  EXPECT_EQ(live(oak).kind, ActionKind::kNothing);
  EXPECT_EQ(live("another").reason, ActionReason::kOwnersDiffer);
  EXPECT_EQ(live(oak, ",'controller':true").reason, ActionReason::kOwnersDiffer);
  cluster.Put(kPotEntry, J("{'metadata':{'name':'pot','namespace':'n'}}"));
  EXPECT_EQ(MakePlan(entries, cluster).At(kPotEntry).reason, ActionReason::kOwnersDiffer);
  // A live owner that the archive's object does not have goes.
  cluster.Put(kOakEntry, Plain("Plant", "oak"));
  Entries without = {{kPotEntry, Plain("Pot", "pot")}};
  EXPECT_EQ(MakePlan(without, cluster).At(kPotEntry).kind, ActionKind::kNothing);
  live(oak);
  EXPECT_EQ(MakePlan(without, cluster).At(kPotEntry).reason, ActionReason::kOwnersDiffer);
}

TEST_F(OwnersTest, AReferenceThatIsDroppedIsNoDifferenceForEver) {
  Entries entries = {{kPotEntry, Owned("Pot", "pot", Ref("v1", "ConfigMap", "lost"))}};
  cluster.Put(kPotEntry, J("{'metadata':{'name':'pot','namespace':'n'}}"));
  EXPECT_TRUE(MakePlan(entries, cluster).plan->empty());
}

const char* const kToken = "secrets.#v1/n/token.json";
const char* const kRobot = "serviceaccounts.#v1/n/robot.json";
std::string Token(const std::string& uid, const std::string& ns = "") {
  return J(
      "{'kind':'Secret','type':'kubernetes.io/service-account-token','metadata':{'name':'token'" +
      (ns.empty() ? "" : ",'namespace':'" + ns + "'") +
      ",'annotations':{'kubernetes.io/service-account.name':'robot',"
      "'kubernetes.io/service-account.uid':'" +
      uid + "'}}}");
}

TEST_F(OwnersTest, ATokenFollowsItsAccount) {
  Entries entries = {{kToken, Token("old")}, {kRobot, Plain("ServiceAccount", "robot")}};
  Planned fresh = MakePlan(entries, cluster);
  EXPECT_GT(fresh.Place(kToken), fresh.Place(kRobot));
  std::string uid = cluster.Put(kRobot, J("{'metadata':{'name':'robot','namespace':'n'}}"));
  cluster.Put(kToken, Token("old", "n"));
  Planned stale = MakePlan(entries, cluster);
  EXPECT_EQ(stale.At(kToken).reason, ActionReason::kOwnersDiffer);
  EXPECT_EQ(json::FindString(stale.Write(kToken).main.body,
                             {"metadata", "annotations", "kubernetes.io/service-account.uid"}),
            uid);
  cluster.Put(kToken, Token(uid, "n"));
  EXPECT_TRUE(MakePlan(entries, cluster).plan->empty());
}

TEST_F(OwnersTest, ATokenWithoutAnAccountStaysAsArchivedAndIsReported) {
  Planned plan = MakePlan({{kToken, Token("old")}}, cluster);
  EXPECT_EQ(json::FindString(plan.Write(kToken).main.body,
                             {"metadata", "annotations", "kubernetes.io/service-account.uid"}),
            "old");
  List notes;
  plan.plan->ForEachNote([&](ObjectId, const std::string& note) { notes.push_back(note); });
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("ServiceAccount robot"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::restore
