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
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Clock::Wall At(const char* time) { return *ParseRfc3339(time); }

class CatalogTest : public ::testing::Test {
 protected:
  ~CatalogTest() override { fs::remove_all(dir_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name) << text;
  }
  std::string AddSnapshot(Clock::Wall time, const std::string& series = "etcd") {
    std::string name = SnapshotName(series, time, "none", false);
    SnapshotMeta meta{.name = name,
                      .cluster = "c1",
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
  Write("orphan.meta", "{}");
  Write("stranger", "x");
  auto catalog = ReadCatalog(store_, {});
  ASSERT_TRUE(catalog) << catalog.error().ToString();
  ASSERT_EQ(catalog->snapshots.size(), 4u);
  EXPECT_THAT(catalog->orphans, ElementsAre("orphan.meta"));
  EXPECT_THAT(catalog->others, ElementsAre("stranger"));
  for (const Snapshot& snapshot : catalog->snapshots) {
    bool bad = snapshot.file.name == cut || snapshot.file.name == unclear;
    EXPECT_EQ(snapshot.not_good.has_value(), bad) << snapshot.file.name;
  }
}

TEST_F(CatalogTest, RetentionByAgeAndCount) {
  std::vector<std::string> names;
  for (int day = 1; day <= 6; ++day)
    names.push_back(AddSnapshot(At(("2026-01-0" + std::to_string(day) + "T00:00:00Z").c_str())));
  auto kept = [&](const SnapshotRules& rules, const char* now) {
    auto catalog = ReadCatalog(store_, {});
    auto verdicts = DecideSnapshots(catalog->snapshots, rules, At(now));
    EXPECT_TRUE(verdicts);
    std::vector<std::string> all;
    for (const auto& verdict : *verdicts)
      if (verdict.keep) all.push_back(verdict.name.substr(13, 2));
    return all;
  };
  const std::chrono::hours day(24);
  EXPECT_THAT(kept({.counts = {.newest = 2}}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
  EXPECT_THAT(kept({.max_age = 3 * day}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
  EXPECT_THAT(kept({.counts = {.newest = 3}, .max_age = 2 * day}, "2026-01-07T12:00:00Z"),
              ElementsAre("06", "05", "04"));
  // The last good one stays, however old it is.
  EXPECT_THAT(kept({.max_age = day}, "2027-01-01T00:00:00Z"), ElementsAre("06"));
  EXPECT_FALSE(DecideSnapshots({}, {}, At("2026-01-07T00:00:00Z")));
  EXPECT_FALSE(DecideSnapshots({}, {.max_age = -day}, At("2026-01-07T00:00:00Z")));
  // A damaged one is no good one.
  Write(names[5], "");
  EXPECT_THAT(kept({.counts = {.newest = 1}}, "2026-01-07T00:00:00Z"), ElementsAre("06", "05"));
}

TEST_F(CatalogTest, PruneDeletesTheSnapshotAndWhatDescribesIt) {
  std::string old = AddSnapshot(At("2026-01-01T00:00:00Z"));
  std::string kept = AddSnapshot(At("2026-01-02T00:00:00Z"));
  Write("gone.meta", "{}");
  Write("stranger", "x");
  auto catalog = ReadCatalog(store_, {});
  auto verdicts =
      DecideSnapshots(catalog->snapshots, {.counts = {.newest = 1}}, At("2026-01-03T00:00:00Z"));
  ASSERT_TRUE(verdicts);
  PruneReport report = PruneSnapshots(store_, *verdicts, catalog->orphans, {});
  EXPECT_THAT(report.deleted, ElementsAre(old));
  EXPECT_TRUE(report.failed.empty());
  EXPECT_THAT(Files(), UnorderedElementsAre(kept, kept + ".meta", "stranger"));
}

}  // namespace
}  // namespace holdfast::etcd
