// kine in etcd's place, as k3s runs by default: what is promised of etcd holds there too
// (docs/guide/consistency.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "base/json_scan.h"
#include "restore/engine.h"
#include "restore/report.h"
#include "tests/backup_rig.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr char kMapsPath[] = "/api/v1/namespaces/default/configmaps";
constexpr char kSecretsPath[] = "/api/v1/namespaces/default/secrets";
constexpr char kCountersSet[] = R"(
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: kine}
resourceSelectors:
- {apiVersion: v1, kinds: [secrets, configmaps], namespaces: [default]}
)";

class BackupKineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    testbed::ControlPlaneOptions options;
    options.datastore = testbed::Datastore::kKine;
    rig_ = new BackupRig(options);
    rig_->Create(kMapsPath, R"({"metadata":{"name":"counter"},"data":{"counter":"0"}})");
    rig_->Create(kSecretsPath, R"({"metadata":{"name":"counter"},"stringData":{"counter":"0"}})");
    for (int i = 0; i < 60; ++i)
      rig_->Create(kMapsPath, R"({"metadata":{"name":"still-)" + std::to_string(i) + R"("}})");
  }
  static void TearDownTestSuite() {
    delete rig_;
    rig_ = nullptr;
  }

  // First the Secret, then the ConfigMap; and a ConfigMap that comes with each step and goes with
  // the next one, so that there always are exactly one or two of them.
  static void Count(kube::Client& client, int64_t i) {
    const std::string n = std::to_string(i);
    auto patch = [&](const std::string& path, const std::string& body) {
      Must(client.Raw({"PATCH", path, body, "application/merge-patch+json", ""}));
    };
    patch(std::string(kSecretsPath) + "/counter",
          R"({"metadata":{"labels":{"n":")" + n + R"("}}})");
    patch(std::string(kMapsPath) + "/counter", R"({"metadata":{"labels":{"n":")" + n + R"("}}})");
    Must(client.Raw({"POST", kMapsPath, R"({"metadata":{"name":"moving-)" + n + R"("}})", "", ""}));
    if (i > 1)
      Must(client.Raw(
          {"DELETE", std::string(kMapsPath) + "/moving-" + std::to_string(i - 1), "", "", ""}));
  }
  static int64_t CounterOf(const Entries& entries, const std::string& path) {
    auto text = json::FindString(entries.at(path), {"metadata", "labels", "n"});
    return text ? std::stoll(*text) : 0;
  }

  static inline BackupRig* rig_ = nullptr;
};

TEST_F(BackupKineTest, AnArchiveIsOfOneInstant) {
  Writer writer(*rig_, Count);
  writer.Await(1);
  for (bool exact : {false, true}) {
    backup::Options options;
    options.force_exact = exact;
    options.list_threads = 1;
    options.hooks.revision_fixed = [&](const std::string&) { writer.Await(2); };
    options.hooks.after_kind = [&](const kube::ResourceType&) { writer.Await(2); };
    for (int i = 0; i < 5; ++i) {
      auto result = rig_->Backup(kCountersSet, options);
      ASSERT_TRUE(result) << result.error().ToString();
      Entries entries = rig_->ReadEntries(result->filename);
      int64_t secret = CounterOf(entries, "secrets.#v1/default/counter.json");
      int64_t map = CounterOf(entries, "configmaps.#v1/default/counter.json");
      EXPECT_THAT(secret - map, AllOf(Ge(0), Le(1))) << "backup " << i << (exact ? ", exact" : "");
      size_t moving = 0;
      for (const auto& [path, body] : entries)
        moving += path.starts_with("configmaps.#v1/default/moving-") ? 1 : 0;
      EXPECT_THAT(moving, AllOf(Ge(1u), Le(2u)));
      for (int64_t n : {map - 1, map})
        if (n > 0 && moving == 2)
          EXPECT_TRUE(
              entries.contains("configmaps.#v1/default/moving-" + std::to_string(n) + ".json"))
              << n;
    }
  }
  EXPECT_EQ(writer.error(), "");
}

TEST_F(BackupKineTest, ItIsRestoredAndThenUnchanged) {
  auto result = rig_->Backup(kCountersSet);
  ASSERT_TRUE(result) << result.error().ToString();
  rig_->Delete(std::string(kSecretsPath) + "/counter");
  rig_->Delete(std::string(kMapsPath) + "/still-7");
  rig_->MergePatch(std::string(kMapsPath) + "/still-8", R"({"data":{"drift":"yes"}})");
  rig_->Create(kMapsPath, R"({"metadata":{"name":"extra"}})");

  storage::LocalStore store(rig_->store_folder());
  auto keys = crypto::Transformers::None();
  restore::Options options;
  options.prune = true;
  auto run = [&] {
    restore::Progress progress;
    return Must(restore::Run(rig_->client(), store, result->filename, keys, options, progress,
                             QuietLog(), Clock::Real(), {}));
  };
  // Another one that begins in the middle of it waits for its Lease; here, until it is stopped.
  std::string second;
  AtPhase in_the_middle("restoring namespaced objects", [&] {
    std::stop_source stop;
    std::jthread stopper([&] {
      Clock::Real().Sleep(std::chrono::seconds(1), {});
      stop.request_stop();
    });
    restore::Progress progress;
    auto other = restore::Run(rig_->client(), store, result->filename, keys, options, progress,
                              QuietLog(), Clock::Real(), stop.get_token());
    second = other ? "it went ahead" : other.error().ToString();
  });
  restore::Report report = Must(restore::Run(rig_->client(), store, result->filename, keys, options,
                                             in_the_middle, QuietLog(), Clock::Real(), {}));
  EXPECT_THAT(second, HasSubstr("Lease"));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 2u) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 1u) << restore::ToText(report);
  EXPECT_EQ(report.counts.deleted, 1u) << restore::ToText(report);
  EXPECT_TRUE(run().nothing_to_do);
}

}  // namespace
}  // namespace holdfast::tests
