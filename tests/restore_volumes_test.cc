// Volumes and claims over a restore: the control plane must never take a restored volume for
// released, and every claim must get the volume that it had.
#include <gmock/gmock.h>

#include "tests/restore_fields_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RestoreVolumes : public RestoreFieldsTest {
 protected:
  void SetUp() override {
    RestoreFieldsTest::SetUp();
    pv = "volume-of-" + ns;
    // The control plane's deleter of hostPath volumes deletes below /tmp only.
    data = "/tmp/" + pv + "-" + std::to_string(getpid());
    std::filesystem::create_directory(data);
    std::ofstream(data + "/file") << "precious";
    Create("v1", "persistentvolumes", "",
           R"({"metadata":{"name":")" + pv +
               R"("},"spec":{"capacity":{"storage":"1Mi"},)"
               R"("accessModes":["ReadWriteOnce"],"persistentVolumeReclaimPolicy":"Delete",)"
               R"("storageClassName":"","hostPath":{"path":")" +
               data + "\"}}}");
    MakeClaim();
    ASSERT_TRUE(Within(30, [&] { return BothBound(); }));
    volume_text = Get("v1", "persistentvolumes", "", pv);
    claim_text = Get("v1", "persistentvolumeclaims", ns, "data");
    both = {{"persistentvolumes.#v1/" + pv + ".json", volume_text},
            {"persistentvolumeclaims.#v1/" + ns + "/data.json", claim_text}};
  }
  void TearDown() override {
    std::filesystem::remove_all(data);
    RestoreFieldsTest::TearDown();
  }

  void MakeClaim() {
    Create("v1", "persistentvolumeclaims", ns,
           R"({"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],)"
           R"("storageClassName":"","volumeName":")" +
               pv + R"(","resources":{"requests":{"storage":"1Mi"}}}})");
  }
  std::string Phase(const std::string& plural, const std::string& in, const std::string& name) {
    if (!rig().Exists("v1", plural, in, name)) return "none";
    return Str(Get("v1", plural, in, name), {"status", "phase"});
  }
  bool BothBound() {
    return Phase("persistentvolumes", "", pv) == "Bound" &&
           Phase("persistentvolumeclaims", ns, "data") == "Bound";
  }
  void Retain() {
    Patch("v1", "persistentvolumes", "", pv,
          R"({"spec":{"persistentVolumeReclaimPolicy":"Retain"}})");
  }
  void ExpectBoundAndKept() {
    EXPECT_TRUE(Within(20, [&] { return BothBound(); }))
        << Get("v1", "persistentvolumes", "", pv)
        << Get("v1", "persistentvolumeclaims", ns, "data");
    EXPECT_TRUE(std::filesystem::exists(data + "/file"));
    std::string volume = Get("v1", "persistentvolumes", "", pv);
    std::string claim = Get("v1", "persistentvolumeclaims", ns, "data");
    EXPECT_EQ(Str(volume, {"spec", "claimRef", "uid"}), Str(claim, {"metadata", "uid"}));
    EXPECT_EQ(Str(volume, {"spec", "persistentVolumeReclaimPolicy"}), "Delete");
  }

  std::string pv, data, volume_text, claim_text;
  restore::Entries both;
};

TEST_F(RestoreVolumes, BothThatWereLostAreBoundAgain) {
  Retain();
  Delete("v1", "persistentvolumeclaims", ns, "data");
  Delete("v1", "persistentvolumes", "", pv);
  restore::Report report = Restore(both);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  ExpectBoundAndKept();
  ExpectNothingMore(both);
}

TEST_F(RestoreVolumes, AVolumeWhoseClaimLivesIsBoundToIt) {
  Retain();
  Delete("v1", "persistentvolumes", "", pv);
  ASSERT_TRUE(Within(20, [&] { return Phase("persistentvolumeclaims", ns, "data") == "Lost"; }));
  restore::Report report = Restore(both);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  ExpectBoundAndKept();
  ExpectNothingMore(both);
}

TEST_F(RestoreVolumes, AVolumeThatTheLossOfItsClaimReleasedIsFreedForIt) {
  Retain();
  Delete("v1", "persistentvolumeclaims", ns, "data");
  ASSERT_TRUE(Within(20, [&] { return Phase("persistentvolumes", "", pv) == "Released"; }));
  restore::Report report = Restore(both);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  ExpectBoundAndKept();
  ExpectNothingMore(both);
}

TEST_F(RestoreVolumes, ANewerClaimKeepsItsVolume) {
  Retain();
  Delete("v1", "persistentvolumeclaims", ns, "data");
  ASSERT_TRUE(Within(20, [&] { return Phase("persistentvolumes", "", pv) == "Released"; }));
  Patch("v1", "persistentvolumes", "", pv, R"({"spec":{"claimRef":null}})");
  MakeClaim();
  ASSERT_TRUE(Within(20, [&] { return BothBound(); }));
  std::string uid = Str(Get("v1", "persistentvolumeclaims", ns, "data"), {"metadata", "uid"});
  Patch("v1", "persistentvolumes", "", pv, R"({"metadata":{"labels":{"drift":"yes"}}})");
  Patch("v1", "persistentvolumeclaims", ns, "data", R"({"metadata":{"labels":{"drift":"yes"}}})");
  restore::Report report = Restore(both);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  EXPECT_EQ(Str(Get("v1", "persistentvolumes", "", pv), {"spec", "claimRef", "uid"}), uid);
  EXPECT_THAT(Get("v1", "persistentvolumes", "", pv), Not(HasSubstr("drift")));
  ExpectBoundAndKept();
  ExpectNothingMore(both);
}

TEST_F(RestoreVolumes, AVolumeThatAnotherClaimHasStaysWithIt) {
  Retain();
  Delete("v1", "persistentvolumeclaims", ns, "data");
  ASSERT_TRUE(Within(20, [&] { return Phase("persistentvolumes", "", pv) == "Released"; }));
  Patch("v1", "persistentvolumes", "", pv, R"({"spec":{"claimRef":null}})");
  Create("v1", "persistentvolumeclaims", ns,
         R"({"metadata":{"name":"other"},"spec":{"accessModes":["ReadWriteOnce"],)"
         R"("storageClassName":"","volumeName":")" +
             pv + R"(","resources":{"requests":{"storage":"1Mi"}}}})");
  ASSERT_TRUE(Within(20, [&] { return Phase("persistentvolumeclaims", ns, "other") == "Bound"; }));
  restore::Report report = Restore(both);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("bound to the claim " + ns + "/other"));
  EXPECT_EQ(Str(Get("v1", "persistentvolumes", "", pv), {"spec", "claimRef", "name"}), "other");
  EXPECT_EQ(Phase("persistentvolumeclaims", ns, "other"), "Bound");
  ExpectNothingMore(both);
}

TEST_F(RestoreVolumes, AClaimWhoseVolumeDoesNotComeGetsAnother) {
  Retain();
  Delete("v1", "persistentvolumeclaims", ns, "data");
  Delete("v1", "persistentvolumes", "", pv);
  restore::Entries claim = {both[1]};
  restore::Report report = Restore(claim);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), AllOf(HasSubstr("spec.volumeName"), HasSubstr(pv)));
  std::string live = Get("v1", "persistentvolumeclaims", ns, "data");
  EXPECT_EQ(Str(live, {"spec", "volumeName"}), "");
  EXPECT_NE(Str(live, {"status", "phase"}), "Lost");
  ExpectNothingMore(claim);
}

TEST_F(RestoreVolumes, PruneKeepsVolumesUnlessTheyAreAskedFor) {
  // The archive was made before both, and selects the whole namespace by name.
  Create("v1", "configmaps", ns, R"({"metadata":{"name":"new"}})");
  const std::string filters =
      R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":{"name":"r"},)"
      R"("resourceSelectors":[{"apiVersion":"v1","kinds":["Namespace","PersistentVolume"],)"
      R"("resourceNameRegexp":")" +
      ns +
      R"("},{"apiVersion":"v1","kinds":["ConfigMap",)"
      R"("PersistentVolumeClaim"],"namespaces":[")" +
      ns + "\"]}]}";
  restore::Entries entries = {
      {"configmaps.#v1/default/beside.json",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"beside","namespace":"default"}})"}};
  restore::Options options;
  options.prune = true;
  options.allow_missing_types = true;
  options.plan_only = true;
  restore::Report plan = Restore(entries, options, filters);
  std::string text = restore::ToText(plan);
  EXPECT_THAT(text, AllOf(HasSubstr("delete configmaps " + ns + "/new"),
                          HasSubstr("keep persistentvolumes " + pv),
                          HasSubstr("keep persistentvolumeclaims " + ns + "/data"),
                          HasSubstr("keep namespaces " + ns)));
  options.prune_volumes = true;
  text = restore::ToText(Restore(entries, options, filters));
  EXPECT_THAT(text, AllOf(HasSubstr("delete persistentvolumes " + pv),
                          HasSubstr("delete persistentvolumeclaims " + ns + "/data"),
                          HasSubstr("delete namespaces " + ns)));
  // Also where the claims of a doomed namespace are not selected.
  options.prune_volumes = false;
  const std::string only_namespaces =
      R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":{"name":"r"},)"
      R"("resourceSelectors":[{"apiVersion":"v1","kinds":["Namespace"],)"
      R"("resourceNameRegexp":")" +
      ns + R"("}]})";
  text = restore::ToText(Restore(entries, options, only_namespaces));
  EXPECT_THAT(text, AllOf(HasSubstr("keep namespaces " + ns), HasSubstr("Claims are in it"),
                          Not(HasSubstr("delete namespaces"))));
}

}  // namespace
}  // namespace holdfast::tests
