// A backup is the cluster at one revision, whatever happens meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "base/json_scan.h"
#include "tests/backup_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

constexpr char kCrds[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr char kUserCrd[] =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/users.management.cattle.io";
constexpr char kUsers[] = "/apis/management.cattle.io/v3/users";
constexpr char kUser[] = "/apis/management.cattle.io/v3/users/u-1";
constexpr char kConfigMaps[] = "/api/v1/namespaces/default/configmaps";
constexpr char kConfigMap[] = "/api/v1/namespaces/default/configmaps/counter";

constexpr char kSet[] = R"(
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: test}
resourceSelectors:
- {apiVersion: management.cattle.io/v3, kinds: [users]}
- {apiVersion: v1, kinds: [configmaps], namespaces: [default]}
)";

std::string UserCrd(int columns) {
  std::string extra;
  for (int i = 0; i < columns; ++i)
    extra += R"(,{"name":"c)" + std::to_string(i) + R"(","type":"string","jsonPath":".c"})";
  return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":
{"name":"users.management.cattle.io"},"spec":{"group":"management.cattle.io","scope":"Cluster",
"names":{"plural":"users","singular":"user","kind":"User","listKind":"UserList"},"versions":[{"name":
"v3","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
"x-kubernetes-preserve-unknown-fields":true}},"additionalPrinterColumns":[{"name":"Age","type":"date",
"jsonPath":".metadata.creationTimestamp"})" +
         extra + "]}]}}";
}

testbed::ControlPlaneOptions EtcdReads() {
  testbed::ControlPlaneOptions options;
  // Exact lists come from etcd at once, and so see a compaction at once.
  options.feature_gates = {"ListFromCacheSnapshot=false"};
  options.etcd_compaction_interval = std::chrono::seconds(0);
  return options;
}

class BackupInstantTest : public ::testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() {
    rig_ = new BackupRig(EtcdReads());
    rig_->Create(kCrds, UserCrd(0));
    // Served some moments after its creation.
    for (int i = 0;; ++i) {
      auto list = rig_->client().Raw({"GET", kUsers, "", "", ""});
      if (list) break;
      if (i > 200) throw std::runtime_error(list.error().ToString());
      Clock::Real().Sleep(std::chrono::milliseconds(50), {});
    }
    rig_->Create(kUsers, R"({"apiVersion":"management.cattle.io/v3","kind":"User","metadata":
{"name":"u-1"},"counter":"0"})");
    rig_->Create(kConfigMaps, R"({"metadata":{"name":"counter"},"data":{"counter":"0"}})");
    for (int i = 0; i < 60; ++i)
      rig_->Create(kConfigMaps, R"({"metadata":{"name":"still-)" + std::to_string(i) + R"("}})");
  }
  static void TearDownTestSuite() {
    delete rig_;
    rig_ = nullptr;
  }

  // First the user, then the config map.
  static void Count(kube::Client& client, int64_t i) {
    std::string n = std::to_string(i);
    Must(client.Raw(
        {"PATCH", kUser, "{\"counter\":\"" + n + "\"}", "application/merge-patch+json", ""}));
    Must(client.Raw({"PATCH", kConfigMap, "{\"data\":{\"counter\":\"" + n + "\"}}",
                     "application/merge-patch+json", ""}));
  }
  static int64_t CounterOf(const Entries& entries, const std::string& path,
                           std::initializer_list<std::string_view> field) {
    auto entry = entries.find(path);
    if (entry == entries.end()) throw std::runtime_error("not in the archive: " + path);
    return std::stoll(json::FindString(entry->second, field).value());
  }
  static int64_t Apart(const Entries& entries) {
    return CounterOf(entries, "users.management.cattle.io#v3/u-1.json", {"counter"}) -
           CounterOf(entries, "configmaps.#v1/default/counter.json", {"data", "counter"});
  }
  // Ten backups in a row; between any two kinds the writer gets on, so that lists at different
  // times would show it.
  static void TenBackups(Writer& writer, backup::Options options,
                         const std::function<void(const Entries&)>& check = {}) {
    options.list_threads = 1;
    options.hooks.revision_fixed = [&](const std::string&) { writer.Await(3); };
    options.hooks.after_kind = [&](const kube::ResourceType&) { writer.Await(3); };
    for (int i = 0; i < 10; ++i) {
      auto result = rig_->Backup(kSet, options);
      ASSERT_TRUE(result) << result.error().ToString();
      Entries entries = rig_->ReadEntries(result->filename);
      EXPECT_THAT(Apart(entries), AllOf(Ge(0), Le(1))) << "backup " << i;
      EXPECT_GE(entries.size(), 62u);
      if (check) check(entries);
    }
    EXPECT_EQ(writer.error(), "");
  }

  static inline BackupRig* rig_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Lists, BackupInstantTest, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "Exact" : "Ordinary"; });

TEST_P(BackupInstantTest, CountersAreNeverTorn) {
  Writer writer(*rig_, Count);
  backup::Options options;
  options.force_exact = GetParam();
  TenBackups(writer, options);
}

TEST_P(BackupInstantTest, CountersAreNeverTornWithEightListers) {
  Writer writer(*rig_, Count);
  backup::Options options;
  options.force_exact = GetParam();
  for (int i = 0; i < 10; ++i) {
    auto result = rig_->Backup(kSet, options);
    ASSERT_TRUE(result) << result.error().ToString();
    EXPECT_THAT(Apart(rig_->ReadEntries(result->filename)), AllOf(Ge(0), Le(1)));
  }
  EXPECT_EQ(writer.error(), "");
}

TEST_P(BackupInstantTest, ObjectsThatComeAndGoAreOfOneInstant) {
  Writer writer(*rig_, Count);
  // Number n is created before number n-1 is deleted: at every instant the last one, or the last
  // two.
  // Names of its own, because the control plane is shared with the other mode, which leaves some.
  const std::string prefix = GetParam() ? "churn-exact-" : "churn-ordinary-";
  Writer churn(*rig_, [&prefix](kube::Client& client, int64_t i) {
    std::string n = std::to_string(i);
    Must(client.Raw({"POST", kConfigMaps,
                     R"({"metadata":{"name":")" + prefix + n + R"("},"data":{"n":")" + n + "\"}}",
                     "", ""}));
    auto gone = client.Raw(
        {"DELETE", std::string(kConfigMaps) + "/" + prefix + std::to_string(i - 1), "", "", ""});
    if (!gone && i > 1) throw std::runtime_error(gone.error().ToString());
  });
  churn.Await(2);
  backup::Options options;
  options.force_exact = GetParam();
  TenBackups(writer, options, [&prefix](const Entries& entries) {
    std::vector<int64_t> there;
    for (const auto& [path, body] : entries)
      if (path.find("/" + prefix) != std::string::npos)
        there.push_back(std::stoll(json::FindString(body, {"data", "n"}).value()));
    std::sort(there.begin(), there.end());
    ASSERT_THAT(there.size(), AllOf(Ge(1u), Le(2u)));
    if (there.size() == 2) {
      EXPECT_EQ(there[1], there[0] + 1);
    }
  });
  EXPECT_EQ(churn.error(), "");
}

TEST_P(BackupInstantTest, ACompactionUnderWayOnlyCostsARestart) {
  Writer writer(*rig_, Count);
  backup::Options options;
  options.force_exact = GetParam();
  options.list_threads = 1;
  int fixed = 0;
  options.hooks.revision_fixed = [&](const std::string&) {
    writer.Await(3);
    if (++fixed % 2 == 1) Must(rig_->plane().etcd().Compact());
  };
  for (int i = 0; i < 10; ++i) {
    auto result = rig_->Backup(kSet, options);
    ASSERT_TRUE(result) << result.error().ToString();
    EXPECT_EQ(result->restarts, 1);
    EXPECT_THAT(Apart(rig_->ReadEntries(result->filename)), AllOf(Ge(0), Le(1)));
  }
}

TEST_P(BackupInstantTest, EndlessCompactionFailsAndSaysSo) {
  Writer writer(*rig_, Count);
  backup::Options options;
  options.force_exact = GetParam();
  options.hooks.revision_fixed = [&](const std::string&) {
    writer.Await(3);
    Must(rig_->plane().etcd().Compact());
  };
  auto result = rig_->Backup(kSet, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::kExpired);
  EXPECT_THAT(result.error().ToString(), HasSubstr("3 times"));
  EXPECT_THAT(result.error().ToString(), HasSubstr("etcd-compaction-interval"));
  EXPECT_THAT(rig_->StoreFiles(), IsEmpty());
}

TEST_P(BackupInstantTest, AChangedCrdCostsARestart) {
  backup::Options options;
  options.force_exact = GetParam();
  int fixed = 0;
  options.hooks.revision_fixed = [&](const std::string&) {
    if (++fixed == 1) rig_->MergePatch(kUserCrd, UserCrd(GetParam() ? 1 : 2));
  };
  auto result = rig_->Backup(kSet, options);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->restarts, 1);
}

TEST_P(BackupInstantTest, TheManifestSaysHowEachKindWasRead) {
  Writer writer(*rig_, Count);
  backup::Options options;
  options.force_exact = GetParam();
  options.list_threads = 1;
  options.hooks.revision_fixed = [&](const std::string&) { writer.Await(3); };
  auto result =
      rig_->Backup(std::string(kSet) + "- {apiVersion: v1, kinds: [componentstatuses]}\n", options);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->kinds, 3u);
  for (const archive::KindInfo& kind : result->manifest.info.kinds) {
    if (kind.kind == "componentstatuses.#v1") {
      EXPECT_FALSE(kind.pinned);
      EXPECT_EQ(kind.way, "unpinned");
      EXPECT_GT(kind.objects, 0u);
      continue;
    }
    EXPECT_TRUE(kind.pinned) << kind.kind << ": " << kind.note;
    EXPECT_THAT(kind.way, GetParam() ? "exact" : "cached+settled(1)");
    EXPECT_GT(kind.objects, 0u);
  }
  EXPECT_THAT(result->warnings, Contains(HasSubstr("componentstatuses.#v1")));
  EXPECT_EQ(result->manifest.info.revision, result->revision);
}

}  // namespace
}  // namespace holdfast::tests
