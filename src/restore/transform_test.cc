#include "restore/transform.h"

#include "base/json_canonical.h"
#include "restore/archive_for_test.h"
#include "restore/special_cases.h"

namespace holdfast::restore {
namespace {

std::string Body(const std::string& archived, TransformInput input) {
  auto result = Transform(J(archived), input);
  EXPECT_TRUE(result) << result.error().ToString();
  return result ? result->body : "";
}
TransformInput Of(Special special) {
  TransformInput input;
  input.special = special;
  return input;
}

TEST(Increment, CountsAsTheOperatorDoesAndExactly) {
  struct Row {
    const char* number;
    std::optional<std::string> expected;
  };
  const Row rows[] = {{"0", "1"},
                      {"7", "8"},
                      {"9", "10"},
                      {"199", "200"},
                      {"2.5", "3"},
                      {"2.0", "3"},
                      {"-1", "0"},
                      {"-10", "-9"},
                      {"-0.5", "1"},
                      {"-1.5", "0"},
                      {"9223372036854775807", "9223372036854775808"},
                      {"9007199254740993", "9007199254740994"},
                      {"1e3", "1001"},
                      {"1e300", std::nullopt},
                      {"\"7\"", std::nullopt},
                      {"null", std::nullopt},
                      {"{}", std::nullopt}};
  for (const Row& row : rows) EXPECT_EQ(Increment(row.number), row.expected) << row.number;
}

struct Case {
  const char* name;
  Special special;
  const char* archived;
  const char* sent;
};
class SpecialCase : public ::testing::TestWithParam<Case> {};

TEST_P(SpecialCase, IsSentAs) {
  const Case& row = GetParam();
  EXPECT_EQ(json::Canonical(Body(row.archived, Of(row.special))), json::Canonical(J(row.sent)));
}

INSTANTIATE_TEST_SUITE_P(
    All, SpecialCase,
    ::testing::Values(
        Case{"FleetRaised", Special::kFleetCluster,
             "{'metadata':{},'spec':{'redeployAgentGeneration':7}}",
             "{'metadata':{},'spec':{'redeployAgentGeneration':8}}"},
        Case{"FleetAbsent", Special::kFleetCluster, "{'metadata':{},'spec':{'a':1}}",
             "{'metadata':{},'spec':{'a':1,'redeployAgentGeneration':1}}"},
        Case{"FleetFraction", Special::kFleetCluster,
             "{'metadata':{},'spec':{'redeployAgentGeneration':2.5}}",
             "{'metadata':{},'spec':{'redeployAgentGeneration':3}}"},
        Case{"FleetNoSpec", Special::kFleetCluster, "{'metadata':{}}",
             "{'metadata':{},'spec':{'redeployAgentGeneration':1}}"},
        Case{"FleetText", Special::kFleetCluster,
             "{'metadata':{},'spec':{'redeployAgentGeneration':'seven'}}",
             "{'metadata':{},'spec':{'redeployAgentGeneration':'seven'}}"},
        Case{"ProvisioningRaised", Special::kProvisioningCluster,
             "{'metadata':{},'spec':{'redeploySystemAgentGeneration':4}}",
             "{'metadata':{},'spec':{'redeploySystemAgentGeneration':5}}"},
        Case{"ProvisioningNull", Special::kProvisioningCluster,
             "{'metadata':{},'spec':{'redeploySystemAgentGeneration':null}}",
             "{'metadata':{},'spec':{'redeploySystemAgentGeneration':null}}"},
        Case{"ManagementNoAnnotations", Special::kManagementCluster, "{'metadata':{'name':'c'}}",
             "{'metadata':{'name':'c','annotations':{'io.cattle.agent.force.deploy':'true'}}}"},
        Case{"ManagementNullAnnotations", Special::kManagementCluster,
             "{'metadata':{'annotations':null}}",
             "{'metadata':{'annotations':{'io.cattle.agent.force.deploy':'true'}}}"},
        Case{"ManagementFalse", Special::kManagementCluster,
             "{'metadata':{'annotations':{'io.cattle.agent.force.deploy':'false','x':'y'}}}",
             "{'metadata':{'annotations':{'io.cattle.agent.force.deploy':'true','x':'y'}}}"},
        Case{"AccountSecrets", Special::kServiceAccount,
             "{'metadata':{},'secrets':[{'name':'t'}],'imagePullSecrets':[{'name':'p'}]}",
             "{'metadata':{},'imagePullSecrets':[{'name':'p'}]}"},
        Case{"ServerFields", Special::kNone,
             "{'metadata':{'name':'a','uid':'1','resourceVersion':'2','creationTimestamp':null,"
             "'generation':3,'selfLink':'/','deletionTimestamp':'y',"
             "'deletionGracePeriodSeconds':30,'managedFields':[{'manager':'m'}],"
             "'finalizers':['f']}}",
             "{'metadata':{'name':'a','managedFields':[{'manager':'m'}],'finalizers':['f']}}"},
        Case{"OtherSecretsKept", Special::kNone, "{'metadata':{},'secrets':[1]}",
             "{'metadata':{},'secrets':[1]}"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Transform, KeepsNumbersAndTheRestByteForByte) {
  std::string spec = J("{'m53':-9007199254740993,'f':1.50,'e':1E5,'t':'\\u003c ü'}");
  std::string body =
      Body("{'spec':" + spec + ",'metadata':{'name':'a','uid':'1'}}", Of(Special::kFleetCluster));
  EXPECT_NE(body.find(J("'m53':-9007199254740993,'f':1.50,'e':1E5,'t':'\\u003c ü'")),
            std::string::npos)
      << body;
}

TEST(Transform, SetsResourceVersionAndDropsStatusAndManagedFields) {
  TransformInput input;
  input.resource_version = "42";
  input.drop_status = true;
  input.drop_managed_fields = true;
  EXPECT_EQ(Body("{'metadata':{'name':'a','managedFields':[]},'status':{'x':1},'v':1}", input),
            J("{'metadata':{'name':'a','resourceVersion':'42'},'v':1}"));
}

TEST(Transform, WritesOwnersWithTheirLiveUids) {
  std::string archived =
      "{'metadata':{'ownerReferences':[{'name':'a','uid':'old'},{'name':'b','uid':'old'},"
      "{'name':'c'}]}}";
  OwnerWrite owners[] = {{true, "new-a"}, {false, ""}, {true, "new-c"}};
  TransformInput input;
  input.owners = owners;
  EXPECT_EQ(Body(archived, input), J("{'metadata':{'ownerReferences':[{'name':'a','uid':'new-a'},"
                                     "{'name':'c','uid':'new-c'}]}}"));
  OwnerWrite none[3];
  input.owners = none;
  EXPECT_EQ(Body(archived, input), J("{'metadata':{}}"));
}

TEST(Transform, BindsATokenToTheLiveAccount) {
  TransformInput input;
  input.special = Special::kSecret;
  input.token_account_uid = "live";
  std::string body = Body(
      "{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'old',"
      "'kubernetes.io/service-account.name':'robot'}}}",
      input);
  EXPECT_EQ(
      json::FindString(body, {"metadata", "annotations", "kubernetes.io/service-account.uid"}),
      "live");
}

TEST(Transform, WithoutMetadataIsAnErrorNotACrash) {
  EXPECT_FALSE(Transform(J("{'spec':{}}"), {}));
  EXPECT_FALSE(Transform(J("{'metadata':null}"), {}));
}

TEST(WithStatus, PutsTheArchivedStatusOnWhatTheServerReturned) {
  EXPECT_EQ(WithStatus(J("{'metadata':{'resourceVersion':'9'},'status':{}}"),
                       J("{'status':{'n':9007199254740993}}")),
            J("{'metadata':{'resourceVersion':'9'},'status':{'n':9007199254740993}}"));
}

struct Crd {
  std::string body;
  std::vector<std::string> kept;
};
Crd Merge(const std::string& archived, const std::string& live, bool replace = false) {
  TransformInput input = Of(Special::kCrd);
  std::string live_text = J(live);
  input.live = live_text;
  input.replace_crd_schemas = replace;
  auto result = Transform(J(archived), input);
  EXPECT_TRUE(result) << result.error().ToString();
  return {result->body, result->kept_crd_versions};
}

TEST(Crd, KeepsLiveVersionsThatTheArchiveLacks) {
  Crd crd = Merge("{'metadata':{},'spec':{'versions':[{'name':'v1','storage':true}]},'status':{}}",
                  "{'spec':{'versions':[{'name':'v1','storage':false},"
                  "{'name':'v2','served':true,'storage':true}]}}");
  EXPECT_EQ(crd.body, J("{'metadata':{},'spec':{'versions':[{'name':'v1','storage':true},"
                        "{'name':'v2','served':true,'storage':false}]}}"));
  EXPECT_EQ(crd.kept, std::vector<std::string>{"v2"});
}

TEST(Crd, WithoutALiveOneIsSentAsArchived) {
  Crd crd = Merge("{'metadata':{},'spec':{'versions':[{'name':'v1'}]}}", "");
  EXPECT_EQ(crd.body, J("{'metadata':{},'spec':{'versions':[{'name':'v1'}]}}"));
  EXPECT_TRUE(crd.kept.empty());
}

TEST(Crd, PreserveUnknownFieldsGoesIntoTheSchemas) {
  const char* archived =
      "{'metadata':{},'spec':{'preserveUnknownFields':true,'versions':[{'name':'v1','schema':"
      "{'openAPIV3Schema':{'type':'object','properties':{'a':{}}}}},{'name':'v2'}]}}";
  EXPECT_EQ(
      Merge(archived, "").body,
      J("{'metadata':{},'spec':{'versions':[{'name':'v1','schema':{'openAPIV3Schema':"
        "{'type':'object','properties':{'a':{}},'x-kubernetes-preserve-unknown-fields':true}}}"
        ",{'name':'v2','schema':{'openAPIV3Schema':{'type':'object',"
        "'x-kubernetes-preserve-unknown-fields':true}}}]}}"));
  EXPECT_EQ(json::Find(Merge(archived, "", true).body, {"spec", "versions"})
                .value_or("")
                .find("properties"),
            std::string::npos);
}

TEST(Crd, PreserveUnknownFieldsFalseLeavesTheSchemas) {
  EXPECT_EQ(Merge("{'metadata':{},'spec':{'preserveUnknownFields':false,'versions':[{'name':'v1',"
                  "'schema':{'openAPIV3Schema':{'properties':{}}}}]}}",
                  "")
                .body,
            J("{'metadata':{},'spec':{'versions':[{'name':'v1',"
              "'schema':{'openAPIV3Schema':{'properties':{}}}}]}}"));
}

TEST(Crd, WithoutVersionsIsAnError) {
  EXPECT_FALSE(Transform(J("{'metadata':{},'spec':{}}"), Of(Special::kCrd)));
  EXPECT_FALSE(Transform(J("{'metadata':{},'spec':[]}"), Of(Special::kCrd)));
}

struct Skipped {
  kube::GroupVersion gv;
  const char* plural;
  const char* ns;
  const char* name;
  const char* object;
  SkipRule rule;
};

TEST(SkipRuleOf, EveryCase) {
  const kube::GroupVersion core{"", "v1"}, apps{"apps", "v1"},
      rancher{"management.cattle.io", "v3"}, other{"x.io", "v1"};
  const char* values = "{'type':'fleet.cattle.io/cluster-registration-values'}";
  const Skipped rows[] = {
      {rancher, "globalroles", "", "a", "{'builtin':true}", SkipRule::kBuiltinRole},
      {rancher, "globalroles", "", "a", "{'builtin':'true'}", SkipRule::kBuiltinRole},
      {rancher, "globalroles", "", "a", "{'builtin':'True'}", SkipRule::kNone},
      {rancher, "globalroles", "", "a", "{'builtin':false}", SkipRule::kNone},
      {rancher, "globalroles", "", "a", "{'spec':{'builtin':true}}", SkipRule::kNone},
      {rancher, "RoleTemplates", "", "a", "{'builtin':true}", SkipRule::kBuiltinRole},
      {other, "roletemplates", "", "a", "{'builtin':true}", SkipRule::kBuiltinRole},
      {other, "roles", "", "a", "{'builtin':true}", SkipRule::kNone},
      {core, "secrets", "n", "a", values, SkipRule::kRegistrationValues},
      {core, "secrets", "n", "a", "{'type':'Opaque'}", SkipRule::kNone},
      {other, "secrets", "n", "a", values, SkipRule::kNone},
      {apps, "deployments", "cattle-system", "rancher", "{}", SkipRule::kRancherDeployment},
      {apps, "deployments", "cattle-system", "my-rancher", "{}", SkipRule::kRancherDeployment},
      {apps, "deployments", "cattle-system", "rancher-webhook", "{}", SkipRule::kRancherDeployment},
      {apps, "deployments", "cattle-system", "rancher-x", "{}", SkipRule::kNone},
      {apps, "deployments", "other", "rancher", "{}", SkipRule::kNone},
      {apps, "statefulsets", "cattle-system", "rancher", "{}", SkipRule::kNone},
  };
  for (const Skipped& row : rows)
    EXPECT_EQ(SkipRuleOf(row.gv, row.plural, row.ns, row.name, J(row.object)), row.rule)
        << row.plural << " " << row.name << " " << row.object;
}

}  // namespace
}  // namespace holdfast::restore
