// Rules of a restore that only a real API server can hold it to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/json_scan.h"
#include "restore/archive_for_test.h"
#include "restore/crds.h"
#include "storage/local_store.h"
#include "tests/fixture_archive.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

restore::Report RestoreWith(RestoreRig& rig, restore::Progress& progress) {
  storage::LocalStore store(FixtureDir() / "archives");
  auto keys = crypto::Transformers::None();
  return Must(restore::Run(rig.client(), store, FixtureArchive("plain-"), keys, {}, progress,
                           QuietLog(), Clock::Real(), {}));
}

struct RestoreRules : ::testing::Test {
  RestoreRig rig;
  restore::Progress progress;
};

TEST_F(RestoreRules, ClustersConnectAnewAlsoWhenOnlyACrdWasWritten) {
  Must(rig.RestorePlain());
  kube::ResourceType clusters;
  clusters.gv = {"fleet.cattle.io", "v1alpha1"};
  clusters.plural = "clusters";
  clusters.namespaced = true;
  // Archived with 7, and so 8 now: as if the increment had not been done.
  const std::string ns = "fleet-default", name = "gen7-a";
  Must(rig.client().Patch(clusters, ns, name, kube::PatchType::kMerge,
                          R"({"spec":{"redeployAgentGeneration":7}})"));
  auto plan = Must(rig.RestorePlain());
  ASSERT_TRUE(plan.nothing_to_do) << restore::ToText(plan);

  Must(rig.client().Patch(restore::CrdType(), "", "plants.shapes.lab.cattle.io",
                          kube::PatchType::kMerge, R"({"metadata":{"labels":{"drift":"yes"}}})"));
  auto report = Must(rig.RestorePlain());
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  std::string after = rig.Get("fleet.cattle.io/v1alpha1", "clusters", ns, name);
  EXPECT_EQ(json::Find(after, {"spec", "redeployAgentGeneration"}), "8");
  EXPECT_THAT(report.notes, Contains(HasSubstr(name)));
}

TEST_F(RestoreRules, ControllersThatComeWithTheRestoreStartAtItsEnd) {
  std::string ns = "cattle-system", name = "fleet-controller", in_the_middle;
  AtPhase at_end("scaling controllers up", [&] { in_the_middle = rig.Replicas(ns, name); });
  restore::Report report = RestoreWith(rig, at_end);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(in_the_middle, "0");
  std::string archived = rig.Replicas(ns, name);
  EXPECT_GT(std::stoi(archived), 0);
  EXPECT_FALSE(rig.Exists("v1", "configmaps", "cattle-resources-system", "holdfast-restore-state"));

  // The same for one that stands at zero.
  kube::ResourceType deployments;
  deployments.gv = {"apps", "v1"};
  deployments.plural = "deployments";
  deployments.namespaced = true;
  Must(rig.client().Patch(deployments, ns, name, kube::PatchType::kMerge,
                          R"({"metadata":{"labels":{"drift":"yes"}},"spec":{"replicas":0}})"));
  in_the_middle.clear();
  report = RestoreWith(rig, at_end);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(in_the_middle, "0");
  EXPECT_EQ(rig.Replicas(ns, name), archived);
  EXPECT_THAT(rig.Get("apps/v1", "deployments", ns, name), Not(HasSubstr("drift")));
  EXPECT_TRUE(RestoreWith(rig, progress).nothing_to_do);
}

// D11: objects behind a dead conversion webhook hold nobody else up.
TEST_F(RestoreRules, ATypeThatCannotBeReadIsHeldBackAndReported) {
  std::string crd =
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
      R"("metadata":{"name":"gadgets.lab.example.io"},"spec":{"group":"lab.example.io",)"
      R"("scope":"Cluster","names":{"kind":"Gadget","plural":"gadgets"},)"
      R"("conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],)"
      R"("clientConfig":{"url":"https://127.0.0.1:1/convert"}}},"versions":[)";
  const std::string schema =
      R"("schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}})";
  crd += R"({"name":"v1","served":true,"storage":true,)" + schema + "}," +
         R"({"name":"v2","served":true,"storage":false,)" + schema + "}]}}";
  Must(rig.client().Create(restore::CrdType(), "", crd));
  kube::ResourceType gadgets;
  gadgets.gv = {"lab.example.io", "v1"};
  gadgets.plural = "gadgets";
  auto gadget = [](const std::string& version, const std::string& size) {
    return R"({"apiVersion":"lab.example.io/)" + version +
           R"(","kind":"Gadget","metadata":{"name":"a"},"size":")" + size + "\"}";
  };
  for (int i = 0; i < 100; ++i) {
    if (rig.client().Create(gadgets, "", gadget("v1", "small"))) break;
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  const std::string config_map =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"beside","namespace":"default"}})";
  std::filesystem::path dir = std::filesystem::temp_directory_path() /
                              ("holdfast-restore-rules-" + std::to_string(getpid()));
  std::filesystem::create_directory(dir);
  std::ofstream(dir / "hand-made.tar.gz", std::ios::binary)
      << restore::MakeArchive({{"configmaps.#v1/default/beside.json", config_map},
                               {"gadgets.lab.example.io#v2/a.json", gadget("v2", "large")}});
  storage::LocalStore store(dir);
  auto keys = crypto::Transformers::None();
  auto run = [&](restore::Progress& how) {
    return Must(restore::Run(rig.client(), store, "hand-made.tar.gz", keys, {}, how, QuietLog(),
                             Clock::Real(), {}));
  };
  auto report = run(progress);
  EXPECT_EQ(report.counts.created, 1u) << restore::ToText(report);
  EXPECT_EQ(report.failures.total, 1u) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report),
              AllOf(HasSubstr("gadgets.lab.example.io a"), HasSubstr("conversion webhook")));
  EXPECT_TRUE(rig.Exists("v1", "configmaps", "default", "beside"));

  // What the webhook was missing comes with the restore.
  kube::ResourceType config_maps;
  config_maps.gv = {"", "v1"};
  config_maps.plural = "configmaps";
  config_maps.namespaced = true;
  Must(rig.client().Delete(config_maps, "default", "beside"));
  AtPhase healed("restoring namespaced objects", [&] {
    Must(rig.client().Patch(restore::CrdType(), "", "gadgets.lab.example.io",
                            kube::PatchType::kMerge,
                            R"({"spec":{"conversion":{"strategy":"None","webhook":null}}})"));
  });
  report = run(healed);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 1u) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 1u) << restore::ToText(report);
  EXPECT_THAT(rig.Get("lab.example.io/v2", "gadgets", "", "a"), HasSubstr("large"));
  std::filesystem::remove_all(dir);
}

// The API server refuses a Job that brings what was generated from another uid.
TEST_F(RestoreRules, JobsThatWereDeletedComeBack) {
  kube::ResourceType jobs;
  jobs.gv = {"batch", "v1"};
  jobs.plural = "jobs";
  jobs.namespaced = true;
  auto job = [](const std::string& name, const std::string& labels, const std::string& spec) {
    return R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":")" + name +
           R"(","labels":)" + labels + R"(},"spec":{"suspend":true,)" + spec +
           R"("template":{"metadata":{"labels":{"app":")" + name +
           R"("}},"spec":{"restartPolicy":"Never",)"
           R"("containers":[{"name":"c","image":"example.invalid/c"}]}}}})";
  };
  std::map<std::string, std::string> made = {
      {"bare", job("bare", "{}", "")},
      {"labelled", job("labelled", R"({"team":"a"})", "")},
      {"manual", job("manual", "{}",
                     R"("manualSelector":true,"selector":{"matchLabels":{"app":"manual"}},)")}};
  std::vector<std::pair<std::string, std::string>> entries;
  std::map<std::string, std::string> uids;
  for (const auto& [name, text] : made) {
    Must(rig.client().Create(jobs, "default", text));
    std::string live = rig.Get("batch/v1", "jobs", "default", name);
    uids[name] = json::FindString(live, {"metadata", "uid"}).value();
    entries.emplace_back("jobs.batch#v1/default/" + name + ".json", live);
    // Not Kubernetes' default for Jobs, which needs the garbage collector.
    Must(rig.client().Delete(jobs, "default", name, {.propagation = "Background"}));
  }
  std::filesystem::path dir = std::filesystem::temp_directory_path() /
                              ("holdfast-restore-jobs-" + std::to_string(getpid()));
  std::filesystem::create_directory(dir);
  std::ofstream(dir / "jobs.tar.gz", std::ios::binary) << restore::MakeArchive(entries);
  storage::LocalStore store(dir);
  auto keys = crypto::Transformers::None();
  auto run = [&] {
    return Must(restore::Run(rig.client(), store, "jobs.tar.gz", keys, {}, progress, QuietLog(),
                             Clock::Real(), {}));
  };
  auto report = run();
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 3u) << restore::ToText(report);
  for (const auto& [name, text] : made) {
    std::string live = rig.Get("batch/v1", "jobs", "default", name);
    EXPECT_THAT(live, Not(HasSubstr(uids[name])));
    std::string uid = json::FindString(live, {"metadata", "uid"}).value();
    auto label = json::FindString(
        live, {"spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid"});
    EXPECT_EQ(label.value_or(""), name == "manual" ? "" : uid);
    EXPECT_EQ(json::FindString(live, {"spec", "template", "metadata", "labels", "app"}), name);
  }
  EXPECT_TRUE(run().nothing_to_do);

  // An update does not touch them.
  for (const auto& [name, text] : made) {
    Must(rig.client().Patch(jobs, "default", name, kube::PatchType::kMerge,
                            R"({"metadata":{"labels":{"drift":"yes"}},"spec":{"parallelism":7}})"));
  }
  report = run();
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 3u) << restore::ToText(report);
  for (const auto& [name, text] : made) {
    std::string live = rig.Get("batch/v1", "jobs", "default", name);
    EXPECT_THAT(live, Not(HasSubstr("drift")));
    EXPECT_EQ(json::Find(live, {"spec", "parallelism"}), "1");
  }
  EXPECT_TRUE(run().nothing_to_do);
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace holdfast::tests
