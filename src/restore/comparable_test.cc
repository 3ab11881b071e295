#include "restore/comparable.h"

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

bool Same(Special special, const std::string& a, const std::string& b) {
  return MainForm(special, J(a)) == MainForm(special, J(b));
}

TEST(MainForm, LeavesOutWhatTheServerOwns) {
  EXPECT_TRUE(Same(Special::kNone,
                   "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'n',"
                   "'uid':'1','resourceVersion':'2','creationTimestamp':'x','generation':3,"
                   "'managedFields':[{}],'selfLink':'/','deletionTimestamp':'y',"
                   "'deletionGracePeriodSeconds':30,'ownerReferences':[{'name':'o'}]},"
                   "'status':{'a':1},'data':{'k':'v'}}",
                   "{'data':{'k':'v'},'metadata':{}}"));
}

TEST(MainForm, KeepsEverythingElse) {
  const char* base = "{'metadata':{'labels':{'a':'b'}},'data':{'k':'v'}}";
  EXPECT_FALSE(Same(Special::kNone, base, "{'metadata':{'labels':{'a':'c'}},'data':{'k':'v'}}"));
  EXPECT_FALSE(Same(Special::kNone, base, "{'metadata':{},'data':{'k':'v'}}"));
  EXPECT_FALSE(Same(Special::kNone, base,
                    "{'metadata':{'labels':{'a':'b'},'finalizers':['f']},'data':{'k':'v'}}"));
  EXPECT_FALSE(Same(Special::kNone, base, "{'metadata':{'labels':{'a':'b'}},'data':{}}"));
  EXPECT_FALSE(Same(Special::kNone, "{'metadata':{},'spec':{}}", "{'metadata':{}}"));
  // uid and generation count below metadata only.
  EXPECT_FALSE(Same(Special::kNone, "{'spec':{'uid':'1'}}", "{'spec':{'uid':'2'}}"));
}

TEST(MainForm, NumbersCountAsText) {
  EXPECT_FALSE(Same(Special::kNone, "{'n':9007199254740993}", "{'n':9007199254740992}"));
  EXPECT_FALSE(Same(Special::kNone, "{'n':1}", "{'n':1.0}"));
  EXPECT_TRUE(Same(Special::kNone, "{'n':1,'m':2}", "{'m':2, 'n':1}"));
}

TEST(MainForm, EmptyMetadataMembersAreNotStored) {
  EXPECT_TRUE(Same(Special::kNone, "{'metadata':{'labels':{},'annotations':null,'finalizers':[]}}",
                   "{'metadata':{}}"));
}

struct LeftOut {
  const char* name;
  Special special;
  const char* archived;
  const char* live;
  const char* different;  // must not be equal to `archived`
};

class LeftOutByType : public ::testing::TestWithParam<LeftOut> {};

TEST_P(LeftOutByType, ComparesEqual) {
  const LeftOut& row = GetParam();
  EXPECT_TRUE(Same(row.special, row.archived, row.live));
  EXPECT_FALSE(Same(Special::kNone, row.archived, row.live)) << "the rule does nothing";
  EXPECT_FALSE(Same(row.special, row.archived, row.different));
}

INSTANTIATE_TEST_SUITE_P(
    All, LeftOutByType,
    ::testing::Values(
        LeftOut{"FleetGeneration", Special::kFleetCluster,
                "{'metadata':{},'spec':{'redeployAgentGeneration':7,'x':1}}",
                "{'metadata':{},'spec':{'redeployAgentGeneration':8,'x':1}}",
                "{'metadata':{},'spec':{'redeployAgentGeneration':7,'x':2}}"},
        LeftOut{"FleetSpecMade", Special::kFleetCluster, "{'metadata':{}}",
                "{'metadata':{},'spec':{'redeployAgentGeneration':1}}",
                "{'metadata':{},'spec':{'other':1}}"},
        LeftOut{"ProvisioningGeneration", Special::kProvisioningCluster,
                "{'metadata':{},'spec':{}}",
                "{'metadata':{},'spec':{'redeploySystemAgentGeneration':1}}",
                "{'metadata':{},'spec':{'redeployAgentGeneration':1}}"},
        LeftOut{"ManagementAnnotation", Special::kManagementCluster, "{'metadata':{}}",
                "{'metadata':{'annotations':{'io.cattle.agent.force.deploy':'true'}}}",
                "{'metadata':{'annotations':{'other':'true'}}}"},
        LeftOut{"AccountSecrets", Special::kServiceAccount,
                "{'metadata':{},'secrets':[{'name':'t'}]}", "{'metadata':{}}",
                "{'metadata':{},'imagePullSecrets':[{'name':'t'}]}"},
        LeftOut{"NamespaceFinalizers", Special::kNamespace,
                "{'metadata':{},'spec':{'finalizers':['kubernetes']}}", "{'metadata':{}}",
                "{'metadata':{'finalizers':['kubernetes']}}"},
        LeftOut{"TokenAccountUid", Special::kSecret,
                "{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'1'}},"
                "'type':'kubernetes.io/service-account-token'}",
                "{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'2'}},"
                "'type':'kubernetes.io/service-account-token'}",
                "{'metadata':{},'type':'Opaque'}"},
        LeftOut{"DeploymentRevision", Special::kDeployment,
                "{'metadata':{'annotations':{'deployment.kubernetes.io/revision':'3'}}}",
                "{'metadata':{'annotations':{'deployment.kubernetes.io/revision':'1'}}}",
                "{'metadata':{'annotations':{'x':'1'}}}"},
        LeftOut{"DaemonSetGeneration", Special::kDaemonSet,
                "{'metadata':{'annotations':{'deprecated.daemonset.template.generation':'3'}}}",
                "{'metadata':{'annotations':{'deprecated.daemonset.template.generation':'1'}}}",
                "{'metadata':{'annotations':{'x':'1'}}}"},
        LeftOut{"JobUid", Special::kJob,
                "{'metadata':{},'spec':{'selector':{'matchLabels':{'controller-uid':'1'}},"
                "'template':{'metadata':{'labels':{'controller-uid':'1','job-name':'j'}}}}}",
                "{'metadata':{},'spec':{'selector':{'matchLabels':{"
                "'batch.kubernetes.io/controller-uid':'2'}},'template':{'metadata':{'labels':{"
                "'batch.kubernetes.io/controller-uid':'2','batch.kubernetes.io/job-name':'j',"
                "'controller-uid':'2','job-name':'j'}}}}}",
                "{'metadata':{},'spec':{'template':{'metadata':{'labels':{'a':'b'}}}}}"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(MainForm, AnOrdinarySecretKeepsItsUidAnnotation) {
  EXPECT_FALSE(Same(Special::kSecret,
                    "{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'1'}}}",
                    "{'metadata':{}}"));
}

TEST(MainForm, AJobWithASelectorOfItsOwnIsComparedWhole) {
  const char* base =
      "{'spec':{'manualSelector':true,'selector':{'matchLabels':{'controller-uid':'1'}}}}";
  EXPECT_FALSE(
      Same(Special::kJob, base,
           "{'spec':{'manualSelector':true,'selector':{'matchLabels':{'controller-uid':'2'}}}}"));
}

TEST(SpecialOf, ByGroupAndPluralNotByKindAlone) {
  EXPECT_EQ(SpecialOf({"", "v1"}, "secrets"), Special::kSecret);
  EXPECT_EQ(SpecialOf({"x.io", "v1"}, "secrets"), Special::kNone);
  EXPECT_EQ(SpecialOf({"batch", "v1"}, "jobs"), Special::kJob);
  EXPECT_EQ(SpecialOf({"batch.volcano.sh", "v1alpha1"}, "jobs"), Special::kNone);
  EXPECT_EQ(SpecialOf({"x.io", "v1"}, "RoleTemplates"), Special::kRole);
  EXPECT_EQ(SpecialOf({"fleet.cattle.io", "v1alpha1"}, "clusters"), Special::kFleetCluster);
  EXPECT_EQ(SpecialOf({"fleet.cattle.io", "v1"}, "clusters"), Special::kNone);
  EXPECT_EQ(SpecialOf({"provisioning.cattle.io", "v1"}, "clusters"), Special::kProvisioningCluster);
  EXPECT_EQ(SpecialOf({"management.cattle.io", "v3"}, "clusters"), Special::kManagementCluster);
  EXPECT_EQ(SpecialOf({"cluster.x-k8s.io", "v1"}, "clusters"), Special::kNone);
}

TEST(FormsOf, TellsStatusFromNullAndNone) {
  Hasher hasher;
  std::string scratch;
  Forms none = FormsOf(hasher, Special::kNone, J("{'metadata':{}}"), scratch);
  Forms null = FormsOf(hasher, Special::kNone, J("{'metadata':{},'status':null}"), scratch);
  Forms some = FormsOf(hasher, Special::kNone, J("{'metadata':{},'status':{'a':1}}"), scratch);
  Forms same = FormsOf(hasher, Special::kNone, J("{'status':{ 'a' : 1 },'metadata':{}}"), scratch);
  EXPECT_FALSE(none.has_status || none.null_status || null.has_status);
  EXPECT_TRUE(null.null_status && some.has_status);
  EXPECT_EQ(some.status, same.status);
  EXPECT_EQ(none.main, some.main);
  EXPECT_NE(some.status, none.status);
}

TEST(DifferingPaths, NamesPlacesNotValues) {
  auto paths = [](const char* a, const char* b) {
    return DifferingPaths(Special::kNone, J(a), J(b), true, 3);
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(paths("{'spec':{'replicas':1,'a':[{'b':1},{'b':2}]}}",
                  "{'spec':{'replicas':2,'a':[{'b':1},{'b':3}]}}"),
            (List{"spec.a[1].b", "spec.replicas"}));
  EXPECT_EQ(paths("{'metadata':{'labels':{'x.io/a':'1'}}}", "{'metadata':{}}"),
            (List{"metadata.labels"}));
  EXPECT_EQ(
      paths("{'metadata':{'labels':{'x.io/a':'1','b':'c'}}}", "{'metadata':{'labels':{'b':'c'}}}"),
      (List{"metadata.labels[\"x.io/a\"]"}));
  EXPECT_EQ(paths("{'spec':{'a':[1]}}", "{'spec':{'a':[1,2]}}"), (List{"spec.a"}));
  EXPECT_EQ(paths("{'a':1,'b':1,'c':1,'d':1}", "{}"), (List{"a", "b", "c"}));
  EXPECT_EQ(paths("{'status':{'n':1}}", "{'status':{'n':2}}"), (List{"status.n"}));
}

}  // namespace
}  // namespace holdfast::restore
