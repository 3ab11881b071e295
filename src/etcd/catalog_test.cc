#include "etcd/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const SnapshotScope kScope{"etcd", "c1"};

Clock::Wall At(const char* time) { return *ParseRfc3339(time); }

class CatalogTest : public ::testing::Test {
 protected:
  ~CatalogTest() override { fs::remove_all(dir_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name) << text;
  }
  std::string AddSnapshot(Clock::Wall time, const std::string& series = "etcd",
                          const std::string& cluster = "c1") {
    std::string name = SnapshotName(series, time, "none", false);
    SnapshotMeta meta{.name = name,
                      .cluster = cluster,
                      .revision = 7,
                      .size = 3,
                      .stored_size = 3,
                      .started = time,
                      .finished = time};
    Write(name, "abc");
    Write(name + ".meta", meta.ToJson());
    return name;
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path dir_ = TempFolderForTest();
  storage::LocalStore store_{dir_};
};

TEST(SnapshotName, NamesAndTheirSeries) {
  Clock::Wall time = At("2026-01-27T02:03:04Z");
  EXPECT_EQ(SnapshotName("etcd", time, "none", false), "etcd-2026-01-27T02-03-04Z.db");
  EXPECT_EQ(SnapshotName("a-b", time, "zstd", true), "a-b-2026-01-27T02-03-04Z.db.zst.enc");
  for (const char* packed : {"none", "gzip", "zstd", "zip"})
    for (bool encrypted : {false, true})
      EXPECT_EQ(SeriesOf(SnapshotName("a-b", time, packed, encrypted)), "a-b");
  for (const char* other : {"etcd.db", "etcd-2026-01-27T02-03-04Z", "-2026-01-27T02-03-04Z.db", "",
                            "etcd-2026-01-27T02:03:04Z.db", "etcd-2026-01-27T02-03-04Z.db.meta"})
    EXPECT_EQ(SeriesOf(other), "") << other;
}

TEST(SnapshotMeta, ComesBack) {
  SnapshotMeta meta{.name = "a\"b",
                    .cluster = "9e57",
                    .member = "1",
                    .endpoint = "http://x",
                    .etcd_version = "3.6.6",
                    .storage_version = "3.6.0",
                    .revision = 1'000'000'001,
                    .compact_revision = 5,
                    .keys = 3,
                    .size = 1056,
                    .stored_size = 99,
                    .compression = "zstd",
                    .encryption = "aesgcm, key \"a\"",
                    .sha256 = "ab",
                    .started = At("2026-01-27T02:03:04Z"),
                    .finished = At("2026-01-27T02:03:05Z")};
  auto back = ParseSnapshotMeta(meta.ToJson());
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(back->ToJson(), meta.ToJson());
  EXPECT_EQ(back->revision, 1'000'000'001);
  for (const char* wrong :
       {"", "{", "[]", "{}", R"({"name":"a","size":1,"storedSize":1})",
        R"({"name":"a","size":-1,"storedSize":1,"started":"2026-01-27T02:03:04Z"})"})
    EXPECT_FALSE(ParseSnapshotMeta(wrong)) << wrong;
}

TEST_F(CatalogTest, TellsGoodFromBad) {
  AddSnapshot(At("2026-01-01T00:00:00Z"));
  std::string newest = AddSnapshot(At("2026-01-03T00:00:00Z"));
  std::string cut = AddSnapshot(At("2026-01-02T00:00:00Z"));
  Write(cut, "a");
  std::string unclear = AddSnapshot(At("2026-01-04T00:00:00Z"));
  Write(unclear + ".meta", "{");
  std::string gone = AddSnapshot(At("2026-01-05T00:00:00Z"));
  fs::remove(dir_ / gone);
  Write("orphan.meta", "{}");
  Write("stranger", "x");
  auto catalog = ReadCatalog(store_, {});
  ASSERT_TRUE(catalog) << catalog.error().ToString();
  ASSERT_EQ(catalog->snapshots.size(), 4u);
  ASSERT_EQ(catalog->orphans.size(), 1u);
  EXPECT_EQ(catalog->orphans[0].name, gone + ".meta");
  EXPECT_EQ(catalog->orphans[0].meta.name, gone);
  EXPECT_THAT(catalog->others, ElementsAre("orphan.meta", "stranger"));
  for (const Snapshot& snapshot : catalog->snapshots) {
    bool bad = snapshot.file.name == cut || snapshot.file.name == unclear;
    EXPECT_EQ(snapshot.not_good.has_value(), bad) << snapshot.file.name;
  }
}

TEST_F(CatalogTest, RetentionByAgeAndCount) {
  std::vector<std::string> names;
  for (int day = 1; day <= 6; ++day)
    names.push_back(AddSnapshot(At(("2026-01-0" + std::to_string(day) + "T00:00:00Z").c_str())));
  auto kept = [&](const schedule::RetentionRules& rules, const char* now) {
    auto catalog = ReadCatalog(store_, {});
    auto plan = PlanSnapshots(*catalog, kScope, rules, At(now));
    EXPECT_TRUE(plan);
    std::vector<std::string> all;
    for (const auto& verdict : plan->verdicts)
      if (verdict.keep) all.push_back(verdict.name.substr(13, 2));
    return all;
  };
  const std::chrono::hours day(24);
  EXPECT_THAT(kept({.newest = 2}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
  EXPECT_THAT(kept({.max_age = 3 * day}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
  EXPECT_THAT(kept({.newest = 3, .max_age = 2 * day}, "2026-01-07T12:00:00Z"),
              ElementsAre("06", "05", "04"));
  // The last good one stays, however old it is.
  EXPECT_THAT(kept({.max_age = day}, "2027-01-01T00:00:00Z"), ElementsAre("06"));
  EXPECT_FALSE(PlanSnapshots({}, kScope, {}, At("2026-01-07T00:00:00Z")));
  EXPECT_FALSE(PlanSnapshots({}, kScope, {.max_age = -day}, At("2026-01-07T00:00:00Z")));
  // A damaged one is no good one.
  Write(names[5], "");
  EXPECT_THAT(kept({.newest = 1}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
}

TEST_F(CatalogTest, TimesInNames) {
  EXPECT_EQ(TimeIn("a-b-2026-01-27T02-03-04Z.db.zst.enc"), At("2026-01-27T02:03:04Z"));
  for (const char* other : {"", "etcd.db", "etcd-2026-13-27T02-03-04Z.db", "x.meta"})
    EXPECT_FALSE(TimeIn(other)) << other;
}

// A clock that was years ahead: neither such a name nor such a description holds a place.
TEST_F(CatalogTest, SnapshotsOfTheFutureHoldNoPlaces) {
  std::string one = AddSnapshot(At("2026-01-01T00:00:00Z")),
              two = AddSnapshot(At("2026-01-02T00:00:00Z")),
              future = AddSnapshot(At("2030-01-01T00:00:00Z"));
  std::string named = SnapshotName("etcd", At("2031-01-01T00:00:00Z"), "none", false);
  Write(named, "abc");
  Write(named + ".meta", SnapshotMeta{.name = named,
                                      .cluster = "c1",
                                      .size = 3,
                                      .stored_size = 3,
                                      .started = At("2026-01-02T12:00:00Z")}
                             .ToJson());
  auto plan =
      PlanSnapshots(*ReadCatalog(store_, {}), kScope, {.newest = 1}, At("2026-01-03T00:00:00Z"));
  ASSERT_TRUE(plan);
  std::vector<std::string> not_counted;
  for (const auto& verdict : plan->NotCounted()) not_counted.push_back(verdict.name);
  EXPECT_THAT(not_counted, ElementsAre(named, future));
  EXPECT_THAT(storage::Prune(store_, *plan, {}).deleted, ElementsAre(one));
  EXPECT_THAT(Files(), ::testing::IsSupersetOf({two, future, named}));
}

TEST_F(CatalogTest, PruneDeletesTheSnapshotAndWhatDescribesIt) {
  std::string old = AddSnapshot(At("2026-01-01T00:00:00Z"));
  std::string kept = AddSnapshot(At("2026-01-02T00:00:00Z"));
  std::string gone = AddSnapshot(At("2026-01-01T12:00:00Z"));
  fs::remove(dir_ / gone);
  auto plan =
      PlanSnapshots(*ReadCatalog(store_, {}), kScope, {.newest = 1}, At("2026-01-03T00:00:00Z"));
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->orphans, ElementsAre(gone + ".meta"));
  storage::PruneReport report = storage::Prune(store_, *plan, {});
  EXPECT_THAT(report.deleted, ElementsAre(old));
  EXPECT_THAT(report.deleted_orphans, ElementsAre(gone + ".meta"));
  EXPECT_TRUE(report.failed.empty());
  EXPECT_THAT(Files(), UnorderedElementsAre(kept, kept + ".meta"));
}

// Whatever ends in .meta may be somebody else's.
TEST_F(CatalogTest, FilesOfOthersAreNeverTouched) {
  std::vector<std::string> stay;
  auto orphan = [&](const std::string& series, const std::string& cluster) {
    std::string name = AddSnapshot(At("2026-01-01T00:00:00Z"), series, cluster);
    fs::remove(dir_ / name);
    stay.push_back(name + ".meta");
  };
  orphan("other", "c1");
  orphan("etcd-2", "c1");
  orphan("my-etcd", "c1");
  std::string unclear = "etcd-2026-01-05T00-00-00Z.db.meta";
  std::string renamed = "etcd-2026-01-06T00-00-00Z.db.meta";  // describes another file
  Write(unclear, "not JSON");
  Write(renamed, SnapshotMeta{.name = "etcd-2026-01-07T00-00-00Z.db",
                              .cluster = "c1",
                              .size = 3,
                              .stored_size = 3,
                              .started = At("2026-01-01T00:00:00Z")}
                     .ToJson());
  Write("photos.meta", "album");
  Write("photo.jpg", "x");
  Write("photo.jpg.meta", "camera");
  Write("y.tar.gz", "x");
  Write("etcd-2026-01-08T00-00-00Z.db", "nothing describes it");
  std::string foreign_cluster = AddSnapshot(At("2026-01-03T00:00:00Z"), "etcd", "c2"),
              no_cluster = AddSnapshot(At("2026-01-04T00:00:00Z"), "etcd", "");
  stay.insert(stay.end(), {unclear, renamed, "photos.meta", "photo.jpg", "photo.jpg.meta",
                           "y.tar.gz", "etcd-2026-01-08T00-00-00Z.db", foreign_cluster,
                           foreign_cluster + ".meta", no_cluster, no_cluster + ".meta"});
  std::string old = AddSnapshot(At("2026-01-09T00:00:00Z"));
  std::string kept = AddSnapshot(At("2026-01-10T00:00:00Z"));
  stay.insert(stay.end(), {kept, kept + ".meta"});
  auto plan =
      PlanSnapshots(*ReadCatalog(store_, {}), kScope, {.newest = 1}, At("2026-02-01T00:00:00Z"));
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->orphans, ElementsAre());
  EXPECT_THAT(storage::Prune(store_, *plan, {}).deleted, ElementsAre(old));
  EXPECT_THAT(Files(), ::testing::UnorderedElementsAreArray(stay));
}

}  // namespace
}  // namespace holdfast::etcd
