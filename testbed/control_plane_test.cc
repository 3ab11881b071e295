#include "testbed/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "testbed/kubeconfig.h"

namespace holdfast::testbed {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// A request with a token, or with nothing when it is empty.
Result<HttpAnswer> AsUser(const ControlPlane& plane, const std::string& token,
                          const std::string& path) {
  HttpCall call;
  call.url = plane.server_url() + path;
  call.bearer_token = token;
  call.ca_file = plane.ca_file();
  return Http(call);
}

std::string ConfigMap(const std::string& name) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"("}})";
}

constexpr char kConfigMaps[] = "/api/v1/namespaces/default/configmaps";

class ControlPlaneTest : public ::testing::Test {
 protected:
  void Start(ControlPlaneOptions options = {}) {
    auto started = ControlPlane::Start(std::move(options));
    ASSERT_TRUE(started) << started.error().ToString();
    plane_ = std::move(*started);
  }
  HttpAnswer Request(std::string_view method, std::string_view path, std::string_view body = "") {
    auto answer = plane_->Request(method, path, body);
    EXPECT_TRUE(answer) << answer.error().ToString();
    return answer.value_or(HttpAnswer{});
  }
  std::unique_ptr<ControlPlane> plane_;
};

TEST_F(ControlPlaneTest, IsReadyAndHasTheVersionAndTheUsersThatItPromises) {
  ControlPlaneOptions options;
  options.users = {{"nobody", "", {}}, {"boss", "boss-token", {"system:masters", "others"}}};
  Start(options);
  EXPECT_EQ(Request("GET", "/readyz").body, "ok");
  Json version = Json::parse(Request("GET", "/version").body);
  EXPECT_EQ(version["major"], "1");
  EXPECT_EQ(version["minor"], "36");
  EXPECT_THAT(version["gitVersion"].get<std::string>(), HasSubstr("v1.36."));

  const TokenUser& nobody = plane_->users().at(0);
  EXPECT_EQ(AsUser(*plane_, nobody.token, "/apis")->code, 200);
  auto secrets = AsUser(*plane_, nobody.token, "/api/v1/secrets");
  EXPECT_EQ(secrets->code, 403);
  EXPECT_THAT(secrets->body, HasSubstr("nobody"));
  EXPECT_EQ(AsUser(*plane_, "boss-token", "/api/v1/secrets")->code, 200);
  EXPECT_EQ(AsUser(*plane_, "no-such-token", "/api/v1/secrets")->code, 401);

  EXPECT_THAT(ReadFile(plane_->kubeconfig()).value(), HasSubstr(plane_->server_url()));
  EXPECT_THAT(ReadFile(plane_->KubeconfigFor("boss").value()).value(), HasSubstr("boss-token"));
  EXPECT_FALSE(plane_->KubeconfigFor("stranger"));

  HttpCall wrong_ca;
  wrong_ca.url = plane_->server_url() + "/readyz";
  wrong_ca.ca_file = plane_->wrong_ca_file();
  EXPECT_FALSE(Http(wrong_ca));
}

TEST_F(ControlPlaneTest, SeveralRunSideBySideAndShareNothing) {
  std::array<Result<std::unique_ptr<ControlPlane>>, 2> planes;
  {
    std::vector<std::jthread> threads;
    for (auto& plane : planes) threads.emplace_back([&plane] { plane = ControlPlane::Start(); });
  }
  for (auto& plane : planes) ASSERT_TRUE(plane) << plane.error().ToString();
  EXPECT_EQ((*planes[0])->Request("POST", kConfigMaps, ConfigMap("only-here"))->code, 201);
  EXPECT_EQ((*planes[0])->Request("GET", std::string(kConfigMaps) + "/only-here")->code, 200);
  EXPECT_EQ((*planes[1])->Request("GET", std::string(kConfigMaps) + "/only-here")->code, 404);
  // Neither trusts the other's certificates.
  HttpCall stranger;
  stranger.url = (*planes[1])->server_url() + "/readyz";
  stranger.ca_file = (*planes[0])->ca_file();
  EXPECT_FALSE(Http(stranger));
}

TEST_F(ControlPlaneTest, KeepsItsObjectsOverARestartOnTheSamePort) {
  Start();
  std::string url = plane_->server_url();
  ASSERT_EQ(Request("POST", kConfigMaps, ConfigMap("kept")).code, 201);
  auto before = plane_->Pid(Component::kApiServer);
  ASSERT_TRUE(before);
  EXPECT_FALSE(plane_->StartApiServer()) << "it is running";
  ASSERT_TRUE(plane_->StopApiServer());
  EXPECT_FALSE(plane_->Pid(Component::kApiServer));
  EXPECT_FALSE(plane_->Request("GET", "/readyz"));
  Status restarted = plane_->StartApiServer();
  ASSERT_TRUE(restarted) << restarted.error().ToString();
  EXPECT_EQ(plane_->server_url(), url);
  EXPECT_NE(*plane_->Pid(Component::kApiServer), *before);
  EXPECT_EQ(Request("GET", std::string(kConfigMaps) + "/kept").code, 200);
}

TEST_F(ControlPlaneTest, EtcdCanBeCompactedAndChangedBehindTheServersBack) {
  ControlPlaneOptions options;
  options.feature_gates = {"ListFromCacheSnapshot=false"};
  Start(options);
  Json list = Json::parse(Request("GET", kConfigMaps).body);
  std::string revision = list["metadata"]["resourceVersion"];
  ASSERT_EQ(Request("POST", kConfigMaps, ConfigMap("doomed")).code, 201);
  std::string exact =
      std::string(kConfigMaps) + "?resourceVersionMatch=Exact&resourceVersion=" + revision;
  EXPECT_EQ(Request("GET", exact).code, 200);
  Status compacted = plane_->etcd().Compact();
  ASSERT_TRUE(compacted) << compacted.error().ToString();
  EXPECT_EQ(Request("GET", exact).code, 410);

  const Etcd& etcd = plane_->etcd();
  EXPECT_EQ(etcd.CountPrefix("/registry/configmaps/default/").value_or(-1), 1);
  EXPECT_THAT(etcd.Get("/registry/configmaps/default/doomed").value().value_or(""),
              HasSubstr("doomed"));
  EXPECT_EQ(etcd.DeletePrefix("/registry/configmaps/default/").value_or(-1), 1);
  EXPECT_EQ(etcd.Get("/registry/configmaps/default/doomed").value(), std::nullopt);
  EXPECT_EQ(Request("GET", std::string(kConfigMaps) + "/doomed").code, 404);
  ASSERT_TRUE(etcd.Put("/some/key", std::string("\0\xff", 2)));
  EXPECT_EQ(etcd.Get("/some/key").value().value_or(""), std::string("\0\xff", 2));
}

TEST_F(ControlPlaneTest, AuditShowsEveryWrite) {
  ControlPlaneOptions options;
  options.audit_log = true;
  Start(options);
  ASSERT_EQ(Request("POST", kConfigMaps, ConfigMap("a")).code, 201);
  ASSERT_EQ(Request("GET", std::string(kConfigMaps) + "/a").code, 200);
  ASSERT_EQ(Request("DELETE", std::string(kConfigMaps) + "/a").code, 200);
  auto events = plane_->AuditEvents();
  ASSERT_TRUE(events) << events.error().ToString();
  std::vector<std::string> writes;
  int reads = 0;
  for (const AuditEvent& event : *events) {
    if (event.user != "admin") continue;
    if (event.IsWrite())
      writes.push_back(event.verb + " " + std::to_string(event.code));
    else if (event.uri == std::string(kConfigMaps) + "/a")
      ++reads;
  }
  EXPECT_THAT(writes, ::testing::ElementsAre("create 201", "delete 200"));
  EXPECT_EQ(reads, 1);
}

TEST_F(ControlPlaneTest, TheControllerManagerMakesServiceAccountsAndCollectsGarbage) {
  ControlPlaneOptions options;
  options.controller_manager = true;
  Start(options);
  // Nothing announces it: the manager's loops run by themselves.
  Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(60));
  while (Request("GET", "/api/v1/namespaces/default/serviceaccounts/default").code != 200 &&
         !deadline.Passed(Clock::Real())) {
    Clock::Real().Sleep(std::chrono::milliseconds(50), {});
  }
  EXPECT_EQ(Request("GET", "/api/v1/namespaces/default/serviceaccounts/default").code, 200);
}

TEST_F(ControlPlaneTest, AServerThatDoesNotStartSaysWhy) {
  ControlPlaneOptions options;
  options.api_server_args = {"--no-such-flag"};
  auto started = ControlPlane::Start(options);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().ToString(), HasSubstr("kube-apiserver ended (exit code 1)"));
  EXPECT_THAT(started.error().ToString(), HasSubstr("unknown flag: --no-such-flag"));
}

// The owner is a process of its own that dies by SIGKILL with all components up.
TEST_F(ControlPlaneTest, EverythingGoesWhenTheOwnerIsKilled) {
  int out[2];
  ASSERT_EQ(pipe(out), 0);
  pid_t owner = fork();
  ASSERT_GE(owner, 0);
  struct Told {
    pid_t etcd = -1, api_server = -1;
    char dir[256] = "";
  } told;
  if (owner == 0) {
    auto plane = ControlPlane::Start();
    if (plane) {
      told.etcd = (*plane)->Pid(Component::kEtcd).value_or(-1);
      told.api_server = (*plane)->Pid(Component::kApiServer).value_or(-1);
      (*plane)->dir().string().copy(told.dir, sizeof told.dir - 1);
    }
    (void)!write(out[1], &told, sizeof told);
    pause();
    _exit(0);
  }
  close(out[1]);
  ASSERT_EQ(read(out[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
  close(out[0]);
  ASSERT_GT(told.etcd, 0);
  ASSERT_GT(told.api_server, 0);
  ASSERT_TRUE(std::filesystem::exists(told.dir));
  int ends[2] = {static_cast<int>(syscall(SYS_pidfd_open, told.etcd, 0)),
                 static_cast<int>(syscall(SYS_pidfd_open, told.api_server, 0))};
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  for (int end : ends) {
    pollfd fd{end, POLLIN, 0};
    EXPECT_EQ(poll(&fd, 1, 20'000), 1) << "a component still runs";
    close(end);
  }
  Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(20));
  while (std::filesystem::exists(told.dir) && !deadline.Passed(Clock::Real())) {
    Clock::Real().Sleep(std::chrono::milliseconds(5), {});
  }
  EXPECT_FALSE(std::filesystem::exists(told.dir));
}

}  // namespace
}  // namespace holdfast::testbed
