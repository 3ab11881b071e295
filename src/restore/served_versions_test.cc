#include "restore/served_versions.h"

#include <gmock/gmock.h>

#include "restore/api_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(ServedVersions, WhatMeantSomethingElseIsSpelledOut) {
  kube::GroupVersion v1{"g", "v1"};
  EXPECT_EQ(ToServedVersion(VersionChange::kEmptySelector,
                            J("{'apiVersion':'g/v1beta1','spec':{'selector':{},'n':1}}"), v1),
            J("{'apiVersion':'g/v1','spec':{'n':1}}"));
  EXPECT_EQ(ToServedVersion(VersionChange::kEmptySelector,
                            J("{'apiVersion':'a','spec':{'selector':{'matchLabels':{}}}}"), v1),
            J("{'apiVersion':'g/v1','spec':{'selector':{'matchLabels':{}}}}"));
  EXPECT_EQ(ToServedVersion(VersionChange::kWebhookDefaults,
                            J("{'apiVersion':'a','webhooks':[{'failurePolicy':'Fail'},{}]}"), v1),
            J("{'apiVersion':'g/v1','webhooks':[{'failurePolicy':'Fail','matchPolicy':'Exact',"
              "'timeoutSeconds':30},{'failurePolicy':'Ignore','matchPolicy':'Exact',"
              "'timeoutSeconds':30}]}"));
  EXPECT_EQ(ToServedVersion(VersionChange::kUpdateStrategy, J("{'apiVersion':'a','spec':{}}"), v1),
            J("{'apiVersion':'g/v1','spec':{'updateStrategy':{'type':'OnDelete'}}}"));
  EXPECT_EQ(ToServedVersion(
                VersionChange::kConcurrency,
                J("{'apiVersion':'a','spec':{'limited':{'assuredConcurrencyShares':3}}}"), v1),
            J("{'apiVersion':'g/v1','spec':{'limited':{'nominalConcurrencyShares':3}}}"));
  EXPECT_EQ(ToServedVersion(VersionChange::kNone, "{}", v1), "{}");
}

struct ServedVersionsTest : ::testing::Test {
  ServedVersionsTest() {
    cluster.AddUsualTypes();
    cluster.AddType("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, true);
    cluster.AddType("networking.k8s.io", "v1", "ingresses", "Ingress", true, true);
    cluster.AddType("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true);
  }
  static std::string Object(const std::string& api_version, const std::string& kind,
                            const std::string& more = "") {
    return J("{'apiVersion':'" + api_version + "','kind':'" + kind +
             "','metadata':{'name':'a','namespace':'n'}" + more + "}");
  }
  FakeCluster cluster;
};

TEST_F(ServedVersionsTest, ABuiltInTypeThatMovedIsWrittenWhereItIsServed) {
  Planned plan =
      MakePlan({{"poddisruptionbudgets.policy#v1beta1/n/a.json",
                 Object("policy/v1beta1", "PodDisruptionBudget", ",'spec':{'minAvailable':1}")},
                {"networkpolicies.extensions#v1beta1/n/a.json",
                 Object("extensions/v1beta1", "NetworkPolicy", ",'spec':{}")}},
               cluster);
  EXPECT_EQ(plan.Kind("poddisruptionbudgets.policy#v1beta1/n/a.json"), ActionKind::kCreate);
  EXPECT_THAT(plan.Write("poddisruptionbudgets.policy#v1beta1/n/a.json").main.body,
              HasSubstr(J("'apiVersion':'policy/v1'")));
  EXPECT_THAT(plan.Write("networkpolicies.extensions#v1beta1/n/a.json").main.body,
              HasSubstr(J("'apiVersion':'networking.k8s.io/v1'")));
  EXPECT_THAT(plan.types->ChangedVersions(*plan.index),
              UnorderedElementsAre("networkpolicies.extensions are written as networking.k8s.io/v1 "
                                   "(archive: extensions/v1beta1)",
                                   "poddisruptionbudgets.policy are written as policy/v1 "
                                   "(archive: policy/v1beta1)"));
}

TEST_F(ServedVersionsTest, OneThatIsThereIsComparedAndNotPruned) {
  cluster.Put("poddisruptionbudgets.policy#v1/n/a.json",
              Object("policy/v1", "PodDisruptionBudget", ",'spec':{'minAvailable':1}"));
  cluster.Put("networkpolicies.networking.k8s.io#v1/n/a.json",
              Object("networking.k8s.io/v1", "NetworkPolicy", ",'spec':{'x':1}"));
  cluster.Put("networkpolicies.networking.k8s.io#v1/n/b.json",
              J("{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy',"
                "'metadata':{'name':'b','namespace':'n'}}"));
  PlanOptions options;
  options.prune = true;
  Planned plan =
      MakePlan({{"poddisruptionbudgets.policy#v1beta1/n/a.json",
                 Object("policy/v1beta1", "PodDisruptionBudget",
                        ",'spec':{'minAvailable':1,'selector':{}}")},
                {"networkpolicies.extensions#v1beta1/n/a.json",
                 Object("extensions/v1beta1", "NetworkPolicy", ",'spec':{}")}},
               cluster, options,
               "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: s}\n"
               "resourceSelectors:\n- {apiVersion: policy/v1, kindsRegexp: .}\n"
               "- {apiVersion: networking.k8s.io/v1, kindsRegexp: .}\n");
  EXPECT_EQ(plan.Kind("poddisruptionbudgets.policy#v1beta1/n/a.json"), ActionKind::kNothing);
  EXPECT_EQ(plan.Kind("networkpolicies.extensions#v1beta1/n/a.json"), ActionKind::kUpdate);
  EXPECT_THAT(plan.plan->prune_refusals(), IsEmpty());
  EXPECT_EQ(plan.live->extras().size(), 1u);
  EXPECT_THAT(plan.Deleted(), ElementsAre("networkpolicies.networking.k8s.io n/b"));
}

TEST_F(ServedVersionsTest, AnEntryInTheServedVersionGoesBefore) {
  const std::string old = "poddisruptionbudgets.policy#v1beta1/n/a.json";
  const std::string now = "poddisruptionbudgets.policy#v1/n/a.json";
  Planned plan = MakePlan({{old, Object("policy/v1beta1", "PodDisruptionBudget")},
                           {now, Object("policy/v1", "PodDisruptionBudget")}},
                          cluster);
  EXPECT_EQ(plan.Kind(old), ActionKind::kSkip);
  EXPECT_THAT(plan.Reason(old), HasSubstr("policy/v1"));
  EXPECT_EQ(plan.Kind(now), ActionKind::kCreate);
}

TEST_F(ServedVersionsTest, AShapeThatChangedIsNamedWithTheServedVersion) {
  const std::string path = "ingresses.networking.k8s.io#v1beta1/n/a.json";
  Planned plan = MakePlan({{path, Object("networking.k8s.io/v1beta1", "Ingress")}}, cluster);
  EXPECT_EQ(plan.Kind(path), ActionKind::kCannot);
  EXPECT_THAT(plan.Reason(path), HasSubstr("in version networking.k8s.io/v1 only"));
}

TEST_F(ServedVersionsTest, ACustomResourceFollowsItsCrd) {
  const std::string path = "plants.x.io#v1alpha1/oak.json";
  auto index = LoadIndex({{path, J("{'apiVersion':'x.io/v1alpha1','kind':'Plant','metadata':{"
                                   "'name':'oak'}}")}});
  ASSERT_TRUE(index);
  kube::Discovery discovery = cluster.Discovery();
  std::string conversion, asked;
  CrdFacts facts;
  facts.live = cluster.crds;
  facts.read = [&](const std::string& name) -> Result<std::string> {
    asked = name;
    return J("{'spec':{'versions':[{'name':'v1','served':true,'storage':true}]" + conversion +
             "}}");
  };
  Types types = Types::Resolve(*index, discovery, facts);
  EXPECT_EQ(asked, "plants.x.io");
  EXPECT_EQ(types[0].type.gv.version, "v1");
  EXPECT_EQ(types[0].change, VersionChange::kSame);
  EXPECT_EQ(types[0].problem, "");
  conversion = ",'conversion':{'strategy':'Webhook'}";
  types = Types::Resolve(*index, discovery, facts);
  EXPECT_EQ(types[0].change, VersionChange::kNone);
  EXPECT_THAT(types[0].problem, HasSubstr("in version x.io/v1 only"));
  EXPECT_THAT(types[0].problem, HasSubstr("conversion webhook"));
}

TEST_F(ServedVersionsTest, ObjectsOfACrdThatDidNotComeSayWhy) {
  const std::string crd = "customresourcedefinitions.apiextensions.k8s.io#v1/as.y.io.json";
  auto index = LoadIndex(
      {{crd, J("{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',"
               "'metadata':{'name':'as.y.io'},'spec':{'group':'y.io','scope':'Cluster',"
               "'names':{'plural':'as','kind':'A'},'versions':[{'name':'v1','served':true,"
               "'storage':true}]}}")},
       {"as.y.io#v1/a.json", J("{'apiVersion':'y.io/v1','kind':'A','metadata':{'name':'a'}}")}});
  ASSERT_TRUE(index);
  kube::Discovery discovery = cluster.Discovery();
  CrdFacts facts;
  facts.failed["as.y.io"] = "names are taken";
  Types types = Types::Resolve(*index, discovery, facts);
  TypeId id = index->FindType({"y.io", "v1"}, "as");
  EXPECT_THAT(types[id].problem, HasSubstr("names are taken"));
}

TEST_F(ServedVersionsTest, ACrdInAVersionThatIsNotServedBringsNothing) {
  const std::string crd = "customresourcedefinitions.apiextensions.k8s.io#v1beta1/as.y.io.json";
  const std::string object = "as.y.io#v1/a.json";
  Planned plan = MakePlan(
      {{crd, J("{'apiVersion':'apiextensions.k8s.io/v1beta1','kind':'CustomResourceDefinition',"
               "'metadata':{'name':'as.y.io'},'spec':{'group':'y.io','scope':'Cluster',"
               "'names':{'plural':'as','kind':'A'},'versions':[{'name':'v1','served':true,"
               "'storage':true}]}}")},
       {object, J("{'apiVersion':'y.io/v1','kind':'A','metadata':{'name':'a'}}")}},
      cluster);
  EXPECT_EQ(plan.Kind(crd), ActionKind::kCannot);
  EXPECT_THAT(plan.Reason(crd), HasSubstr("in version apiextensions.k8s.io/v1 only"));
  EXPECT_EQ(plan.Kind(object), ActionKind::kCannot);
  EXPECT_THAT(plan.Reason(object), HasSubstr("archived as apiextensions.k8s.io/v1beta1"));
}

TEST(CrdVersionsTest, TheStorageVersionComesFirst) {
  CrdVersions versions =
      VersionsOf(J("{'spec':{'versions':[{'name':'v2','served':true},{'name':'v1','served':true,"
                   "'storage':true},{'name':'v0','served':false}]}}"));
  EXPECT_THAT(versions.served, ElementsAre("v1", "v2"));
  EXPECT_FALSE(versions.webhook);
  EXPECT_THAT(VersionsOf("{}").served, IsEmpty());
}

}  // namespace
}  // namespace holdfast::restore
