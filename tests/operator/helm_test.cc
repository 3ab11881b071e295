// The operator with the rights that the chart gives it, and with fewer.
#include <cstdlib>
#include <fstream>

#include "testbed/kubeconfig.h"
#include "testbed/tools.h"
#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// CRDs come from the chart by helm, and so does the ServiceAccount whose token the operator has.
class OperatorHelm : public OperatorTest {
 protected:
  static constexpr char kAccount[] =
      "/api/v1/namespaces/cattle-resources-system/serviceaccounts/rancher-backup";
  static constexpr char kBindings[] = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

  static void SetUpTestSuite() {
    StartPlane();
    Helm("rancher-backup-crd", {});
    WaitForCrds();
    MakeAppNamespace();
    Helm("rancher-backup", {"--set", "persistence.enabled=true"});
  }

  // Without hooks: no kubelet is here to run their Job.
  static void Helm(const std::string& chart, const Names& more) {
    Names argv = {(Must(testbed::FindTools({"helm"})) / "helm").string(),
                  "install",
                  chart,
                  (fs::path(HOLDFAST_CHARTS) / chart).string(),
                  "--namespace",
                  kNs,
                  "--create-namespace",
                  "--no-hooks",
                  "--kubeconfig",
                  plane().kubeconfig().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    Outcome outcome = Program(std::move(argv)).Wait();
    if (outcome.code != 0) throw std::runtime_error(ToText(outcome));
  }

  // A kubeconfig with a token of the chart's ServiceAccount.
  fs::path AccountKubeconfig() const {
    auto answer = Must(plane().Request("POST", std::string(kAccount) + "/token",
                                       R"({"spec":{"expirationSeconds":3600}})"));
    testbed::KubeconfigParts parts;
    parts.server = plane().server_url();
    parts.ca_file = plane().ca_file();
    parts.token = TextAt(Json::parse(answer.body), "status/token");
    fs::path path = folder().path() / "kubeconfig";
    Must(testbed::WriteFile(path, testbed::KubeconfigText(parts)));
    return path;
  }
};

TEST_F(OperatorHelm, TheChartsRightsAreEnough) {
  StartAs(AccountKubeconfig());
  CreateBackup("charted", "{resourceSetName: app, deletionPolicy: Delete}");
  Json backup = AwaitBackup("charted", "Completed");
  Delete("/api/v1/namespaces/app/configmaps/a");
  CreateRestore("charted", "{backupFilename: " + TextAt(backup, "status/filename") + "}");
  AwaitRestore("charted", "Completed");
  EXPECT_FALSE(Get("/api/v1/namespaces/app/configmaps/a").is_null());
  // The chart's own ResourceSets, on a cluster without Rancher.
  for (const char* set :
       {"rancher-resource-set", "rancher-resource-set-basic", "rancher-resource-set-full"}) {
    CreateBackup(set, "{resourceSetName: " + std::string(set) + "}");
    AwaitBackup(set, "Completed");
  }
}

TEST_F(OperatorHelm, AMissingRightIsNamed) {
  Delete(std::string(kBindings) + "/rancher-backup");
  std::ifstream file(fs::path(HOLDFAST_CHARTS) / "rancher-backup/files/rbac/operator.yaml");
  std::string rules(std::istreambuf_iterator<char>(file), {});
  Create("/apis/rbac.authorization.k8s.io/v1/clusterroles",
         "metadata: {name: fewer}\nrules:\n" + rules +
             "\n- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list]\n");
  Create(kBindings,
         "{metadata: {name: fewer}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: "
         "ClusterRole, name: fewer}, subjects: [{kind: ServiceAccount, name: rancher-backup, "
         "namespace: cattle-resources-system}]}");
  StartAs(AccountKubeconfig());
  CreateBackup("forbidden", "{resourceSetName: app}");
  Json backup = AwaitBackup("forbidden", "Retrying");
  std::string text = ConditionsText(backup);
  EXPECT_THAT(text, HasSubstr("secrets"));
  EXPECT_THAT(text, HasSubstr("forbidden"));
  EXPECT_THAT(TextAt(backup, "status/summary"), HasSubstr("list"));
  EXPECT_TRUE(Archives().empty());
  // The rest of its work needs no more than the role has.
  Create(kSets,
         "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: maps}, "
         "resourceSelectors: [{apiVersion: v1, kinds: [configmaps], namespaces: [app]}]}");
  CreateBackup("allowed", "{resourceSetName: maps, schedule: '@every 1s', retentionCount: 1}");
  AwaitBackup("allowed", [](const Json& b) { return At(b, "status/history").size() >= 2; });
  EXPECT_THAT(EventReasons("allowed"), ::testing::Contains("BackupCompleted"));
}

}  // namespace
}  // namespace holdfast::tests
