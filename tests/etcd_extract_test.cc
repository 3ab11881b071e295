// `holdfast etcd extract` against a real API server that encrypts at rest by every provider: what
// it finds in a snapshot is what the API server said at that revision, and comes back into the live
// cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "testbed/control_plane.h"
#include "testbed/scratch.h"
#include "tests/etcd_extract_objects.h"
#include "tests/kms_plugin.h"
#include "tests/plane_client.h"
#include "tests/program.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view kConfig = R"(apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aescbc: {{keys: [{{name: k1, secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}}]}}
  - identity: {{}}
- resources: [configmaps, gadgets.test.holdfast.example]
  providers:
  - aesgcm: {{keys: [{{name: k2, secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}}]}}
- resources: [serviceaccounts, deployments.apps, widgets.test.holdfast.example]
  providers:
  - kms: {{apiVersion: v2, name: plugin, endpoint: "{}"}}
- resources: ["*.*"]
  providers:
  - secretbox: {{keys: [{{name: k3, secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}}]}}
)";

// One for all tests: bringing it up takes longer than they do.
class EtcdExtract : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = Must(testbed::MakeScratchFolder({}));
    kms_ = std::make_unique<KmsPlugin>(dir_ / "kms.sock");
    std::ofstream(Keys()) << fmt::format(fmt::runtime(kConfig), kms_->endpoint());
    testbed::ControlPlaneOptions options;
    options.controller_manager = true;
    options.api_server_args = {"--encryption-provider-config=" + Keys()};
    plane_ = Must(testbed::ControlPlane::Start(options));
    std::string problems;
    for (const NewObject& object : NewObjects()) problems += Create(object);
    if (!problems.empty()) throw std::runtime_error(problems);
    // What controllers add to a namespace is in the snapshot too.
    for (const char* path : {"serviceaccounts/default", "configmaps/kube-root-ca.crt"})
      for (const char* ns : {"shop", "lab"})
        Until([&] { return Exists(std::string("/api/v1/namespaces/") + ns + "/" + path); }, path);
    Save("snap.db");
  }
  static void TearDownTestSuite() {
    plane_.reset();
    kms_.reset();
    fs::remove_all(dir_);
  }

  static std::string Keys() { return dir_ / "keys.yaml"; }
  static std::string File(const std::string& name) { return dir_ / name; }

  static Json Ask(const std::string& method, const std::string& path, std::string_view body = {}) {
    auto answer = Must(plane_->Request(method, path, body));
    Json json = Json::parse(answer.body, nullptr, false);
    if (answer.code >= 300) json["httpCode"] = answer.code;
    return json;
  }
  static bool Exists(const std::string& path) { return !Ask("GET", path).contains("httpCode"); }
  // A CRD is served some moments after it was made, and a namespace gone some after it was deleted.
  static void Until(const std::function<bool()>& done, const std::string& what) {
    for (int i = 0; i < 600; ++i) {
      if (done()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("still not: " + what);
  }
  static std::string Create(const NewObject& object) {
    std::string path(object.path);
    Until([&] { return Exists(path); }, "served: " + path);
    auto answer = Must(plane_->Request("POST", path, object.json));
    return answer.code == 201 ? "" : path + ": " + answer.body + "\n";
  }

  static std::string Save(const std::string& name) {
    Outcome saved = Holdfast({"etcd", "save", File(name), "--endpoints", plane_->etcd_endpoint()});
    if (saved.code != 0) throw std::runtime_error(ToText(saved));
    return File(name);
  }
  static int64_t RevisionOf(const std::string& file) {
    Outcome status = Holdfast({"etcd", "status", "-o", "json", file});
    return Json::parse(status.out).at("revision");
  }

  Outcome Extract(std::vector<std::string> args, const std::string& file = "snap.db") {
    args.insert(args.begin(), {"etcd", "extract", File(file), "--encryption-config", Keys()});
    return Holdfast(args);
  }
  // The archive's name in store "store".
  std::string Archive(std::vector<std::string> args, const std::string& file = "snap.db") {
    args.insert(args.end(), {"-o", "archive", "--archive-store", File("store")});
    Outcome made = Extract(args, file);
    EXPECT_EQ(made.code, 0) << ToText(made);
    return made.out.substr(0, made.out.find('\n'));
  }
  Outcome Restore(const std::string& archive, std::vector<std::string> args = {}) {
    args.insert(args.begin(), {"restore", archive, "--store", File("store"), "--kubeconfig",
                               plane_->kubeconfig().string(), "--encryption-config", Keys()});
    return Holdfast(args);
  }

  static fs::path dir_;
  static std::unique_ptr<KmsPlugin> kms_;
  static std::unique_ptr<testbed::ControlPlane> plane_;
};
fs::path EtcdExtract::dir_;
std::unique_ptr<KmsPlugin> EtcdExtract::kms_;
std::unique_ptr<testbed::ControlPlane> EtcdExtract::plane_;

struct ListedType {
  std::string api_version, kind, path;
};
std::vector<ListedType> TypesOf(const testbed::ControlPlane& plane) {
  std::vector<ListedType> types;
  std::vector<std::string> versions = {"v1"};
  Json groups = Json::parse(Must(plane.Request("GET", "/apis")).body);
  for (const Json& group : groups["groups"])
    for (const Json& version : group["versions"]) versions.push_back(version["groupVersion"]);
  for (const std::string& version : versions) {
    std::string root = (version == "v1" ? "/api/" : "/apis/") + version;
    Json list = Json::parse(Must(plane.Request("GET", root)).body);
    for (const Json& type : list["resources"]) {
      const Json& verbs = type["verbs"];
      if (std::find(verbs.begin(), verbs.end(), "list") == verbs.end()) continue;
      types.push_back({version, type["kind"], root + "/" + std::string(type["name"])});
    }
  }
  return types;
}

// Every object of every type that the API server has, in every version that it has been stored in.
TEST_F(EtcdExtract, EveryObjectIsWhatTheApiServerSays) {
  Outcome all = Extract({"-o", "json"});
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(all.err, "");
  std::map<std::string, std::string> ours;  // by uid
  auto items = json::Find(all.out, {"items"});
  ASSERT_TRUE(items);
  for (json::ArrayReader list(*items); auto item = list.Next();)
    ours[json::FindString(*item, {"metadata", "uid"}).value_or("none")] = std::string(*item);
  std::string revision = std::to_string(RevisionOf(File("snap.db")));
  std::set<std::string> kinds, compared;
  for (const ListedType& type : TypesOf(*plane_)) {
    std::string body =
        Must(plane_->Request("GET",
                             type.path + "?resourceVersionMatch=Exact&resourceVersion=" + revision))
            .body;
    auto theirs = json::Find(body, {"items"});
    if (!theirs || type.kind == "ComponentStatus") continue;
    for (json::ArrayReader list(*theirs); auto item = list.Next();) {
      std::string uid = json::FindString(*item, {"metadata", "uid"}).value_or("");
      auto found = ours.find(uid);
      ASSERT_NE(found, ours.end()) << type.kind << ": " << *item;
      if (json::FindString(found->second, {"apiVersion"}) != type.api_version) continue;
      std::string want = json::SetKey(*item, "apiVersion", json::Quote(type.api_version));
      want = json::SetKey(want, "kind", json::Quote(type.kind));
      EXPECT_EQ(json::Canonical(found->second), json::Canonical(want)) << type.kind;
      compared.insert(uid);
      kinds.insert(type.api_version + " " + type.kind);
    }
  }
  for (const auto& [uid, object] : ours) EXPECT_TRUE(compared.contains(uid)) << object;
  EXPECT_GT(kinds.size(), 45u);
  EXPECT_GT(kms_->decrypts(), 0);
  for (const char* kind : {"v1 Secret", "v1 ConfigMap", "v1 ServiceAccount", "apps/v1 Deployment",
                           "test.holdfast.example/v1 Widget", "test.holdfast.example/v1 Gadget",
                           "apiextensions.k8s.io/v1 CustomResourceDefinition",
                           "apiregistration.k8s.io/v1 APIService", "v1 Event"})
    EXPECT_TRUE(kinds.contains(kind)) << kind;
}

TEST_F(EtcdExtract, OneObjectAndSelections) {
  Outcome one = Extract({"secret", "s", "-n", "shop", "-o", "json"});
  ASSERT_EQ(one.code, 0) << ToText(one);
  EXPECT_EQ(Json::parse(one.out), Ask("GET", "/api/v1/namespaces/shop/secrets/s"));
  for (const char* name : {"wd", "Widget", "widgets.test.holdfast.example"}) {
    Outcome widget = Extract({name, "w", "-n", "shop", "-o", "json"});
    ASSERT_EQ(widget.code, 0) << ToText(widget);
    EXPECT_THAT(widget.out, HasSubstr("9007199254740993"));
  }
  Outcome node = Extract({"no", "node-1"});
  EXPECT_EQ(node.code, 0) << ToText(node);
  EXPECT_THAT(node.out, HasSubstr("podCIDR: \"10.1.0.0/24\""));
  Outcome labelled = Extract({"secrets", "--selector", "tier in (web)", "-o", "json"});
  ASSERT_EQ(labelled.code, 0) << ToText(labelled);
  EXPECT_EQ(Json::parse(labelled.out)["items"].size(), 1u);
  Outcome none = Extract({"secrets", "nothing", "-n", "shop"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no secrets nothing in namespace shop"));
  Outcome unknown = Extract({"widgetz"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("Kubernetes has no resource \"widgetz\""));
}

// By its name, compressed, and encrypted with the API server's keys or with others.
TEST_F(EtcdExtract, OutOfAStore) {
  std::string other = File("snapshot-keys.yaml"), store = File("snapshots");
  std::ofstream(other) << R"(apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aesgcm: {keys: [{name: other, secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}]}
)";
  Json secret = Ask("GET", "/api/v1/namespaces/shop/secrets/s");
  auto extract = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"etcd", "extract", name, "secret", "s", "-n", "shop", "--store",
                               store, "--encryption-config", Keys()});
    return Holdfast(more);
  };
  for (const char* compress : {"none", "zstd"}) {
    for (const std::string& keys : {std::string(), Keys(), other}) {
      std::string name = std::string(compress) + std::to_string(keys.size());
      std::vector<std::string> save = {
          "etcd", "save",       "--name", name,          "--store",
          store,  "--compress", compress, "--endpoints", plane_->etcd_endpoint()};
      std::vector<std::string> more = {"-o", "json"};
      if (!keys.empty()) save.insert(save.end(), {"--encryption-config", keys});
      if (keys == other) more.insert(more.end(), {"--snapshot-encryption-config", keys});
      Outcome saved = Holdfast(save);
      ASSERT_EQ(saved.code, 0) << ToText(saved);
      Outcome one = extract(name, more);
      ASSERT_EQ(one.code, 0) << ToText(one);
      EXPECT_EQ(Json::parse(one.out), secret);
      if (keys != other) continue;
      Outcome locked = extract(name, {});
      EXPECT_EQ(locked.code, 1);
      EXPECT_THAT(locked.err, HasSubstr("needs key \"other\""));
      Outcome archive = extract(name, {"-o", "archive", "--archive-store", File("from-store"),
                                       "--snapshot-encryption-config", other});
      EXPECT_EQ(archive.code, 0) << ToText(archive);
      EXPECT_TRUE(fs::exists(File("from-store/") + archive.out.substr(0, archive.out.size() - 1)));
    }
  }
  EXPECT_EQ(extract("nothing", {}).code, 1);
  EXPECT_EQ(extract("none0", {"--archive-store", store}).code, 2) << "without -o archive";
}

TEST_F(EtcdExtract, WithoutTheKeysItSaysWhatIsMissing) {
  Outcome none = Holdfast({"etcd", "extract", File("snap.db"), "secrets", "s", "-n", "shop"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("the value needs key \"k1\" of provider aescbc"));
  EXPECT_EQ(none.out, "");
  std::string config = fmt::format(fmt::runtime(kConfig), "unix://" + File("nobody.sock"));
  std::ofstream(File("wrong.yaml")) << config;
  Outcome down = Holdfast({"etcd", "extract", File("snap.db"), "serviceaccounts", "sa", "-n",
                           "shop", "--encryption-config", File("wrong.yaml")});
  EXPECT_EQ(down.code, 1);
  EXPECT_THAT(down.err, HasSubstr("KMS plugin \"plugin\" at unix://"));
  config.replace(config.find("YWJj"), 4, "ZZZZ");
  std::ofstream(File("wrong.yaml")) << config;
  Outcome wrong = Holdfast({"etcd", "extract", File("snap.db"), "secrets", "-n", "shop",
                            "--encryption-config", File("wrong.yaml")});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("of 2 objects were not extracted"));
}

TEST_F(EtcdExtract, DeletedObjectComesBack) {
  std::string path = "/apis/apps/v1/namespaces/shop/deployments/dep";
  Json before = Ask("GET", path);
  std::string archive = Archive({"deployment", "dep", "-n", "shop"});
  Ask("DELETE", path);
  Until([&] { return !Exists(path); }, "deleted");
  // It is in the first snapshot, in the second one only at an earlier revision.
  Save("later.db");
  Outcome gone = Extract({"deployment", "dep", "-n", "shop"}, "later.db");
  EXPECT_EQ(gone.code, 1);
  std::string revision = std::to_string(RevisionOf(File("snap.db")));
  Outcome old =
      Extract({"deployment", "dep", "-n", "shop", "--rev", revision, "-o", "json"}, "later.db");
  ASSERT_EQ(old.code, 0) << ToText(old);
  EXPECT_EQ(Json::parse(old.out)["spec"], before["spec"]);

  Outcome plan = Restore(archive, {"--plan", "--prune"});
  EXPECT_EQ(plan.code, 0) << ToText(plan);
  EXPECT_THAT(plan.out, HasSubstr("dep"));
  EXPECT_FALSE(Exists(path));
  Outcome restored = Restore(archive, {"--prune"});
  EXPECT_EQ(restored.code, 0) << ToText(restored);
  EXPECT_EQ(Ask("GET", path)["spec"], before["spec"]);
  EXPECT_TRUE(Exists("/apis/apps/v1/namespaces/shop/daemonsets/ds")) << "pruning takes no more";
}

TEST_F(EtcdExtract, OlderRevisionComesBack) {
  std::string path = "/api/v1/namespaces/lab/configmaps";
  Ask("POST", path, R"({"metadata":{"name":"set"},"data":{"v":"one"}})");
  Json first = Ask("GET", path + "/set");
  Json second = first;
  second["data"]["v"] = "two";
  Ask("PUT", path + "/set", second.dump());
  Save("history.db");
  std::string revision = first["metadata"]["resourceVersion"];
  Outcome last = Extract({"cm", "set", "-n", "lab", "-o", "json"}, "history.db");
  ASSERT_EQ(last.code, 0) << ToText(last);
  EXPECT_EQ(Json::parse(last.out)["data"]["v"], "two");
  Outcome old = Extract({"cm", "set", "-n", "lab", "--rev", revision, "-o", "json"}, "history.db");
  ASSERT_EQ(old.code, 0) << ToText(old);
  EXPECT_EQ(Json::parse(old.out), first);
  std::string archive = Archive({"cm", "set", "-n", "lab", "--rev", revision}, "history.db");
  Outcome restored = Restore(archive);
  EXPECT_EQ(restored.code, 0) << ToText(restored);
  EXPECT_EQ(Ask("GET", path + "/set")["data"]["v"], "one");
}

TEST_F(EtcdExtract, ResourceSetAndKmsInTheArchive) {
  std::ofstream(File("set.yaml")) << R"(apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: chosen}
resourceSelectors:
- {apiVersion: v1, kinds: [ServiceAccount, configmaps], namespaces: [shop]}
- {apiVersion: test.holdfast.example/v1, kindsRegexp: "."}
)";
  std::string archive =
      Archive({"--resource-set", File("set.yaml"), "--archive-encryption-config", Keys()});
  EXPECT_THAT(archive, HasSubstr("chosen-"));
  Outcome verified =
      Holdfast({"verify", archive, "--store", File("store"), "--encryption-config", Keys()});
  EXPECT_EQ(verified.code, 0) << ToText(verified);
  Outcome plan = Restore(archive, {"--plan", "--prune"});
  EXPECT_EQ(plan.code, 0) << ToText(plan);
  // Service accounts sa and default, ConfigMaps cm and kube-root-ca.crt, w, g.
  EXPECT_THAT(plan.out, HasSubstr("6 objects in the archive, 6 unchanged"));
}

// Last: it takes everything in the namespace away for a while.
TEST_F(EtcdExtract, ZDeletedNamespaceComesBack) {
  std::string archive = Archive({"-n", "shop"});
  Json before = Ask("GET", "/api/v1/namespaces/shop/secrets/s");
  Ask("DELETE", "/api/v1/namespaces/shop");
  // Pods need a kubelet to end.
  Until(
      [&] {
        Ask("DELETE", "/api/v1/namespaces/shop/pods/pod?gracePeriodSeconds=0");
        return !Exists("/api/v1/namespaces/shop");
      },
      "gone: namespace shop");
  Outcome plan = Restore(archive, {"--plan"});
  EXPECT_EQ(plan.code, 0) << ToText(plan);
  EXPECT_FALSE(Exists("/api/v1/namespaces/shop"));
  Outcome restored = Restore(archive);
  EXPECT_EQ(restored.code, 0) << ToText(restored);
  EXPECT_EQ(Ask("GET", "/api/v1/namespaces/shop/secrets/s")["data"], before["data"]);
  for (const char* path :
       {"/apis/apps/v1/namespaces/shop/statefulsets/sts", "/api/v1/namespaces/shop/services/web",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/rb",
        "/apis/test.holdfast.example/v1/namespaces/shop/widgets/w"})
    EXPECT_TRUE(Exists(path)) << path;
  EXPECT_EQ(Ask("GET", "/api/v1/namespaces/shop")["metadata"]["labels"]["team"], "a");
}

}  // namespace
}  // namespace holdfast::tests
