#include "tests/operator/rig.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "base/temp_folder_for_test.h"
#include "testbed/http.h"

namespace holdfast::tests {
namespace fs = std::filesystem;

namespace {

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::string> Send(kube::Client& client, const std::string& method, const std::string& path,
                         const std::string& body, const std::string& type) {
  kube::RawRequest request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.content_type = type;
  return client.Raw(request);
}

}  // namespace

TempFolder::TempFolder() { path_ = TempFolderForTest(); }

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::permissions(path_, fs::perms::owner_all, ignored);
  fs::remove_all(path_, ignored);
}

bool Eventually(const std::function<bool()>& done, std::chrono::seconds limit) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  return true;
}

Operator::Operator(const fs::path& kubeconfig, const Settings& settings, Names arguments) {
  Names argv = {"setpriv", "--pdeathsig", "KILL", "env"};  // it dies when the test does
  for (const auto& [name, value] : settings) argv.push_back(name + "=" + value);
  argv.insert(argv.end(), {HOLDFAST_PROGRAM, "operator"});
  if (!kubeconfig.empty()) argv.insert(argv.end(), {"--kubeconfig", kubeconfig.string()});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  program_ = std::make_unique<Program>(std::move(argv));
}

std::string Operator::Log() const { return ReadAll("/proc/" + std::to_string(pid()) + "/fd/2"); }

bool Operator::running() const {
  std::string stat = ReadAll("/proc/" + std::to_string(pid()) + "/stat");
  return !stat.empty() && stat.find(") Z") == stat.npos;
}

uint16_t Operator::port() {
  std::string log;
  const std::string mark = "listening port=";
  bool listens = Eventually([&] {
    log = Log();
    size_t at = log.find(mark);
    return at != log.npos && log.find('\n', at) != log.npos;
  });
  if (!listens) throw std::runtime_error("it does not listen: " + log);
  return static_cast<uint16_t>(std::stoi(log.substr(log.find(mark) + mark.size())));
}

testbed::HttpAnswer Operator::Page(const std::string& path) {
  testbed::HttpCall call;
  call.url = "http://127.0.0.1:" + std::to_string(port()) + path;
  return Must(testbed::Http(call));
}

void Operator::AwaitLeading() {
  if (!Eventually([&] { return Log().find(" leading ") != std::string::npos; }))
    throw std::runtime_error("it does not lead: " + Log());
}

void Operator::Kill() {
  program_->Signal(SIGKILL);
  program_->Wait();
}

Outcome Operator::Terminate() {
  // Until it has said something it may not have set up what it does at SIGTERM.
  Eventually([&] { return !Log().empty() || !running(); });
  program_->Signal(SIGTERM);
  return program_->Wait(std::chrono::seconds(30));
}

void OperatorTest::StartPlane() {
  plane_ = Must(testbed::ControlPlane::Start()).release();
  client_ = ClientOf(plane_->kubeconfig()).release();
}

void OperatorTest::SetUpTestSuite() {
  StartPlane();
  InstallCrds();
  MakeAppNamespace();
}

void OperatorTest::TearDownTestSuite() {
  delete client_;
  client_ = nullptr;
  delete plane_;
  plane_ = nullptr;
}

void OperatorTest::InstallCrds() {
  for (const char* kind : {"backup", "restore", "resourceset"})
    Create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
           ReadAll(fs::path(HOLDFAST_CHARTS) / "rancher-backup-crd" / "templates" /
                   (std::string(kind) + ".yaml")));
  WaitForCrds();
}

void OperatorTest::WaitForCrds() {
  for (const char* path : {kBackups, kRestores, kSets})
    if (!Eventually([&] { return client_->Raw({.path = path}).has_value(); }))
      throw std::runtime_error(std::string(path) + " is not served");
}

void OperatorTest::MakeAppNamespace() {
  for (const char* ns : {kNs, "app"})
    if (Get("/api/v1/namespaces/" + std::string(ns)).is_null())
      Create("/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + "\"}}");
  for (const char* name : {"a", "b"})
    Create("/api/v1/namespaces/app/configmaps",
           R"({"metadata":{"name":")" + std::string(name) + R"("},"data":{"x":"1"}})");
  Create("/api/v1/namespaces/app/secrets",
         R"({"metadata":{"name":"password"},"stringData":{"p":"hunter2"}})");
  Create(kSets,
         "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: app}, "
         "resourceSelectors: [{apiVersion: v1, kinds: [configmaps, secrets], namespaces: [app], "
         "excludeResourceNameRegexp: '^kube-root-ca.crt$'}]}");
}

void OperatorTest::TearDown() {
  if (HasFailure() && operator_ && operator_->running())
    std::cerr << "---- the operator's log\n" << operator_->Log() << "----\n";
  if (operator_ && operator_->running()) {
    Outcome outcome = operator_->Terminate();
    EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  }
  operator_.reset();
  for (const char* kind : {kBackups, kRestores})
    for (const Json& item : Items(kind)) {
      std::string path = std::string(kind) + "/" + TextAt(item, "metadata/name");
      if (item["metadata"].contains("finalizers"))
        Patch(path, R"({"metadata":{"finalizers":null}})");
      if (!item["metadata"].contains("deletionTimestamp")) Delete(path);
    }
}

Settings OperatorTest::Environment(const Settings& settings) const {
  Settings all = {{"CHART_NAMESPACE", kNs},
                  {"DEFAULT_PERSISTENCE_ENABLED", "persistence-enabled"},
                  {"HOLDFAST_PERSISTENCE_DIR", store().string()},
                  {"HOLDFAST_LISTEN", "127.0.0.1:0"},
                  {"METRICS_SERVER", "true"},
                  {"HOLDFAST_METRICS_INTERVAL", "200ms"}};
  for (const auto& [name, value] : settings) all[name] = value;
  return all;
}

Operator& OperatorTest::Start(const Settings& settings) {
  return StartAs(plane_->kubeconfig(), settings);
}

Operator& OperatorTest::StartAs(const fs::path& kubeconfig, const Settings& settings) {
  fs::create_directories(store());
  operator_ = std::make_unique<Operator>(kubeconfig, Environment(settings));
  return *operator_;
}

void OperatorTest::Create(const std::string& path, const std::string& body) {
  if (std::string why = Refusal(path, body); !why.empty())
    throw std::runtime_error("POST " + path + ": " + why);
}

std::string OperatorTest::Refusal(const std::string& path, const std::string& body) {
  auto made = Send(*client_, "POST", path, body, "application/yaml");
  return made ? "" : made.error().ToString();
}

void OperatorTest::Patch(const std::string& path, const std::string& merge_patch) {
  Must(Send(*client_, "PATCH", path, merge_patch, "application/merge-patch+json"));
}

void OperatorTest::Delete(const std::string& path) { Must(Send(*client_, "DELETE", path, "", "")); }

Json OperatorTest::Get(const std::string& path) {
  auto text = client_->Raw({.path = path});
  if (!text && text.error().kind() == ErrorKind::kNotFound) return nullptr;
  return Json::parse(Must(std::move(text)));
}

Json OperatorTest::Items(const std::string& path) { return At(Get(path), "items"); }

void OperatorTest::CreateBackup(const std::string& name, const std::string& spec) {
  Create(kBackups, "{apiVersion: resources.cattle.io/v1, kind: Backup, metadata: {name: " + name +
                       "}, spec: " + spec + "}");
}

void OperatorTest::CreateRestore(const std::string& name, const std::string& spec) {
  Create(kRestores, "{apiVersion: resources.cattle.io/v1, kind: Restore, metadata: {name: " + name +
                        "}, spec: " + spec + "}");
}

Json OperatorTest::Await(const std::string& path, const std::function<bool(const Json&)>& done,
                         std::chrono::seconds limit) {
  Json object;
  bool came = false;
  Eventually(
      [&] {
        bool alive = !operator_ || operator_->running();
        object = Get(path);
        came = done(object);
        return came || !alive;
      },
      limit);
  if (operator_ && !operator_->running()) {
    Outcome outcome = operator_->Wait(std::chrono::seconds(1));
    operator_.reset();
    throw std::runtime_error("the operator has died: " + ToText(outcome));
  }
  if (object.is_object()) object["metadata"].erase("managedFields");
  if (!came) ADD_FAILURE() << path << " is " << object.dump(1);
  return object;
}

Json OperatorTest::AwaitBackup(const std::string& name,
                               const std::function<bool(const Json&)>& done,
                               std::chrono::seconds limit) {
  return Await(std::string(kBackups) + "/" + name, done, limit);
}

Json OperatorTest::AwaitRestore(const std::string& name,
                                const std::function<bool(const Json&)>& done,
                                std::chrono::seconds limit) {
  return Await(std::string(kRestores) + "/" + name, done, limit);
}

Json OperatorTest::AwaitBackup(const std::string& name, const std::string& message) {
  return AwaitBackup(
      name, [&](const Json& b) { return TextAt(ConditionOf(b, "Ready"), "message") == message; });
}

Json OperatorTest::AwaitRestore(const std::string& name, const std::string& message) {
  return AwaitRestore(
      name, [&](const Json& r) { return TextAt(ConditionOf(r, "Ready"), "message") == message; });
}

Names OperatorTest::EventReasons(const std::string& name) {
  Names reasons;
  for (const Json& event : Items("/api/v1/namespaces/default/events"))
    if (TextAt(event, "involvedObject/name") == name) reasons.push_back(TextAt(event, "reason"));
  return reasons;
}

void OperatorTest::MakeKeys(const std::string& name) {
  Json secret = {
      {"metadata", {{"name", name}}},
      {"stringData",
       {{"encryption-provider-config.yaml",
         "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
         "- resources: [secrets]\n  providers:\n  - aescbc:\n      keys:\n      - name: key1\n"
         "        secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n  - identity: {}\n"}}}};
  Create("/api/v1/namespaces/" + std::string(kNs) + "/secrets", secret.dump());
}

Names OperatorTest::Archives() const {
  Names names;
  if (!fs::exists(store())) return names;
  for (const auto& file : fs::directory_iterator(store())) names.push_back(file.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

Json At(const Json& object, const std::string& path) {
  Json::json_pointer pointer("/" + path);
  return object.contains(pointer) ? object.at(pointer) : Json(nullptr);
}

std::string TextAt(const Json& object, const std::string& path) {
  Json value = At(object, path);
  return value.is_string() ? value.get<std::string>() : "";
}

Json ConditionOf(const Json& object, const std::string& type) {
  for (const Json& condition : At(object, "status/conditions"))
    if (TextAt(condition, "type") == type) return condition;
  return nullptr;
}

std::string ConditionsText(const Json& object) {
  std::string text;
  for (const Json& c : At(object, "status/conditions")) {
    text += (text.empty() ? "" : "; ") + TextAt(c, "type") + "=" + TextAt(c, "status");
    if (c.contains("reason")) text += " [" + TextAt(c, "reason") + "]";
    if (c.contains("message")) text += " " + TextAt(c, "message");
  }
  return text;
}

}  // namespace holdfast::tests
