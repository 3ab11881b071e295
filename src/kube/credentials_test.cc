#include "kube/credentials.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>

#include "base/temp_folder_for_test.h"
#include "kube/exec_credential.h"
#include "kube/test_client.h"
#include "net/test_tls.h"

namespace holdfast::kube {
namespace {

namespace fs = std::filesystem;

class FakeClock : public Clock {
 public:
  Wall Now() const override { return Wall(std::chrono::seconds(1'800'000'000)) + passed(); }
  Steady SteadyNow() const override { return Steady(std::chrono::seconds(1000)) + passed(); }
  bool Sleep(std::chrono::nanoseconds, std::stop_token) override { return true; }
  std::chrono::seconds passed() const { return std::chrono::seconds(seconds.load()); }
  std::atomic<int64_t> seconds{0};
};

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() { folder_ = TempFolderForTest(); }
  ~CredentialsTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  // A plugin that is a shell script.
  ExecConfig Plugin(const std::string& script) {
    std::string file = Write("plugin", "#!/bin/sh\n" + script);
    fs::permissions(file, fs::perms::owner_all);
    ExecConfig exec;
    exec.api_version = "client.authentication.k8s.io/v1";
    exec.command = file;
    return exec;
  }
  int Runs() {
    std::ifstream in(folder_ / "runs");
    std::string line;
    int runs = 0;
    while (std::getline(in, line)) ++runs;
    return runs;
  }
  static std::string Header(Credentials& credentials) {
    auto current = credentials.Current({});
    if (!current) return "error: " + current.error().ToString();
    return current->authorization ? std::string(current->authorization->view()) : "";
  }

  fs::path folder_;
  FakeClock clock_;
};

std::string Answer(const std::string& status) {
  return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" +
         status + "}";
}

TEST_F(CredentialsTest, FixedOnes) {
  AuthInfo token;
  token.token = SecretBytes("abc");
  Credentials bearer(std::move(token), "", QuietLog(), clock_);
  EXPECT_EQ(Header(bearer), "Bearer abc");
  EXPECT_FALSE(bearer.Refused(bearer.Current({})->generation));
  AuthInfo basic;
  basic.username = "user";
  basic.password = SecretBytes("pass word");
  Credentials password(std::move(basic), "", QuietLog(), clock_);
  EXPECT_EQ(Header(password), "Basic dXNlcjpwYXNzIHdvcmQ=");
  Credentials nobody({}, "", QuietLog(), clock_);
  EXPECT_EQ(Header(nobody), "");
}

TEST_F(CredentialsTest, TokenFileIsReadAgainEveryMinuteAndWhenRefused) {
  AuthInfo auth;
  auth.token_file = Write("token", " one\n");
  auth.token = SecretBytes("fixed");  // the file goes first
  Credentials credentials(std::move(auth), "", QuietLog(), clock_);
  EXPECT_EQ(Header(credentials), "Bearer one");
  Write("token", "two");
  clock_.seconds = 59;
  EXPECT_EQ(Header(credentials), "Bearer one");
  clock_.seconds = 60;
  EXPECT_EQ(Header(credentials), "Bearer two");
  Write("token", "three");
  uint64_t generation = credentials.Current({})->generation;
  EXPECT_TRUE(credentials.Refused(generation));
  EXPECT_EQ(Header(credentials), "Bearer three");
  // A second thread that was refused with the same old token uses the new one.
  Write("token", "four");
  EXPECT_TRUE(credentials.Refused(generation));
  EXPECT_EQ(Header(credentials), "Bearer three");
  fs::remove(folder_ / "token");
  clock_.seconds = 600;
  EXPECT_EQ(Header(credentials), "Bearer three");  // better than none
}

TEST_F(CredentialsTest, AMissingTokenFileIsAnError) {
  AuthInfo auth;
  auth.token_file = (folder_ / "none").string();
  Credentials credentials(std::move(auth), "", QuietLog(), clock_);
  auto current = credentials.Current({});
  ASSERT_FALSE(current);
  EXPECT_EQ(current.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_NE(current.error().ToString().find("none"), std::string::npos);
}

TEST_F(CredentialsTest, PluginIsRunWithWhatItNeedsAndAgainWhenItsCredentialExpires) {
  AuthInfo auth;
  // clock_ begins at 2027-01-15T08:00:00Z.
  ExecConfig exec = Plugin(
      "echo x >> " + (folder_ / "runs").string() + "\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > " +
      (folder_ / "info").string() + "\nread line\nprintf '%s' \"$1|$REGION|$line\" > " +
      (folder_ / "seen").string() + "\ncat <<END\n" +
      Answer(R"({"token":"tok","expirationTimestamp":"2027-01-15T08:10:00Z"})") + "\nEND\n");
  exec.args = {"a b; $(c)"};
  exec.env = {{"REGION", "moon"}};
  exec.provide_cluster_info = true;
  auth.exec = exec;
  Credentials credentials(std::move(auth), R"({"server":"https://x"})", QuietLog(), clock_);
  EXPECT_EQ(Header(credentials), "Bearer tok");
  EXPECT_EQ(Header(credentials), "Bearer tok");
  EXPECT_EQ(Runs(), 1);
  std::string info, seen;
  std::getline(std::ifstream(folder_ / "info"), info);
  std::getline(std::ifstream(folder_ / "seen"), seen);
  EXPECT_EQ(info,
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":)"
            R"({"interactive":false,"cluster":{"server":"https://x"}}})");
  EXPECT_EQ(seen, "a b; $(c)|moon|");
  clock_.seconds = 580;
  EXPECT_EQ(Header(credentials), "Bearer tok");
  EXPECT_EQ(Runs(), 1);
  clock_.seconds = 591;
  EXPECT_EQ(Header(credentials), "Bearer tok");
  EXPECT_EQ(Runs(), 2);
}

TEST_F(CredentialsTest, PluginFailures) {
  auto run = [&](const ExecConfig& exec) { return RunExecPlugin(exec, "", clock_, {}); };
  ExecConfig absent;
  absent.api_version = "client.authentication.k8s.io/v1";
  absent.command = "holdfast-no-such-plugin";
  absent.install_hint = "get it from the store";
  auto got = run(absent);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_EQ(got.error().hint(), "get it from the store");
  for (std::string script : std::initializer_list<std::string>{
           "echo s3cret; exit 3", "echo '{\"s3cret\":1}'", "echo s3cret",
           "echo '" + Answer("{}") + "'", "echo '" + Answer(R"({"clientKeyData":"s3cret"})") + "'",
           "echo '" + Answer(R"({"token":"s3cret","expirationTimestamp":"x"})") + "'",
           "yes s3cret"}) {
    got = run(Plugin(script));
    ASSERT_FALSE(got) << script;
    EXPECT_EQ(got.error().kind(), ErrorKind::kUnauthorized) << got.error().ToString();
    EXPECT_EQ(got.error().ToString().find("s3cret"), std::string::npos) << got.error().ToString();
  }
  EXPECT_FALSE(
      ParseExecCredential(Answer(R"({"token":"t"})"), "client.authentication.k8s.io/v1beta1"));
}

TEST_F(CredentialsTest, AStopKillsThePluginAndItsChildren) {
  std::stop_source stop;
  std::string ready = (folder_ / "ready").string();
  ExecConfig exec = Plugin("echo x > " + ready + "\nsleep 1000 & sleep 1000\n");
  Result<ExecCredential> got = ExecCredential{};
  std::jthread runner([&] {
    got = RunExecPlugin(exec, "", Clock::Real(), {Deadline::Never(), stop.get_token()});
  });
  while (!fs::exists(ready)) std::this_thread::yield();
  stop.request_stop();
  runner.join();  // would wait for the pipe that the children hold open
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kCancelled);
}

TEST_F(CredentialsTest, A401RunsThePluginOnceMore) {
  std::vector<std::string> seen;
  net::TestServer server([&](const net::TestRequest& r, net::TestReply& reply) {
    seen.push_back(r.headers.at("authorization"));
    if (seen.back() == "Bearer good") return reply.Respond(200, "ok");
    reply.Respond(401, StatusBody(401, "Unauthorized", "Unauthorized"));
  });
  std::string runs = (folder_ / "runs").string();
  ExecConfig exec = Plugin("echo x >> " + runs + "\nif [ $(wc -l < " + runs +
                           ") = 2 ]; then token=good; else token=bad; fi\necho '" +
                           Answer(R"({"token":"'$token'"})") + "'\n");
  ClientConfig config = ConfigFor(server.url());
  config.data().auth.exec = exec;
  auto client = std::move(Client::Create(std::move(config), FastOptions(), QuietLog()).value());
  auto got = client->Raw({.path = "/x"});
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(seen, (std::vector<std::string>{"Bearer bad", "Bearer good"}));
  EXPECT_TRUE(client->Raw({.path = "/x"}));
  EXPECT_EQ(Runs(), 2);
}

TEST_F(CredentialsTest, APluginsClientCertificateIsUsed) {
  net::TestCertificate ca = net::MakeCertificate("ca", "", nullptr);
  net::TestCertificate server_cert = net::MakeCertificate("s", "IP:127.0.0.1", &ca);
  net::TestCertificate user = net::MakeCertificate("user", "", &ca);
  auto context = net::MakeServerContext(server_cert, &ca);
  net::TestServer server(
      [](const net::TestRequest&, net::TestReply& reply) { reply.Respond(200, "in"); },
      context.get());
  auto escape = [](std::string pem) {
    for (size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2)
      pem.replace(at, 1, "\\n");
    return pem;
  };
  std::string answer =
      Write("answer", Answer(R"({"clientCertificateData":")" + escape(user.cert_pem) +
                             R"(","clientKeyData":")" + escape(user.key_pem) + "\"}"));
  ClientConfig config = ConfigFor(server.url());
  config.data().tls.ca_pem = ca.cert_pem;
  config.data().auth.exec = Plugin("cat " + answer);
  auto client = std::move(Client::Create(std::move(config), FastOptions(), QuietLog()).value());
  auto got = client->Raw({.path = "/x"});
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(*got, "in");
}

}  // namespace
}  // namespace holdfast::kube
