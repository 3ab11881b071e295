// What others see of the operator: health, metrics, notifications; and CRDs that are missing or
// old.
#include <mutex>

#include "net/http_server.h"
#include "tests/operator/rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kCrds[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

// The CRDs are installed by the first test, and made those of an older chart by the last.
class OperatorHealth : public OperatorTest {
 protected:
  static void SetUpTestSuite() {
    StartPlane();
    for (const char* ns : {kNs, "kube-system"})
      if (Get("/api/v1/namespaces/" + std::string(ns)).is_null())
        Create("/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + "\"}}");
  }
  static void Install() {
    if (!Get(std::string(kCrds) + "/backups.resources.cattle.io").is_null()) return;
    InstallCrds();
    MakeAppNamespace();
  }
  void TearDown() override {
    Install();
    OperatorTest::TearDown();
  }
};

TEST_F(OperatorHealth, CrdsThatAreMissingAreWaitedFor) {
  Start();
  ASSERT_TRUE(Eventually([&] {
    testbed::HttpAnswer ready = op().Page("/readyz");
    return ready.code == 503 &&
           ready.body.find("helm install rancher-backup-crd") != std::string::npos;
  }));
  EXPECT_EQ(op().Page("/healthz").code, 200);
  Install();
  ASSERT_TRUE(Eventually([&] { return op().Page("/readyz").code == 200; }));
  CreateBackup("late", "{resourceSetName: app}");
  AwaitBackup("late", "Completed");
}

TEST_F(OperatorHealth, MetricsAreTheReferences) {
  Install();
  Start();
  EXPECT_THAT(op().Page("/metrics").body, HasSubstr("\nrancher_backup_count 0\n"));
  CreateBackup("shown", "{resourceSetName: app}");
  Json backup = AwaitBackup("shown", "Completed");
  CreateBackup("fails", "{resourceSetName: nope, schedule: '@daily'}");
  AwaitBackup("fails", "Retrying");
  std::string text;
  ASSERT_TRUE(Eventually([&] {
    text = op().Page("/metrics").body;
    return text.find("\nrancher_backup_count 2\n") != std::string::npos &&
           text.find("name=\"fails\",status=\"resourcesets") != std::string::npos &&
           text.find("status=\"Completed\"") != std::string::npos;
  })) << text;
  EXPECT_THAT(text,
              HasSubstr("rancher_backup_info{name=\"shown\",status=\"Completed\","
                        "resourceSetName=\"app\",retentionCount=\"0\",backupType=\"One-time\","
                        "filename=\"" +
                        TextAt(backup, "status/filename") +
                        "\",storageLocation=\"PV\",nextSnapshot=\"N/A - One-time Backup\","
                        "lastSnapshot=\"" +
                        TextAt(backup, "status/lastSnapshotTs") + "\"} 1\n"));
  for (const char* line :
       {"# HELP rancher_backups_attempted_total Number of Rancher Backups processed by this "
        "operator\n# TYPE rancher_backups_attempted_total counter\n",
        "rancher_backups_attempted_total{name=\"shown\"} 1\n",
        "rancher_backups_failed_total{name=\"shown\"} 0\n",
        "rancher_backup_duration_seconds_bucket{name=\"shown\",le=\"120\"} 1\n",
        "rancher_backup_duration_seconds_count{name=\"shown\"} 1\n",
        "rancher_backup_last_processed_timestamp_seconds{name=\"shown\"} 1",
        "holdfast_backup_verified{name=\"shown\"} 1\n", "holdfast_leader 1\n",
        "rancher_restore_count 0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_EQ(op().Page("/other").code, 404);
}

TEST_F(OperatorHealth, APortThatIsTakenIsNoReasonToEnd) {
  Install();
  Start();
  uint16_t port = op().port();
  // Another one, in another namespace: both lead.
  Settings settings = Environment(
      {{"HOLDFAST_LISTEN", "127.0.0.1:" + std::to_string(port)}, {"CHART_NAMESPACE", "app"}});
  Operator second(plane().kubeconfig(), settings);
  second.AwaitLeading();
  EXPECT_THAT(second.Log(), HasSubstr("no metrics and no health pages"));
  EXPECT_EQ(second.Terminate().code, 0);
}

TEST_F(OperatorHealth, RunsAreToldOf) {
  Install();
  std::mutex mutex;
  Names heard;  // path and body
  auto server = Must(net::HttpServer::Start({.address = "127.0.0.1", .port = 0},
                                            [&](const net::ServerRequest& request) {
                                              std::lock_guard lock(mutex);
                                              heard.push_back(request.path + " " + request.body);
                                              return net::ServerAnswer{};
                                            }));
  std::string url = "http://127.0.0.1:" + std::to_string(server->port());
  Json secret = {{"metadata", {{"name", "tell"}}},
                 {"stringData",
                  {{"start", url + "/start"},
                   {"success", url + "/success\n"},
                   {"failure", url + "/failure"},
                   {"url", url + "/hook"}}}};
  Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets", secret.dump());
  Start({{"HOLDFAST_NOTIFICATIONS", R"({"slack":{"secretName":"tell"}})"}});
  const std::string both =
      "notifications: {heartbeat: {secretName: tell}, webhook: {secretName: tell, body: "
      "'{\"msg\":\"{{backup}}: {{summary}}\"}'}}";
  CreateBackup("told", "{resourceSetName: app, " + both + "}");
  AwaitBackup("told", "Completed");
  CreateBackup("told-bad", "{resourceSetName: no-such, " + both + "}");
  AwaitBackup("told-bad", "Retrying");
  CreateBackup("by-default", "{resourceSetName: no-such-too}");
  AwaitBackup("by-default", "Retrying");
  CreateRestore("lost", "{backupFilename: gone.tar.gz}");
  AwaitRestore("lost", "Retrying");
  CreateRestore("told-lost", "{backupFilename: gone.tar.gz, " + both + "}");
  AwaitRestore("told-lost", "Retrying");
  auto has = [&](const std::string& part) {
    std::lock_guard lock(mutex);
    for (const std::string& text : heard)
      if (text.find(part) != std::string::npos) return true;
    return false;
  };
  for (const char* part :
       {"/start {\"backup\":\"told\",\"event\":\"start\"", "/success {\"backup\":\"told\"",
        "/failure {\"backup\":\"told-bad\"", "/hook {\"msg\":\"told-bad: resourcesets",
        "/hook {\"text\":\"Backup by-default failed: resourcesets",
        "/hook {\"text\":\"Restore lost failed: ", "/failure {\"restore\":\"told-lost\"",
        "/hook {\"msg\":\"told-lost: "})
    EXPECT_TRUE(Eventually([&] { return has(part); })) << part;
  EXPECT_FALSE(has("/failure {\"backup\":\"told\""));
  // A service that is away harms nobody.
  server.reset();
  CreateBackup("unheard", "{resourceSetName: app, " + both + "}");
  AwaitBackup("unheard", "Completed");
}

// The reference's CRD: the server drops what it does not know.
TEST_F(OperatorHealth, WithAnOlderCrdItWorks) {
  Install();
  std::string path = std::string(kCrds) + "/backups.resources.cattle.io";
  Json crd = Get(path);
  Json& status = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
  for (const char* field :
       {"phase", "runStarted", "lastRunNow", "progress", "lastResult", "history"})
    status["properties"].erase(field);
  ASSERT_EQ(Must(plane().Request("PUT", path, crd.dump())).code, 200);
  Start();
  CreateBackup("old", "{resourceSetName: app, schedule: '0 0 1 1 *'}");
  Json backup = AwaitBackup("old", "Completed");
  ASSERT_TRUE(Eventually(
      [&] { return op().Log().find("the CRD is of an older chart") != std::string::npos; }));
  // Asked once, it runs once.
  Patch(std::string(kBackups) + "/old",
        R"({"metadata":{"annotations":{"holdfast.io/run-now":"1"}}})");
  ASSERT_TRUE(Eventually([&] { return Archives().size() == 2; }));
  CreateBackup("after", "{resourceSetName: app}");
  AwaitBackup("after", "Completed");
  EXPECT_THAT(Archives(), SizeIs(3));
}

}  // namespace
}  // namespace holdfast::tests
