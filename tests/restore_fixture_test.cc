// Every archive of the reference operator, restored into real control planes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_scan.h"
#include "tests/fixture_archive.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Fixture {
  const char* archive;
  const char* keys;
};

class RestoreFixture : public ::testing::TestWithParam<Fixture> {};

TEST_P(RestoreFixture, IntoAnEmptyControlPlaneEqualsTheArchive) {
  RestoreRig rig;
  std::string archive = FixtureArchive(GetParam().archive);
  auto keys = FixtureKeys(GetParam().keys);
  auto objects = Must(ReadObjects(FixtureDir() / "archives" / archive, keys));
  ASSERT_GT(objects.size(), 400u);

  auto report = rig.Restore(archive, keys, {});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_FALSE(report->failed()) << restore::ToText(*report);
  EXPECT_THAT(Differences(rig.client(), objects, true), IsEmpty());
  EXPECT_THAT(rig.Get("shapes.lab.cattle.io/v1", "plants", "", "numbers-a"),
              AllOf(HasSubstr("9007199254740993"), HasSubstr("-9223372036854775808")));
  uint64_t skipped = 0;
  for (const ArchivedObject& object : objects) skipped += Expected(object).skipped ? 1 : 0;
  EXPECT_EQ(report->counts.objects, objects.size());
  EXPECT_EQ(report->counts.skipped, skipped);
  EXPECT_EQ(report->counts.created + report->counts.updated + skipped + report->counts.unchanged,
            objects.size())
      << restore::ToText(*report);

  // A second time nothing is left to do, and nothing but reads is sent; prune finds nothing either.
  uint64_t writes = rig.client().counters().writes;
  restore::Options again;
  again.prune = true;
  report = rig.Restore(archive, keys, again);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->nothing_to_do) << restore::ToText(*report);
  EXPECT_EQ(rig.client().counters().writes, writes);
  EXPECT_FALSE(rig.Exists("v1", "configmaps", "cattle-resources-system", "holdfast-restore-state"));
}

INSTANTIATE_TEST_SUITE_P(
    Archives, RestoreFixture,
    ::testing::Values(
        Fixture{"plain-", ""}, Fixture{"aescbc-secrets-", "aescbc-secrets"},
        Fixture{"aesgcm-secrets-configmaps-", "aesgcm-secrets-configmaps"},
        Fixture{"secretbox-all-", "secretbox-all"},
        Fixture{"recurring-2ceb1cf4-a425-43ca-a857-d83ad9cbff29-2026-11-21T04-56-32Z", ""},
        Fixture{"recurring-2ceb1cf4-a425-43ca-a857-d83ad9cbff29-2026-11-21T04-56-42Z", ""}),
    [](const auto& test) {
      std::string name = test.param.archive;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

TEST(RestoreOverDrift, BringsBackWhatWasChangedAndPrunesWhatWasAdded) {
  RestoreRig rig;
  auto keys = crypto::Transformers::None();
  auto objects = Must(ReadObjects(FixtureDir() / "archives" / FixtureArchive("plain-"), keys));
  Must(rig.RestorePlain());
  rig.Drift();
  // The comparison sees what was done to the cluster.
  EXPECT_GE(Differences(rig.client(), objects, false).size(), 15u);

  // The plan says it all and changes nothing.
  restore::Options options;
  options.prune = true;
  options.plan_only = true;
  uint64_t writes = rig.client().counters().writes;
  auto plan = Must(rig.RestorePlain(options));
  EXPECT_EQ(rig.client().counters().writes, writes);
  EXPECT_FALSE(plan.nothing_to_do);
  // The archive has nothing of type `extras`, which the cluster has: no prune without a yes (D16).
  EXPECT_EQ(plan.counts.deleted, 0u);
  EXPECT_THAT(restore::ToText(plan), HasSubstr("extras.shapes.lab.cattle.io"));

  options.plan_only = false;
  options.allow_missing_types = true;
  options.delete_timeout = std::chrono::seconds(3);
  auto report = Must(rig.RestorePlain(options));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(plan.counts.created, report.counts.created);
  EXPECT_EQ(plan.counts.updated, report.counts.updated);

  // fleet-controllers run: they end at their live counts, whatever the archive says.
  EXPECT_EQ(rig.Replicas("cattle-system", "fleet-controller"), "3");
  EXPECT_EQ(rig.Replicas("cattle-fleet-system", "fleet-controller"), "2");
  // Never restored, scaled down meanwhile.
  EXPECT_EQ(rig.Replicas("cattle-system", "rancher"), "4");
  EXPECT_EQ(report.scaled.size(), 3u);
  EXPECT_FALSE(rig.Exists("v1", "configmaps", "cattle-resources-system", "holdfast-restore-state"));

  std::vector<std::string> differences;
  for (std::string& line : Differences(rig.client(), objects, false)) {
    // The counts above, and the version v2 that the CRD keeps.
    if (line.starts_with("deployments.v1.apps cattle-") &&
        line.find("/fleet-controller: ") != std::string::npos)
      continue;
    if (line.find(" widgets.shapes.lab.cattle.io: ") != std::string::npos) continue;
    differences.push_back(std::move(line));
  }
  EXPECT_THAT(differences, IsEmpty());
  std::string crd = rig.Get("apiextensions.k8s.io/v1", "customresourcedefinitions", "",
                            "widgets.shapes.lab.cattle.io");
  bool v2 = false;
  for (json::ArrayReader reader(*json::Find(crd, {"spec", "versions"})); auto v = reader.Next();) {
    if (json::FindString(*v, {"name"}) != "v2") continue;
    v2 = true;
    EXPECT_EQ(json::Find(*v, {"storage"}), "false");
  }
  EXPECT_TRUE(v2);
  EXPECT_EQ(report.kept_versions.total, 1u);

  // What was added is gone, finalizers or not.
  EXPECT_FALSE(rig.Exists("v1", "configmaps", "cattle-system", "extra-cm"));
  EXPECT_FALSE(rig.Exists("v1", "secrets", "cattle-system", "extra-held"));
  EXPECT_FALSE(rig.Exists("v1", "configmaps", "p-extra", "in-extra-namespace"));
  EXPECT_FALSE(rig.Exists("management.cattle.io/v3", "globalroles", "", "extra-builtin"));
  EXPECT_FALSE(rig.Exists("shapes.lab.cattle.io/v1", "plants", "", "extra-plant"));
  EXPECT_FALSE(rig.Exists("shapes.lab.cattle.io/v1", "widgets", "p-chain-a", "made-as-v2"));
  EXPECT_FALSE(rig.Exists("apiextensions.k8s.io/v1", "customresourcedefinitions", "",
                          "extras.shapes.lab.cattle.io"));
  // Not selected.
  EXPECT_TRUE(rig.Exists("v1", "configmaps", "cattle-system", "notbackedup-extra"));
  // In the archive, but never restored: they stay as they are.
  EXPECT_THAT(rig.Get("management.cattle.io/v3", "globalroles", "", "builtin-bool-a"),
              HasSubstr("the live one"));
  EXPECT_THAT(rig.Get("v1", "secrets", "fleet-default", "registration-values-a"),
              HasSubstr("bGl2ZQ=="));

  options.delete_timeout = std::chrono::seconds(0);
  options.plan_only = true;
  plan = Must(rig.RestorePlain(options));
  EXPECT_EQ(plan.counts.created + plan.counts.updated, 0u) << restore::ToText(plan);
}

TEST(RestoreRefuses, WithoutTheKey) {
  RestoreRig rig;
  uint64_t writes = rig.client().counters().writes;
  auto report = rig.Restore(FixtureArchive("aescbc-"), crypto::Transformers::None(), {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().ToString(), HasSubstr("aescbc"));
  EXPECT_EQ(rig.client().counters().writes, writes);
}

}  // namespace
}  // namespace holdfast::tests
