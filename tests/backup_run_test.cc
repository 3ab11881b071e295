// A backup as a whole: rights, names, stops, and what is in the archive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_scan.h"
#include "tests/backup_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kConfigMapsOfA[] = R"(
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: test}
resourceSelectors:
- {apiVersion: v1, kinds: [configmaps], namespaces: [a]}
)";

class BackupRunTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rig_ = new BackupRig;
    for (const char* ns : {"a", "b"}) {
      rig_->Create("/api/v1/namespaces", R"({"metadata":{"name":")" + std::string(ns) + "\"}}");
      rig_->Create("/api/v1/namespaces/" + std::string(ns) + "/configmaps",
                   R"({"metadata":{"name":"c"},"data":{"text":"é <&> 𝄞"}})");
    }
  }
  static void TearDownTestSuite() {
    delete rig_;
    rig_ = nullptr;
  }
  static inline BackupRig* rig_ = nullptr;
};

TEST_F(BackupRunTest, AnEntryIsTheObjectWithoutWhatTheServerOwns) {
  auto result = rig_->Backup(kConfigMapsOfA);
  ASSERT_TRUE(result) << result.error().ToString();
  Entries entries = rig_->ReadEntries(result->filename);
  ASSERT_THAT(entries, Contains(Key("configmaps.#v1/a/c.json")));
  EXPECT_THAT(entries, Not(Contains(Key("configmaps.#v1/b/c.json"))));
  const std::string& body = entries["configmaps.#v1/a/c.json"];
  EXPECT_EQ(json::FindString(body, {"apiVersion"}), "v1");
  EXPECT_EQ(json::FindString(body, {"kind"}), "ConfigMap");
  EXPECT_EQ(json::FindString(body, {"data", "text"}), "é <&> 𝄞");
  for (const char* gone : {"uid", "resourceVersion", "creationTimestamp"})
    EXPECT_FALSE(json::Find(body, {"metadata", gone})) << gone;
  EXPECT_TRUE(json::Find(body, {"metadata", "managedFields"}));
  EXPECT_EQ(body.find('\n'), std::string::npos);
  EXPECT_EQ(result->objects, entries.size());
  EXPECT_THAT(rig_->StoreFiles(), ::testing::ElementsAre(result->filename));
}

TEST_F(BackupRunTest, NoSelectorsGiveAnArchiveWithoutObjects) {
  auto result = rig_->Backup(
      "{apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: t}, "
      "resourceSelectors: []}");
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_THAT(rig_->ReadEntries(result->filename), IsEmpty());
}

TEST_F(BackupRunTest, TwoInOneSecondGetTwoNames) {
  rig_->KeepStore(true);
  auto first = rig_->Backup(kConfigMapsOfA);
  auto second = rig_->Backup(kConfigMapsOfA);
  rig_->KeepStore(false);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->filename, second->filename);
  EXPECT_THAT(rig_->StoreFiles(), SizeIs(::testing::Ge(2u)));
}

TEST_F(BackupRunTest, ANameThatNoStoreTakesFailsBeforeAnyRequest) {
  uint64_t before = rig_->client().counters().requests;
  backup::Options options;
  options.name = std::string(250, 'n');
  auto result = rig_->Backup(kConfigMapsOfA, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(rig_->client().counters().requests, before);
}

TEST_F(BackupRunTest, AStopLeavesNothing) {
  for (int when = 0; when < 2; ++when) {
    std::stop_source stop;
    backup::Options options;
    if (when == 0) options.hooks.revision_fixed = [&](const std::string&) { stop.request_stop(); };
    if (when == 1)
      options.hooks.after_kind = [&](const kube::ResourceType&) { stop.request_stop(); };
    auto result = rig_->Backup(kConfigMapsOfA, options, stop.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind(), ErrorKind::kCancelled) << result.error().ToString();
    EXPECT_THAT(rig_->StoreFiles(), IsEmpty());
  }
}

TEST_F(BackupRunTest, AForbiddenKindFailsAndNamesTheRule) {
  auto nobody = ClientOf(Must(rig_->plane().KubeconfigFor("nobody")));
  auto result = rig_->BackupAs(*nobody, kConfigMapsOfA);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(result.error().ToString(), HasSubstr("kube-system"));

  rig_->Create("/apis/rbac.authorization.k8s.io/v1/clusterroles", R"({"metadata":{"name":"uid"},
"rules":[{"apiGroups":[""],"resources":["namespaces"],"resourceNames":["kube-system"],"verbs":["get"]}]})");
  rig_->Create(
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
      R"({"metadata":{"name":"uid"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":
"ClusterRole","name":"uid"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":
"nobody"}]})");
  rig_->Create(
      "/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles",
      R"({"metadata":{"name":"lists"},"rules":[{"apiGroups":[""],"resources":["configmaps"],
"verbs":["list"]}]})");
  rig_->Create(
      "/apis/rbac.authorization.k8s.io/v1/namespaces/a/rolebindings",
      R"({"metadata":{"name":"lists"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":
"Role","name":"lists"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":
"nobody"}]})");
  // RBAC rules reach the authorizer through a watch.
  for (int i = 0; i < 200; ++i) {
    if (nobody->Raw({"GET", "/api/v1/namespaces/a/configmaps?limit=1", "", "", ""}) &&
        nobody->Raw({"GET", "/api/v1/namespaces/kube-system", "", "", ""}))
      break;
    Clock::Real().Sleep(std::chrono::milliseconds(20), {});
  }
  result = rig_->BackupAs(*nobody, kConfigMapsOfA);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_THAT(rig_->ReadEntries(result->filename), Contains(Key("configmaps.#v1/a/c.json")));
  ASSERT_THAT(result->manifest.info.kinds, SizeIs(1));
  EXPECT_THAT(result->manifest.info.kinds[0].way, HasSubstr("+namespaces(1)"));
  EXPECT_THAT(result->warnings, Contains(HasSubstr("customresourcedefinitions")));

  result = rig_->BackupAs(*nobody, std::string(kConfigMapsOfA) +
                                       "- {apiVersion: v1, kinds: [secrets], namespaces: [a]}\n");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(result.error().ToString(), HasSubstr("listing secrets in namespace \"a\""));
  EXPECT_THAT(result.error().hint(), HasSubstr("secrets"));
  EXPECT_THAT(rig_->StoreFiles(), IsEmpty());
}

TEST_F(BackupRunTest, AFieldThatTheServerCannotSelectByFails) {
  auto result = rig_->Backup(R"(
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: test}
resourceSelectors:
- {apiVersion: v1, kinds: [configmaps], fieldSelectors: {data.x: "1"}}
)");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kInvalid);
  EXPECT_THAT(result.error().ToString(), HasSubstr("data.x=1"));
  EXPECT_THAT(rig_->StoreFiles(), IsEmpty());
}

}  // namespace
}  // namespace holdfast::tests
