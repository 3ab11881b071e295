#include "tests/cli_rig.h"

#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

#include "base/temp_folder_for_test.h"
#include "testbed/kubeconfig.h"
#include "tests/plane_client.h"

namespace holdfast::tests {
namespace fs = std::filesystem;

Folder::Folder() { path_ = TempFolderForTest(); }

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Folder::Write(const std::string& name, std::string_view text) const {
  fs::create_directories((path_ / name).parent_path());
  std::ofstream file(path_ / name, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + name);
  return path_ / name;
}

Words Folder::Names(const std::string& below) const {
  Words names;
  fs::path folder = below.empty() ? path_ : path_ / below;
  if (!fs::exists(folder)) return names;
  for (const auto& file : fs::directory_iterator(folder)) names.push_back(file.path().filename());
  return names;
}

void ExpectFailure(const Outcome& outcome, const Words& words) {
  EXPECT_EQ(outcome.code, 1) << ToText(outcome);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("error: "));
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("hint: "));
  for (const std::string& word : words) EXPECT_THAT(outcome.err, ::testing::HasSubstr(word));
}

void CliTest::SetUpTestSuite() {
  testbed::ControlPlaneOptions options;
  options.users = {{"reader", "", {}}};
  options.audit_log = true;
  plane_ = Must(testbed::ControlPlane::Start(std::move(options))).release();
  for (const char* ns : {"small", "big"})
    Create("/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + "\"}}");
  for (const char* kind : {"configmaps", "secrets"})
    Create("/api/v1/namespaces/small/" + std::string(kind), R"({"metadata":{"name":"one"}})");
  std::mt19937_64 random(1);
  constexpr size_t kMaps = 12;
  for (size_t i = 0; i < kMaps; ++i) {
    std::string text;
    while (text.size() < kBigBytes / kMaps) text += char('0' + random() % 64);
    for (char& c : text)
      if (c == '\\') c = 'z';
    Create("/api/v1/namespaces/big/configmaps", R"({"metadata":{"name":"c)" + std::to_string(i) +
                                                    R"("},"data":{"text":")" + text + "\"}}");
  }
}

void CliTest::TearDownTestSuite() {
  delete plane_;
  plane_ = nullptr;
}

uint16_t CliTest::server_port() {
  const std::string& url = plane_->server_url();
  return static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

void CliTest::Create(const std::string& path, const std::string& body) {
  auto answer = Must(plane_->Request("POST", path, body));
  if (answer.code != 201 && answer.code != 409)
    throw std::runtime_error("POST " + path + ": " + answer.body);
}

size_t CliTest::Writes() {
  size_t count = 0;
  for (const testbed::AuditEvent& event : Must(plane_->AuditEvents()))
    count += event.IsWrite() && !event.user.starts_with("system:") ? 1 : 0;
  return count;
}

size_t CliTest::Lists(const std::string& user) {
  size_t count = 0;
  for (const testbed::AuditEvent& event : Must(plane_->AuditEvents()))
    count += event.verb == "list" && event.user == user ? 1 : 0;
  return count;
}

std::string CliTest::Set(const std::string& kinds, const std::string& ns) const {
  return folder_.Write("set.yaml",
                       "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\n"
                       "metadata: {name: test}\nresourceSelectors:\n- {apiVersion: v1, kinds: [" +
                           kinds + "], namespaces: [" + ns + "]}\n");
}

std::string CliTest::KubeconfigWithServer(const std::string& url) const {
  testbed::KubeconfigParts parts;
  parts.server = url;
  parts.ca_file = plane_->ca_file();
  parts.cert_file = plane_->client_cert_file();
  parts.key_file = plane_->client_key_file();
  return folder_.Write("kubeconfig", testbed::KubeconfigText(parts));
}

Words CliTest::BackupArgs(const std::string& set, const std::string& kubeconfig) const {
  return {"backup",
          "--resource-set",
          set,
          "--store",
          store(),
          "--kubeconfig",
          kubeconfig.empty() ? plane_->kubeconfig().string() : kubeconfig};
}

}  // namespace holdfast::tests
