#include "kube/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/temp_folder_for_test.h"
#include "kube/config_data.h"
#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"
#include "kube/text_file.h"

namespace holdfast::kube {
namespace {

namespace fs = std::filesystem;

// A folder of the test's own, and the environment variables that the loading looks at.
class Config : public testing::Test {
 protected:
  Config() {
    folder_ = TempFolderForTest();
    for (const char* variable :
         {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"})
      unsetenv(variable);
    setenv("HOME", folder_.c_str(), 1);
  }
  ~Config() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  static Result<ClientConfig::Data> Load(const std::string& file, const std::string& context = "") {
    Result<ClientConfig> config = ClientConfig::Load({file, context});
    if (!config) return Fail(config.error());
    return std::move(config->data());
  }

  fs::path folder_;
};

// One cluster, user and context of the given fields (each "key: value" lines, indented by 4).
std::string Kubeconfig(const std::string& cluster, const std::string& user,
                       const std::string& name = "a") {
  return "apiVersion: v1\nkind: Config\nclusters:\n- name: " + name + "\n  cluster:\n" + cluster +
         "\nusers:\n- name: " + name + "\n  user:\n" + user + "\ncontexts:\n- name: " + name +
         "\n  context: {cluster: " + name + ", user: " + name + ", namespace: ns-" + name +
         "}\ncurrent-context: " + name + "\n";
}

const std::string kServer = "    server: https://10.0.0.1:6443/";

TEST_F(Config, FilesDataAndRelativePaths) {
  Write("pki/ca.pem", "CA");
  Write("pki/user.pem", "CERT");
  Write("pki/user.key", "KEY");
  std::string file = Write(
      "config", Kubeconfig(kServer + "\n    certificate-authority: pki/ca.pem\n"
                                     "    tls-server-name: api.test\n"
                                     "    proxy-url: http://proxy:3128",
                           "    client-certificate: pki/user.pem\n    client-key: pki/user.key"));
  auto data = Load(file);
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->server, "https://10.0.0.1:6443");
  EXPECT_EQ(data->default_namespace, "ns-a");
  EXPECT_EQ(data->tls.ca_pem, "CA");
  EXPECT_EQ(data->tls.cert_pem, "CERT");
  EXPECT_EQ(data->tls.key_pem.view(), "KEY");
  EXPECT_EQ(data->tls.server_name, "api.test");
  EXPECT_EQ(data->proxy_url, "http://proxy:3128");
  EXPECT_EQ(data->auth.origin, "user \"a\" in " + file);

  // -data goes before the file.
  file = Write("inline", Kubeconfig(kServer + "\n    certificate-authority: pki/ca.pem\n"
                                              "    certificate-authority-data: Q0EgMg==",
                                    "    client-certificate-data: Q0VSVCAy\n"
                                    "    client-key-data: S0VZIDI="));
  data = Load(file);
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->tls.ca_pem, "CA 2");
  EXPECT_EQ(data->tls.cert_pem, "CERT 2");
  EXPECT_EQ(data->tls.key_pem.view(), "KEY 2");
}

TEST_F(Config, OfSeveralFilesTheFirstWinsANameAndTheRestIsMerged) {
  std::string one = Write("1/config", Kubeconfig("    server: https://one", "    token: t1", "a"));
  std::string two = Write("2/config", Kubeconfig("    server: https://two", "    token: t2", "a"));
  Write("3/token", "t3");
  std::string three =
      Write("3/config", Kubeconfig("    server: https://three", "    tokenFile: token", "b"));
  setenv("KUBECONFIG", (one + "::/does/not/exist:" + two + ":" + three).c_str(), 1);
  auto data = Load("");
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->server, "https://one");
  EXPECT_EQ(data->auth.token.view(), "t1");
  data = Load("", "b");
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->server, "https://three");
  EXPECT_EQ(data->auth.token_file, (folder_ / "3/token").string());
  data = Load(two);  // --kubeconfig goes before KUBECONFIG
  ASSERT_TRUE(data);
  EXPECT_EQ(data->server, "https://two");
}

TEST_F(Config, JsonIsYamlAndUnknownFieldsAreLeftAlone) {
  std::string file = Write("config", R"({"apiVersion":"v1","kind":"Config","preferences":{},
    "clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:8080","extensions":[{"x":1}]}}],
    "contexts":[{"name":"x","context":{"cluster":"c"}}],"current-context":"x","new":true})");
  auto data = Load(file);
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->server, "http://127.0.0.1:8080");
  EXPECT_EQ(data->default_namespace, "default");
}

TEST_F(Config, ExecPlugin) {
  std::string file = Write("config", Kubeconfig(kServer, R"(    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/plugin
      args: [get, "a b"]
      env: [{name: REGION, value: x}]
      installHint: install it
      interactiveMode: IfAvailable
      provideClusterInfo: true)"));
  auto data = Load(file);
  ASSERT_TRUE(data) << data.error().ToString();
  ASSERT_TRUE(data->auth.exec);
  EXPECT_EQ(data->auth.exec->command, (folder_ / "bin/plugin").string());
  EXPECT_EQ(data->auth.exec->args, (std::vector<std::string>{"get", "a b"}));
  EXPECT_EQ(data->auth.exec->env[0].second, "x");
  EXPECT_TRUE(data->auth.exec->provide_cluster_info);
}

TEST_F(Config, Impersonation) {
  std::string file = Write("config", Kubeconfig(kServer, R"(    as: bob
    as-uid: "7"
    as-groups: [g1, g2]
    as-user-extra: {"scope/x": [v]})"));
  auto data = Load(file);
  ASSERT_TRUE(data) << data.error().ToString();
  std::string all;
  for (const auto& header : data->auth.impersonate) all += header.name + "=" + header.value + ";";
  EXPECT_EQ(all,
            "Impersonate-User=bob;Impersonate-Uid=7;Impersonate-Group=g1;Impersonate-Group=g2;"
            "Impersonate-Extra-scope%2Fx=v;");
}

TEST_F(Config, WhatIsWrongIsNamed) {
  const std::string user = "    token: t0ps3cret";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a: [", "is not YAML: line"},
      {"- 1", "not a mapping"},
      {"kind: Pod", "kind is not Config"},
      {"clusters: 1", "clusters must be a list"},
      {"clusters: [{cluster: {}}]", "without a name"},
      {"clusters: [{name: x, cluster: 1}]", "must be a mapping"},
      {"clusters: [{name: x}, {name: x}]", "two entries named \"x\""},
      {Kubeconfig("    x: 1", user), "cluster \"a\" in FILE: server is missing"},
      {Kubeconfig("    server: 10.0.0.1", user), "server must begin with https://"},
      {Kubeconfig("    server: [1]", user), "server must be a string"},
      {Kubeconfig(kServer + "\n    certificate-authority-data: '%%'", user),
       "certificate-authority-data is not base64"},
      {Kubeconfig(kServer + "\n    certificate-authority: nowhere.pem", user), "nowhere.pem"},
      {Kubeconfig(kServer + "\n    insecure-skip-tls-verify: maybe", user), "true or false"},
      {Kubeconfig(kServer + "\n    insecure-skip-tls-verify: true\n"
                            "    certificate-authority-data: Q0E=",
                  user),
       "contradict"},
      {Kubeconfig(kServer + "\n    proxy-url: proxy:1", user), "proxy-url must begin"},
      {Kubeconfig(kServer, user + "\n    username: u"), "token and username are both given"},
      {Kubeconfig(kServer, "    client-certificate-data: Q0E="), "one is missing"},
      {Kubeconfig(kServer, "    auth-provider: {name: gcp}"), "auth-provider is not supported"},
      {Kubeconfig(kServer, "    exec: {command: x}"), "exec: apiVersion is \"\""},
      {Kubeconfig(kServer, "    exec: {apiVersion: client.authentication.k8s.io/v1}"),
       "command is missing"},
      {Kubeconfig(kServer,
                  "    exec: {apiVersion: client.authentication.k8s.io/v1, command: x, "
                  "interactiveMode: Always}"),
       "interactiveMode is Always"},
      {Kubeconfig(kServer, "    as-groups: [g]"), "need as"},
      {"contexts: [{name: x, context: {cluster: y}}]", "no current-context"},
      {"contexts: [{name: x, context: {cluster: y}}]\ncurrent-context: z",
       "context \"z\" does not exist"},
      {"contexts: [{name: x, context: {cluster: y}}]\ncurrent-context: x",
       "names the cluster \"y\", which does not exist"},
      {"apiVersion: v1", "names no context"},
  };
  for (auto [text, want] : cases) {
    std::string file = Write("config", text);
    auto data = Load(file);
    ASSERT_FALSE(data) << text;
    std::string got = data.error().ToString();
    if (size_t at = want.find("FILE"); at != std::string::npos) want.replace(at, 4, file);
    EXPECT_NE(got.find(want), std::string::npos) << got << "\nwanted: " << want;
    EXPECT_NE(got.find(file), std::string::npos) << got;
    EXPECT_EQ(got.find("t0ps3cret"), std::string::npos);
  }
}

TEST_F(Config, WhereItComesFrom) {
  auto data = Load("");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind(), ErrorKind::kNotFound);
  EXPECT_NE(data.error().hint().find("--kubeconfig"), std::string::npos);
  data = Load((folder_ / "nowhere").string());
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind(), ErrorKind::kNotFound);
  EXPECT_NE(data.error().ToString().find("nowhere"), std::string::npos);

  Write(".kube/config", Kubeconfig(kServer, "    token: t"));
  data = Load("");
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->server, "https://10.0.0.1:6443");
  setenv("KUBECONFIG", "/does/not/exist", 1);
  data = Load("");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().kind(), ErrorKind::kNotFound);
}

TEST_F(Config, InAPod) {
  EXPECT_FALSE(InClusterConfig({"", "", folder_}).value());
  auto none = InClusterConfig({"10.0.0.1", "443", folder_});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kNotFound);
  EXPECT_NE(none.error().hint().find("automountServiceAccountToken"), std::string::npos);
  Write("ca.crt", "CA");
  Write("token", "t\n");
  Write("namespace", "mine\n");
  auto data = InClusterConfig({"fd00::1", "443", folder_});
  ASSERT_TRUE(data);
  ASSERT_TRUE(*data);
  EXPECT_EQ((*data)->server, "https://[fd00::1]:443");
  EXPECT_EQ((*data)->default_namespace, "mine");
  EXPECT_EQ((*data)->tls.ca_pem, "CA");
  EXPECT_EQ((*data)->auth.token_file, (folder_ / "token").string());
}

TEST(Base64, Roundtrip) {
  for (size_t size = 0; size < 20; ++size) {
    std::string bytes(size, '\xfe');
    EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)).value(), bytes);
  }
  EXPECT_EQ(DecodeBase64("QU\nJD\n").value(), "ABC");
  for (std::string bad : {"A", "QUJ", "QUJD!", "QQ=", "Q=Q="})
    EXPECT_FALSE(DecodeBase64(bad)) << bad;
}

}  // namespace
}  // namespace holdfast::kube
