// An API server that cannot be reached, trusted or read: the error says so, and nothing is stored.
#include "base/clock.h"
#include "testbed/kubeconfig.h"
#include "testbed/ports.h"
#include "tests/cli_rig.h"
#include "tests/plane_client.h"

namespace holdfast::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(CliTest, AServerThatRefusesTheConnectionIsNamed) {
  auto port = Must(testbed::PortReservation::Take());
  std::string url = "https://127.0.0.1:" + std::to_string(port.port());
  std::string config = KubeconfigWithServer(url);
  Outcome outcome = Backup(Set("configmaps", "small"), config);
  ExpectFailure(outcome, {"nothing was stored", "cannot connect to " + url, "connection refused",
                          "address and port"});
  EXPECT_THAT(StoreFiles(), IsEmpty());

  for (const Words& args : {Words{"restore", "x.tar.gz", "--plan", "--store", store()},
                            Words{"resource-set", "explain", Set("configmaps", "small")}}) {
    Words with = args;
    with.insert(with.end(), {"--kubeconfig", config});
    // An archive that is not there is said before or after; the server must not hide it.
    if (args[0] == "restore") folder().Write("store/x.tar.gz", "x");
    outcome = Holdfast(with);
    EXPECT_EQ(outcome.code, 1) << ToText(outcome);
    EXPECT_THAT(outcome.err, HasSubstr("error: "));
  }
}

TEST_F(CliTest, AServerWhoseCertificateAnotherCaSignedIsNotTrusted) {
  testbed::KubeconfigParts parts;
  parts.server = plane().server_url();
  parts.ca_file = plane().wrong_ca_file();
  parts.cert_file = plane().client_cert_file();
  parts.key_file = plane().client_key_file();
  std::string config = folder().Write("kubeconfig", testbed::KubeconfigText(parts));
  Outcome outcome = Backup(Set("configmaps", "small"), config);
  ExpectFailure(outcome, {"the certificate of " + plane().server_url(), "cannot be trusted", config,
                          "give the CA certificate of this server"});
  EXPECT_THAT(StoreFiles(), IsEmpty());
}

// A token that has expired and one that never was get the same answer from an API server.
TEST_F(CliTest, ATokenThatIsNotAcceptedIsNamedAndNotShown) {
  testbed::KubeconfigParts parts;
  parts.server = plane().server_url();
  parts.ca_file = plane().ca_file();
  parts.token = "expired-token-of-the-test";
  std::string config = folder().Write("kubeconfig", testbed::KubeconfigText(parts));
  Outcome outcome = Backup(Set("configmaps", "small"), config);
  ExpectFailure(outcome, {"Unauthorized", "does not know the credential", "user \"testbed\"",
                          config, "has expired", "renew"});
  EXPECT_THAT(outcome.err, Not(HasSubstr(parts.token)));
  EXPECT_THAT(StoreFiles(), IsEmpty());
}

TEST_F(CliTest, AKindThatMayNotBeListedIsNamedWithTheRuleThatIsMissing) {
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  Create(rbac + "clusterroles", R"({"metadata":{"name":"reader"},"rules":[
{"apiGroups":[""],"resources":["namespaces","configmaps"],"verbs":["get","list"]}]})");
  Create(rbac + "clusterrolebindings", R"({"metadata":{"name":"reader"},"roleRef":
{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"reader"},"subjects":
[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"reader"}]})");
  std::string config = Must(plane().KubeconfigFor("reader"));
  // RBAC rules reach the authorizer through a watch: until then it is the first kind that fails.
  auto reader = ClientOf(config);
  Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(30));
  while (!reader->Raw({"GET", "/api/v1/configmaps?limit=1", "", "", ""}) &&
         !deadline.Passed(Clock::Real()))
    Clock::Real().Sleep(std::chrono::milliseconds(20), {});

  Outcome good = Backup(Set("configmaps", "small"), config);
  ASSERT_EQ(good.code, 0) << ToText(good);
  ASSERT_THAT(StoreFiles(), SizeIs(1));
  std::filesystem::remove_all(store());

  Outcome outcome = Backup(Set("configmaps, secrets", "small"), config);
  ExpectFailure(outcome, {"listing secrets", "nothing was stored", "is forbidden", "\"reader\"",
                          R"({apiGroups: [""], resources: ["secrets"], verbs: ["list"]})"});
  EXPECT_THAT(StoreFiles(), IsEmpty());
  // Without namespaces in the selector it is a ClusterRole that is needed.
  std::string set = folder().Write("all.yaml",
                                   "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\n"
                                   "metadata: {name: test}\nresourceSelectors:\n"
                                   "- {apiVersion: apps/v1, kinds: [deployments]}\n");
  outcome = Backup(set, config);
  ExpectFailure(outcome, {"listing deployments.apps", "ClusterRole rule",
                          R"({apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"]})"});
  EXPECT_THAT(StoreFiles(), IsEmpty());
}

// The mark that a restore leaves from before its first change until its end.
TEST_F(CliTest, AClusterWhoseRestoreHasNotEndedIsNotBackedUp) {
  const std::string maps = "/api/v1/namespaces/cattle-resources-system/configmaps";
  Create("/api/v1/namespaces", R"({"metadata":{"name":"cattle-resources-system"}})");
  Create(maps, R"({"metadata":{"name":"holdfast-restore-state"},"data":{"state":
"{\"format\":1,\"run\":\"r1\",\"archive\":\"a.tar.gz\",\"controllers\":[]}"}})");
  Outcome outcome = Backup(Set("configmaps", "small"));
  ExpectFailure(outcome, {"the restore r1 of a.tar.gz has not ended", "--abort", "--during-restore",
                          "nothing was stored"});
  EXPECT_THAT(StoreFiles(), IsEmpty());

  Words args = BackupArgs(Set("configmaps", "small"));
  args.push_back("--during-restore");
  outcome = Holdfast(args);
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(outcome.out, HasSubstr("_during-restore-"));
  EXPECT_THAT(outcome.err, HasSubstr("taken during a restore: r1 of a.tar.gz"));
  Must(ClientOf(plane().kubeconfig())->Raw({"DELETE", maps + "/holdfast-restore-state"}));
  // Of a series of its own: it holds no place among the others, and is not deleted with them.
  outcome = Backup(Set("configmaps", "small"));
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(StoreFiles(), SizeIs(2));
  outcome = Holdfast({"prune", "--name", "test", "--keep", "1", "--store", store(), "--kubeconfig",
                      plane().kubeconfig()});
  EXPECT_THAT(StoreFiles(), SizeIs(2)) << ToText(outcome);
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("error"))) << ToText(outcome);
}

}  // namespace
}  // namespace holdfast::tests
