// What the API server makes of what a restore sends: dropped, defaulted and changed fields, and
// fields that cannot be updated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/json_scan.h"
#include "restore/archive_for_test.h"
#include "restore/crds.h"
#include "storage/local_store.h"
#include "tests/fixture_archive.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using restore::J;
using ::testing::AllOf;
using ::testing::HasSubstr;

kube::ResourceType CoreType(const std::string& plural, const std::string& group = "",
                            const std::string& version = "v1") {
  kube::ResourceType type;
  type.gv = {group, version};
  type.plural = plural;
  type.namespaced = group.empty() || plural == "rolebindings" || group == "apps";
  return type;
}

// One control plane for all of these tests: each has its own names.
struct RestoreAnswers : ::testing::Test {
  static void SetUpTestSuite() { rig = std::make_unique<RestoreRig>(); }
  static void TearDownTestSuite() { rig.reset(); }

  restore::Report Run(const restore::Entries& entries, bool plan = false, bool recreate = false) {
    std::filesystem::path dir = std::filesystem::temp_directory_path() /
                                ("holdfast-restore-answers-" + std::to_string(getpid()));
    std::filesystem::create_directory(dir);
    std::ofstream(dir / "made.tar.gz", std::ios::binary) << restore::MakeArchive(entries);
    storage::LocalStore store(dir);
    auto keys = crypto::Transformers::None();
    restore::Options options;
    options.plan_only = plan;
    options.recreate_immutable = recreate;
    restore::Progress progress;
    auto report = restore::Run(rig->client(), store, "made.tar.gz", keys, options, progress,
                               QuietLog(), Clock::Real(), {});
    std::filesystem::remove_all(dir);
    return Must(std::move(report));
  }

  static std::string Crd(const std::string& plural, const std::string& kind,
                         const std::string& properties, const std::string& status) {
    return J(
        "{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':"
        "{'name':'" +
        plural +
        ".answers.lab.io'},'spec':{'group':'answers.lab.io','scope':'Cluster',"
        "'names':{'kind':'" +
        kind + "','plural':'" + plural +
        "'},'versions':[{'name':'v1','served':true,'storage':true,'subresources':{'status':{}}"
        ",'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object',"
        "'properties':{" +
        properties + "}},'status':{'type':'object','properties':{" + status + "}}}}}}]}}");
  }

  static std::unique_ptr<RestoreRig> rig;
};
std::unique_ptr<RestoreRig> RestoreAnswers::rig;

TEST_F(RestoreAnswers, FieldsThatASchemaDropsAreNamed) {
  Must(rig->client().Create(
      restore::CrdType(), "",
      Crd("pumps", "Pump", "'flow':{'type':'integer'}", "'ready':{'type':'boolean'}")));
  restore::Entries entries = {
      {"pumps.answers.lab.io#v1/p.json",
       J("{'apiVersion':'answers.lab.io/v1','kind':'Pump','metadata':{'name':'p'},'spec':{'flow':7,"
         "'secretRef':'db'},'status':{'ready':true,'seen':4}}")}};
  restore::Report report;
  for (int i = 0; i < 100; ++i) {
    if (rig->Discover().ByPlural({"answers.lab.io", "v1"}, "pumps") != nullptr) break;
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  report = Run(entries);
  std::string text = restore::ToText(report);
  EXPECT_EQ(report.counts.created, 1u) << text;
  ASSERT_EQ(report.failures.total, 1u) << text;
  EXPECT_THAT(report.failures.notes[0].text,
              AllOf(HasSubstr("spec.secretRef was dropped"), HasSubstr("status.seen was dropped")));
  EXPECT_THAT(text, HasSubstr("unknown field \"spec.secretRef\""));

  // As long as the schema is so, that is all that there is to say.
  report = Run(entries, /*plan=*/true);
  text = restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 0u) << text;
  EXPECT_THAT(text, HasSubstr("spec.secretRef was dropped"));
  EXPECT_TRUE(report.failed());
  EXPECT_TRUE(Run(entries).failed());

  // The same for an update that has something else to change.
  Must(rig->client().Patch(*rig->Discover().ByPlural({"answers.lab.io", "v1"}, "pumps"), "", "p",
                           kube::PatchType::kMerge, R"({"spec":{"flow":8}})"));
  report = Run(entries, /*plan=*/true);
  EXPECT_EQ(report.counts.updated, 1u) << restore::ToText(report);
  EXPECT_TRUE(report.failed());
  report = Run(entries);
  EXPECT_THAT(restore::ToText(report), HasSubstr("spec.secretRef was dropped"));
  EXPECT_EQ(json::Find(rig->Get("answers.lab.io/v1", "pumps", "", "p"), {"spec", "flow"}), "7");
}

TEST_F(RestoreAnswers, DefaultsAreNoReasonToWrite) {
  Must(rig->client().Create(restore::CrdType(), "",
                            Crd("valves", "Valve",
                                "'flow':{'type':'integer'},'mode':{'type':'string','default':"
                                "'auto'}",
                                "'ready':{'type':'boolean'}")));
  for (int i = 0; i < 100; ++i) {
    if (rig->Discover().ByPlural({"answers.lab.io", "v1"}, "valves") != nullptr) break;
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  restore::Entries entries = {
      {"valves.answers.lab.io#v1/v.json",
       J("{'apiVersion':'answers.lab.io/v1','kind':'Valve','metadata':{'name':'v'},'spec':{'flow':7"
         "}}")},
      {"services.#v1/default/defaulted.json",
       J("{'apiVersion':'v1','kind':'Service','metadata':{'name':'defaulted','namespace':'default'}"
         ",'spec':{'selector':{'a':'b'},'ports':[{'port':80}]}}")},
      {"secrets.#v1/default/written.json",
       J("{'apiVersion':'v1','kind':'Secret','metadata':{'name':'written','namespace':'default'},"
         "'stringData':{'a':'b'}}")},
      {"limitranges.#v1/default/spelled.json",
       J("{'apiVersion':'v1','kind':'LimitRange','metadata':{'name':'spelled','namespace':"
         "'default'},'spec':{'limits':[{'type':'Container','max':{'cpu':'2000m','memory':"
         "'1024Mi'}}]}}")},
      {"deployments.apps#v1/default/defaulted.json",
       J("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'defaulted','namespace':"
         "'default'},'spec':{'replicas':0,'selector':{'matchLabels':{'a':'b'}},'template':"
         "{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i',"
         "'resources':{'limits':{'cpu':'1000m'}}}]}}}}")}};
  restore::Report report = Run(entries);
  EXPECT_EQ(report.counts.created, entries.size()) << restore::ToText(report);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  report = Run(entries, /*plan=*/true);
  EXPECT_TRUE(report.nothing_to_do) << restore::ToText(report);
  report = Run(entries);
  EXPECT_TRUE(report.nothing_to_do) << restore::ToText(report);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);

  // What somebody has added since is a difference, also where it is no default.
  Must(rig->client().Patch(*rig->Discover().ByPlural({"", "v1"}, "services"), "default",
                           "defaulted", kube::PatchType::kMerge,
                           R"({"metadata":{"labels":{"new":"x"}}})"));
  report = Run(entries);
  EXPECT_EQ(report.counts.updated, 1u) << restore::ToText(report);
  EXPECT_FALSE(json::Find(rig->Get("v1", "services", "default", "defaulted"),
                          {"metadata", "labels", "new"}));
  EXPECT_TRUE(Run(entries).nothing_to_do);
}

TEST_F(RestoreAnswers, FieldsThatAdmissionChangesAreNamed) {
  const std::string policy =
      R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingAdmissionPolicy","metadata":{"name":"answers"},"spec":{"failurePolicy":"Fail","reinvocationPolicy":"Never","matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["configmaps"]}]},"matchConditions":[{"name":"mine","expression":"object.metadata.name == 'changed'"}],"mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{data: {\"mode\": \"policy\"}}"}}]}})";
  const std::string binding =
      R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingAdmissionPolicyBinding","metadata":{"name":"answers"},"spec":{"policyName":"answers"}})";
  kube::Discovery found = rig->Discover();
  const kube::ResourceType* policies =
      found.ByPlural({"admissionregistration.k8s.io", "v1"}, "mutatingadmissionpolicies");
  if (policies == nullptr) GTEST_SKIP() << "the server has no MutatingAdmissionPolicy";
  Must(rig->client().Create(*policies, "", policy));
  Must(rig->client().Create(
      *found.ByPlural({"admissionregistration.k8s.io", "v1"}, "mutatingadmissionpolicybindings"),
      "", binding));
  auto probe = [&] {
    std::string made = Must(rig->client().Create(
        CoreType("configmaps"), "default",
        J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'changed','namespace':"
          "'default'},'data':{'mode':'mine'}}")));
    Must(rig->client().Delete(CoreType("configmaps"), "default", "changed"));
    return made.find("policy") != std::string::npos;
  };
  for (int i = 0; i < 100 && !probe(); ++i) Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  restore::Entries entries = {
      {"configmaps.#v1/default/changed.json",
       J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'changed','namespace':'default'}"
         ",'data':{'mode':'mine','other':'x'}}")}};
  restore::Report report = Run(entries);
  EXPECT_EQ(report.counts.created, 1u) << restore::ToText(report);
  ASSERT_EQ(report.failures.total, 1u) << restore::ToText(report);
  EXPECT_THAT(report.failures.notes[0].text, HasSubstr("data.mode was changed"));
  report = Run(entries);
  EXPECT_EQ(report.counts.updated, 0u) << restore::ToText(report);
  EXPECT_TRUE(report.failed()) << restore::ToText(report);
}

TEST_F(RestoreAnswers, BindingsOfAnotherRoleAreRecreated) {
  const std::string rbac = "rbac.authorization.k8s.io";
  auto binding = [&](const std::string& kind, const std::string& role, const std::string& meta) {
    return J("{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'" + kind +
             "','metadata':{'name':'answers'" + meta +
             "},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole','name':'" +
             role +
             "'},'subjects':[{'kind':'User','name':'nobody','apiGroup':"
             "'rbac.authorization.k8s.io'}]}");
  };
  const std::string in_ns = ",'namespace':'default'";
  Must(rig->client().Create(CoreType("clusterrolebindings", rbac), "",
                            binding("ClusterRoleBinding", "cluster-admin", "")));
  Must(rig->client().Create(CoreType("rolebindings", rbac), "default",
                            binding("RoleBinding", "admin", in_ns)));
  restore::Entries entries = {
      {"clusterrolebindings." + rbac + "#v1/answers.json",
       binding("ClusterRoleBinding", "view", "")},
      {"rolebindings." + rbac + "#v1/default/answers.json", binding("RoleBinding", "view", in_ns)}};
  restore::Report plan = Run(entries, /*plan=*/true);
  EXPECT_FALSE(plan.failed()) << restore::ToText(plan);
  EXPECT_EQ(plan.counts.updated, 2u);
  EXPECT_THAT(restore::ToText(plan), HasSubstr("roleRef is immutable"));
  restore::Report report = Run(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("deleted and created again"));
  EXPECT_EQ(json::FindString(rig->Get(rbac + "/v1", "clusterrolebindings", "", "answers"),
                             {"roleRef", "name"}),
            "view");
  EXPECT_EQ(json::FindString(rig->Get(rbac + "/v1", "rolebindings", "default", "answers"),
                             {"roleRef", "name"}),
            "view");
  EXPECT_TRUE(Run(entries).nothing_to_do);
}

TEST_F(RestoreAnswers, ImmutableFieldsArePlannedAndRecreatedOnDemand) {
  auto object = [](const std::string& head, const std::string& ns, const std::string& rest) {
    return J("{" + head + ",'metadata':{'name':'frozen','labels':{'a':'b'}" +
             (ns.empty() ? "" : ",'namespace':'" + ns + "'") + "}," + rest + "}");
  };
  auto pod = [](const std::string& image) {
    return "'template':{'metadata':{'labels':{'a':'b'}},'spec':{'restartPolicy':'Never',"
           "'containers':[{'name':'c','image':'" +
           image + "'}]}}";
  };
  struct Case {
    std::string group, version, plural, kind, ns, archived, live, field;
  };
  const std::vector<Case> cases = {
      {"", "v1", "secrets", "Secret", "default", "'immutable':true,'data':{'v':'b2xk'}",
       "'immutable':true,'data':{'v':'bmV3'}", "data"},
      {"", "v1", "configmaps", "ConfigMap", "default", "'immutable':true,'data':{'v':'old'}",
       "'immutable':true,'data':{'v':'new'}", "data"},
      {"storage.k8s.io", "v1", "storageclasses", "StorageClass", "",
       "'provisioner':'a.example.com'", "'provisioner':'b.example.com'", "provisioner"},
      {"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "", "'value':7", "'value':8",
       "value"},
      {"batch", "v1", "jobs", "Job", "default", "'spec':{" + pod("old") + "}",
       "'spec':{" + pod("new") + "}", "spec.template"},
  };
  restore::Entries entries;
  kube::Discovery found = rig->Discover();
  for (const Case& one : cases) {
    std::string head = "'apiVersion':'" + (one.group.empty() ? "" : one.group + "/") + one.version +
                       "','kind':'" + one.kind + "'";
    const kube::ResourceType* type = found.ByPlural({one.group, one.version}, one.plural);
    ASSERT_NE(type, nullptr) << one.plural;
    Must(rig->client().Create(*type, one.ns, object(head, one.ns, one.live)));
    entries.emplace_back(one.plural + "." + one.group + "#" + one.version + "/" +
                             (one.ns.empty() ? "" : one.ns + "/") + "frozen.json",
                         object(head, one.ns, one.archived));
  }
  for (bool plan : {true, false}) {
    restore::Report report = Run(entries, plan);
    std::string text = restore::ToText(report);
    EXPECT_EQ(report.failures.total, cases.size()) << text;
    EXPECT_EQ(report.counts.updated, 0u) << text;
    for (const Case& one : cases) EXPECT_THAT(text, HasSubstr(one.field + " is immutable"));
    EXPECT_THAT(text, HasSubstr("--recreate-immutable"));
  }
  restore::Report plan = Run(entries, /*plan=*/true, /*recreate=*/true);
  EXPECT_FALSE(plan.failed()) << restore::ToText(plan);
  EXPECT_EQ(plan.counts.updated, cases.size()) << restore::ToText(plan);
  restore::Report report = Run(entries, /*plan=*/false, /*recreate=*/true);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, cases.size()) << restore::ToText(report);
  EXPECT_EQ(json::FindString(rig->Get("v1", "secrets", "default", "frozen"), {"data", "v"}),
            "b2xk");
  report = Run(entries);
  EXPECT_TRUE(report.nothing_to_do) << restore::ToText(report);
}

TEST_F(RestoreAnswers, ClaimsAreNeverRecreated) {
  auto claim = [](const std::string& volume) {
    return J(
        "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'kept',"
        "'namespace':'default'},'spec':{'accessModes':['ReadWriteOnce'],'storageClassName':"
        "'" +
        volume + "','resources':{'requests':{'storage':'1Gi'}}}}");
  };
  std::string made =
      Must(rig->client().Create(CoreType("persistentvolumeclaims"), "default", claim("now")));
  restore::Entries entries = {{"persistentvolumeclaims.#v1/default/kept.json", claim("then")}};
  restore::Report report = Run(entries, /*plan=*/false, /*recreate=*/true);
  std::string text = restore::ToText(report);
  EXPECT_EQ(report.failures.total, 1u) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("cannot update: spec"), HasSubstr("never deletes")));
  EXPECT_EQ(json::FindString(rig->Get("v1", "persistentvolumeclaims", "default", "kept"),
                             {"metadata", "uid"}),
            json::FindString(made, {"metadata", "uid"}));
}

}  // namespace
}  // namespace holdfast::tests
