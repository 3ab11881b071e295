// What prune deletes, and what it never does (D16).
#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

using List = std::vector<std::string>;

std::string Named(const std::string& name, const std::string& ns = "",
                  const std::string& meta = "") {
  return J("{'metadata':{'name':'" + name + "'" + (ns.empty() ? "" : ",'namespace':'" + ns + "'") +
           meta + "}}");
}

const char* const kAll = R"(
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: all}
resourceSelectors:
- {apiVersion: v1, kindsRegexp: .}
- {apiVersion: x.io/v1, kindsRegexp: .}
- {apiVersion: apiextensions.k8s.io/v1, kindsRegexp: .}
- {apiVersion: coordination.k8s.io/v1, kindsRegexp: .}
)";

struct PlanPruneTest : ::testing::Test {
  void SetUp() override {
    cluster.AddUsualTypes();
    cluster.AddType("coordination.k8s.io", "v1", "leases", "Lease", true);
    cluster.AddType("", "v1", "persistentvolumes", "PersistentVolume", false, true);
    cluster.AddType("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, true);
    options.prune = true;
    // Of every selected type the archive has one.
    for (const char* path :
         {"namespaces.#v1/n.json", "secrets.#v1/n/keep.json", "configmaps.#v1/n/keep.json",
          "serviceaccounts.#v1/n/keep.json", "plants.x.io#v1/keep.json", "pots.x.io#v1/n/keep.json",
          "leases.coordination.k8s.io#v1/n/keep.json"})
      Archive(path);
    entries.push_back({"customresourcedefinitions.apiextensions.k8s.io#v1/plants.x.io.json",
                       J("{'metadata':{'name':'plants.x.io'},'spec':{'versions':[]}}")});
  }
  void Archive(const std::string& path) {
    auto name = archive::EntryName::Parse(path);
    entries.push_back({path, Named(name->name)});
  }
  // A live object with the given owners, {apiVersion, kind, name, uid} in JSON.
  std::string Extra(const std::string& path, const std::string& owners = "",
                    const std::string& more = "") {
    auto name = archive::EntryName::Parse(path);
    std::string text =
        Named(name->name, name->ns, owners.empty() ? "" : ",'ownerReferences':[" + owners + "]");
    if (!more.empty()) text.insert(text.size() - 1, J("," + more));
    return cluster.Put(path, text);
  }
  static std::string Owner(const std::string& kind, const std::string& name,
                           const std::string& uid) {
    return "{'apiVersion':'x.io/v1','kind':'" + kind + "','name':'" + name + "','uid':'" + uid +
           "'}";
  }
  Planned Build() { return MakePlan(entries, cluster, options, kAll); }

  FakeCluster cluster;
  Entries entries;
  PlanOptions options;
};

TEST_F(PlanPruneTest, DeletesWhatIsSelectedAndNotArchived) {
  Extra("configmaps.#v1/n/extra.json");
  Extra("namespaces.#v1/gone.json");
  Extra("clusterroles.rbac.authorization.k8s.io#v1/unselected.json");
  cluster.Put("configmaps.#v1/n/keep.json", Named("keep", "n"));
  EXPECT_EQ(Build().Deleted(), (List{"configmaps n/extra", "namespaces gone"}));
  options.prune = false;
  EXPECT_EQ(Build().Deleted(), List{});
}

TEST_F(PlanPruneTest, SkippedEntriesCountAsPresent) {
  entries.push_back(
      {"secrets.#v1/n/values.json", J("{'type':'fleet.cattle.io/cluster-registration-values',"
                                      "'metadata':{'name':'values'}}")});
  Extra("secrets.#v1/n/values.json");
  EXPECT_EQ(Build().Deleted(), List{});
}

TEST_F(PlanPruneTest, TheSameObjectInAnotherVersionIsPresent) {
  cluster.AddType("x.io", "v1alpha1", "plants", "Plant", false, true);
  entries.push_back({"plants.x.io#v1alpha1/oak.json", Named("oak")});
  Extra("plants.x.io#v1/oak.json");
  EXPECT_EQ(Build().Deleted(), List{});
}

struct NeverPruned {
  const char* name;
  const char* path;
  const char* more;
};
class Never : public PlanPruneTest, public ::testing::WithParamInterface<NeverPruned> {};

TEST_F(PlanPruneTest, VolumesArePrunedWhereThatIsAskedFor) {
  Extra("persistentvolumes.#v1/v.json");
  Extra("persistentvolumeclaims.#v1/n/c.json");
  options.allow_missing_types = true;
  EXPECT_EQ(Build().Deleted(), List{});
  options.prune_volumes = true;
  EXPECT_EQ(Build().Deleted().size(), 2u);
}

TEST_F(PlanPruneTest, ANamespaceWithClaimsIsKept) {
  Extra("namespaces.#v1/with.json");
  Extra("namespaces.#v1/without.json");
  options.namespaces_with_claims = {"with"};
  EXPECT_EQ(Build().Deleted().size(), 1u);
  options.prune_volumes = true;
  EXPECT_EQ(Build().Deleted().size(), 2u);
}

TEST_P(Never, IsKeptWithAReason) {
  options.service_account = "ops/robot";
  options.keep = {"secrets.#v1/n/run-key.json"};
  Extra(GetParam().path, "", GetParam().more);
  Planned plan = Build();
  EXPECT_EQ(plan.Deleted(), List{});
  ASSERT_EQ(plan.plan->kept().size(), 1u);
  EXPECT_FALSE(plan.plan->kept()[0].reason.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, Never,
    ::testing::Values(
        NeverPruned{"Volume", "persistentvolumes.#v1/v.json", ""},
        NeverPruned{"Claim", "persistentvolumeclaims.#v1/n/c.json", ""},
        NeverPruned{"OperatorNamespace", "namespaces.#v1/cattle-resources-system.json", ""},
        NeverPruned{"InOperatorNamespace", "secrets.#v1/cattle-resources-system/s3.json", ""},
        NeverPruned{"Lease",
                    "leases.coordination.k8s.io#v1/cattle-resources-system/restore-controller.json",
                    ""},
        NeverPruned{"KubeNamespace", "namespaces.#v1/kube-system.json", ""},
        NeverPruned{"DefaultNamespace", "namespaces.#v1/default.json", ""},
        NeverPruned{"InKubeNamespace", "configmaps.#v1/kube-public/cluster-info.json", ""},
        NeverPruned{"BackupCrd",
                    "customresourcedefinitions.apiextensions.k8s.io#v1/"
                    "backups.resources.cattle.io.json",
                    ""},
        NeverPruned{"RestoreCrd",
                    "customresourcedefinitions.apiextensions.k8s.io#v1/"
                    "restores.resources.cattle.io.json",
                    ""},
        NeverPruned{"ResourceSetCrd",
                    "customresourcedefinitions.apiextensions.k8s.io#v1/"
                    "resourcesets.resources.cattle.io.json",
                    ""},
        NeverPruned{"CrdOfArchivedObjects",
                    "customresourcedefinitions.apiextensions.k8s.io#v1/pots.x.io.json", ""},
        NeverPruned{"OwnAccount", "serviceaccounts.#v1/ops/robot.json", ""},
        NeverPruned{"OwnToken", "secrets.#v1/ops/robot-token.json",
                    "'type':'kubernetes.io/service-account-token'"},
        NeverPruned{"UsedByTheRun", "secrets.#v1/n/run-key.json", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(PlanPruneTest, ANamespaceWithArchivedObjectsStays) {
  std::erase_if(entries, [](const auto& entry) { return entry.first == "namespaces.#v1/n.json"; });
  entries.push_back({"namespaces.#v1/m.json", Named("m")});
  Extra("namespaces.#v1/n.json");
  Extra("namespaces.#v1/empty.json");
  EXPECT_EQ(Build().Deleted(), List{"namespaces empty"});
}

// Deleting a Namespace, a CRD or an owner deletes what is in it, of it, or owned by it.
TEST_F(PlanPruneTest, WhatHoldsAKeptObjectStays) {
  options.keep = {"secrets.#v1/creds/s3.json", "plants.x.io#v1/kept.json"};
  Extra("namespaces.#v1/creds.json");
  std::string grandparent = Extra("plants.x.io#v1/grandparent.json");
  std::string parent =
      Extra("plants.x.io#v1/parent.json", Owner("Plant", "grandparent", grandparent));
  Extra("secrets.#v1/creds/s3.json", Owner("Plant", "parent", parent));
  Extra("configmaps.#v1/creds/other.json");
  Extra("namespaces.#v1/empty.json");
  EXPECT_EQ(Build().Deleted(), (List{"configmaps creds/other", "namespaces empty"}));

  // Once the Secret is not kept, all of it goes.
  options.keep.clear();
  EXPECT_EQ(Build().Deleted().size(), 6u);
}

TEST_F(PlanPruneTest, ACrdStaysWhileAnObjectOfItStays) {
  cluster.AddType("y.io", "v1", "rocks", "Rock", false);
  options.keep = {"rocks.y.io#v1/kept.json"};
  options.allow_missing_types = true;
  Extra("customresourcedefinitions.apiextensions.k8s.io#v1/rocks.y.io.json");
  Extra("rocks.y.io#v1/kept.json");
  Extra("rocks.y.io#v1/other.json");
  std::string set = std::string(kAll) + "- {apiVersion: y.io/v1, kindsRegexp: .}\n";
  EXPECT_EQ(MakePlan(entries, cluster, options, set).Deleted(), List{"rocks.y.io other"});
}

TEST_F(PlanPruneTest, MoreDeletesThanTheLimitAreNamed) {
  for (int i = 0; i < 12; ++i) Extra("configmaps.#v1/n/extra" + std::to_string(i) + ".json");
  Planned plan = Build();  // 12 of 12 in the cluster: the archive's objects are not there
  EXPECT_EQ(plan.Deleted().size(), 12u);
  EXPECT_EQ(plan.plan->too_many_deletes(),
            "prune would delete 12 of 12 objects, and the limit is 20 %");
  for (const char* enough : {"12", "100%"}) {
    options.max_deletes = *ParseDeleteLimit(enough);
    EXPECT_EQ(Build().plan->too_many_deletes(), "") << enough;
  }
  for (const char* less : {"11", "99%", "0", "0%"}) {
    options.max_deletes = *ParseDeleteLimit(less);
    EXPECT_NE(Build().plan->too_many_deletes(), "") << less;
  }
  // Ten may always go, unless a limit was given.
  options.max_deletes = {};
  cluster.objects.erase("configmaps.#v1/n/extra0.json");
  cluster.objects.erase("configmaps.#v1/n/extra1.json");
  EXPECT_EQ(Build().plan->too_many_deletes(), "");
}

TEST(DeleteLimit, IsANumberOrAPercentage) {
  EXPECT_EQ(ParseDeleteLimit("25")->Most(7), 25u);
  EXPECT_EQ(ParseDeleteLimit("10%")->Most(95), 9u);
  EXPECT_EQ(ParseDeleteLimit("100%")->Most(UINT64_MAX), UINT64_MAX / 100 * 100);
  EXPECT_EQ(DeleteLimit{}.Most(1000), 200u);
  EXPECT_EQ(DeleteLimit{}.Most(3), 10u);
  for (const char* bad : {"", "%", "-1", "101%", "1.5", "1 %", "ten", "99999999999999999999"})
    EXPECT_FALSE(ParseDeleteLimit(bad)) << bad;
}

TEST_F(PlanPruneTest, OthersAccountsAndSecretsAreNotProtected) {
  options.service_account = "ops/robot";
  Extra("serviceaccounts.#v1/ops/other.json");
  Extra("secrets.#v1/ops/ordinary.json");
  Extra("namespaces.#v1/kubernetes.json");
  Extra("configmaps.#v1/kubeflow/ordinary.json");
  EXPECT_EQ(Build().Deleted().size(), 4u);
}

TEST_F(PlanPruneTest, ADeleteIsAChangeWithWhichIncrementsGo) {
  const char* path = "clusters.management.cattle.io#v3/m.json";
  entries.push_back({path, Named("m")});
  for (const auto& [entry, text] : entries) {
    if (entry != path)
      Extra(entry, "", entry.starts_with("custom") ? "'spec':{'versions':[]}" : "");
  }
  cluster.Put(path, Named("m"));
  EXPECT_EQ(Build().Kind(path), ActionKind::kNothing);
  Extra("configmaps.#v1/n/extra.json");
  EXPECT_EQ(Build().At(path).reason, ActionReason::kIncrement);
}

TEST_F(PlanPruneTest, WhatALiveKeptObjectOwnsStays) {
  std::string keep = Extra("plants.x.io#v1/keep.json");  // of the archive
  std::string child = Extra("plants.x.io#v1/child.json", Owner("Plant", "keep", keep));
  Extra("plants.x.io#v1/grandchild.json", Owner("Plant", "child", child));
  std::string lost = Extra("plants.x.io#v1/lost.json");
  Extra("plants.x.io#v1/lostchild.json", Owner("Plant", "lost", lost));
  Extra("plants.x.io#v1/dangling.json", Owner("Plant", "keep", "an-older-uid"));
  EXPECT_EQ(Build().Deleted(),
            (List{"plants.x.io dangling", "plants.x.io lost", "plants.x.io lostchild"}));
}

TEST_F(PlanPruneTest, AnOwnerThatIsNotSelectedStaysAndKeepsWhatItOwns) {
  std::string role = Extra("clusterroles.rbac.authorization.k8s.io#v1/cr.json");
  std::string owner =
      "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRole','name':'cr',"
      "'uid':'" +
      role + "'}";
  std::string stale =
      "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRole','name':'cr',"
      "'uid':'before'}";
  Extra("plants.x.io#v1/held.json", owner);
  Extra("plants.x.io#v1/stale.json", stale);
  EXPECT_EQ(Build().Deleted(), List{"plants.x.io stale"});
}

TEST_F(PlanPruneTest, RefusesWhenTheArchiveLacksAWholeType) {
  std::erase_if(entries, [](const auto& entry) { return entry.first.starts_with("pots."); });
  Extra("pots.x.io#v1/n/pot.json");
  Extra("configmaps.#v1/n/extra.json");
  Planned plan = Build();
  EXPECT_EQ(plan.Deleted(), List{});
  ASSERT_EQ(plan.plan->prune_refusals().size(), 1u);
  EXPECT_NE(plan.plan->prune_refusals()[0].find("pots.x.io"), std::string::npos);
  options.allow_missing_types = true;
  EXPECT_EQ(Build().Deleted().size(), 2u);
}

TEST_F(PlanPruneTest, ATypeOfWhichAllIsProtectedIsNoReasonToRefuse) {
  std::erase_if(entries, [](const auto& entry) { return entry.first.starts_with("leases."); });
  Extra("leases.coordination.k8s.io#v1/kube-node-lease/node.json");
  EXPECT_TRUE(Build().plan->prune_refusals().empty());
}

TEST_F(PlanPruneTest, WhatGoesByItselfIsNotDeletedAgain) {
  const std::string dying = ",'deletionTimestamp':'2026-01-01T00:00:00Z'";
  auto put = [&](const std::string& path, const std::string& meta) {
    auto name = archive::EntryName::Parse(path);
    return cluster.Put(path, Named(name->name, name->ns, meta));
  };
  std::string going = put("plants.x.io#v1/going.json", dying);
  put("plants.x.io#v1/cleaned.json",
      dying + ",'finalizers':['customresourcecleanup.apiextensions.k8s.io']");
  Planned plan = Build();
  EXPECT_TRUE(plan.Deleted().empty());
  EXPECT_EQ(plan.plan->counts().del, 0u);
  ASSERT_EQ(plan.plan->kept().size(), 2u);
  EXPECT_TRUE(plan.plan->kept()[0].going && plan.plan->kept()[1].going);
  List lines;
  plan.plan->ForEachLine([&](const PlanLine& line) {
    if (line.object == "plants.x.io going") lines.push_back(line.action + ": " + line.reason);
  });
  EXPECT_EQ(lines, List{"skip: the archive does not have it, but it is being deleted already"});

  // What it owns does not stay with it, and a finalizer is something that prune can remove.
  Extra("plants.x.io#v1/child.json", Owner("Plant", "going", going));
  put("plants.x.io#v1/held.json", dying + ",'finalizers':['x/y']");
  EXPECT_EQ(Build().Deleted(), (List{"plants.x.io child", "plants.x.io held"}));

  // References to it are left out.
  entries.push_back({"pots.x.io#v1/n/pot.json", J("{'metadata':{'name':'pot','ownerReferences':[" +
                                                  Owner("Plant", "going", "old") + "]}}")});
  EXPECT_EQ(Build().Write("pots.x.io#v1/n/pot.json").dropped_owners.size(), 1u);

  // Nor is it a reason to refuse.
  std::erase_if(entries, [](const auto& entry) { return entry.first.starts_with("leases."); });
  put("leases.coordination.k8s.io#v1/n/going.json", dying);
  EXPECT_TRUE(Build().plan->prune_refusals().empty());
}

TEST_F(PlanPruneTest, AReferenceToAPrunedOwnerIsLeftOut) {
  std::string doomed = Extra("plants.x.io#v1/doomed.json");
  entries.push_back({"pots.x.io#v1/n/pot.json", J("{'metadata':{'name':'pot','ownerReferences':[" +
                                                  Owner("Plant", "doomed", "old") + "]}}")});
  Planned plan = Build();
  EXPECT_EQ(plan.Deleted(), List{"plants.x.io doomed"});
  PreparedWrite written = plan.Write("pots.x.io#v1/n/pot.json");
  ASSERT_EQ(written.dropped_owners.size(), 1u);
  EXPECT_NE(written.dropped_owners[0].find("pruned"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::restore
