#include "etcd/adopt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "etcd/catalog.h"
#include "etcd/database_for_test.h"
#include "storage/local_store.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class AdoptTest : public ::testing::Test {
 protected:
  ~AdoptTest() override { fs::remove_all(dir_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name, std::ios::binary) << text;
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_)) names.push_back(entry.path().filename());
    return names;
  }
  Result<Adopted> Adopt(AdoptOptions options) {
    options.scratch = fs::temp_directory_path();
    return etcd::Adopt(store_, options, {});
  }
  std::string ErrorOf(AdoptOptions options) {
    auto adopted = Adopt(std::move(options));
    return adopted ? "no error" : adopted.error().ToString();
  }
  Snapshot Find(const std::string& name) {
    auto catalog = ReadCatalog(store_, {});
    EXPECT_TRUE(catalog);
    for (const Snapshot& snapshot : catalog->snapshots)
      if (snapshot.file.name == name) return snapshot;
    ADD_FAILURE() << name << " is not in the catalogue";
    return {};
  }

  const std::string snapshot_ = TestDatabase::Store(20).BuildSnapshot();
  fs::path dir_ = TempFolderForTest();
  storage::LocalStore store_{dir_};
};

TEST_F(AdoptTest, AForeignSnapshotIsProvedAndDescribed) {
  Write("mine.db", snapshot_);
  auto adopted = Adopt({.name = "mine.db", .cluster = "c1"});
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  Snapshot found = Find("mine.db");
  EXPECT_FALSE(found.not_good) << *found.not_good;
  EXPECT_EQ(found.meta.cluster, "c1");
  EXPECT_EQ(found.meta.size, snapshot_.size());
  EXPECT_EQ(found.meta.stored_size, snapshot_.size());
  EXPECT_EQ(found.meta.sha256.size(), 64u);
  EXPECT_GT(found.meta.revision, 20);
  EXPECT_THAT(ErrorOf({.name = "mine.db"}), HasSubstr("in the catalogue already"));
  EXPECT_THAT(Files(), UnorderedElementsAre("mine.db", "mine.db.meta"));
}

TEST_F(AdoptTest, IntoASeries) {
  Write("mine.db", snapshot_);
  auto time = *ParseRfc3339("2026-01-27T02:00:00Z");
  auto adopted = Adopt({.name = "mine.db", .series = "etcd", .cluster = "c1", .time = time});
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  std::string name = "etcd-2026-01-27T02-00-00Z.db";
  EXPECT_EQ(adopted->meta.name, name);
  EXPECT_THAT(Files(), UnorderedElementsAre(name, name + ".meta"));
  EXPECT_EQ(OwnSnapshots(*ReadCatalog(store_, {}), {"etcd", "c1"}).size(), 1u);
  // A taken name is a conflict, and leaves all as it is.
  Write("second.db", snapshot_);
  EXPECT_THAT(ErrorOf({.name = "second.db", .series = "etcd", .cluster = "c1", .time = time}),
              HasSubstr(name));
  EXPECT_THAT(Files(), UnorderedElementsAre(name, name + ".meta", "second.db"));
}

// One that was renamed keeps what its description says, whether that was renamed too or not.
TEST_F(AdoptTest, ARenamedOneIsKnownAgain) {
  std::string name = "etcd-2026-01-27T02-00-00Z.db";
  Write(name, snapshot_);
  ASSERT_TRUE(Adopt({.name = name, .cluster = "c7"}));
  EXPECT_EQ(Find(name).meta.started, *ParseRfc3339("2026-01-27T02:00:00Z"));
  fs::rename(dir_ / name, dir_ / "kept.db");
  auto adopted = Adopt({.name = "kept.db"});
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  EXPECT_EQ(adopted->meta.cluster, "c7");
  EXPECT_EQ(adopted->meta.started, *ParseRfc3339("2026-01-27T02:00:00Z"));
  fs::remove(dir_ / (name + ".meta"));
  fs::rename(dir_ / "kept.db", dir_ / "both.db");
  fs::rename(dir_ / "kept.db.meta", dir_ / "both.db.meta");
  EXPECT_TRUE(Find("both.db").not_good);
  adopted = Adopt({.name = "both.db"});
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  EXPECT_EQ(adopted->meta.cluster, "c7");
  EXPECT_FALSE(Find("both.db").not_good);
}

TEST_F(AdoptTest, TheClusterIsTakenFromTheSeriesWhereItIsClear) {
  Write("etcd-2026-01-01T00-00-00Z.db", snapshot_);
  auto first = Adopt({.name = "etcd-2026-01-01T00-00-00Z.db"});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->meta.cluster, "");
  EXPECT_THAT(first->warnings, ::testing::ElementsAre(HasSubstr("its cluster is not known")));
  ASSERT_TRUE(Adopt({.name = "etcd-2026-01-01T00-00-00Z.db", .cluster = "c1"})) << "named later";
  std::string other = TestDatabase::Store(30).BuildSnapshot();
  Write("etcd-2026-01-02T00-00-00Z.db", other);
  auto second = Adopt({.name = "etcd-2026-01-02T00-00-00Z.db"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->meta.cluster, "c1");
  Write("etcd-2026-01-03T00-00-00Z.db", TestDatabase::Store(40).BuildSnapshot());
  ASSERT_TRUE(Adopt({.name = "etcd-2026-01-03T00-00-00Z.db", .cluster = "c2"}));
  Write("etcd-2026-01-04T00-00-00Z.db", TestDatabase::Store(50).BuildSnapshot());
  EXPECT_THAT(ErrorOf({.name = "etcd-2026-01-04T00-00-00Z.db"}), HasSubstr("c1, c2"));
  EXPECT_FALSE(fs::exists(dir_ / "etcd-2026-01-04T00-00-00Z.db.meta"));
}

TEST_F(AdoptTest, WhatIsNoGoodSnapshotStaysAsItIs) {
  std::string damaged = snapshot_;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  Write("damaged.db", damaged);
  Write("photo.jpg", "x");
  Write("mine.db", snapshot_);
  Write("mine.db.meta", "another program's");
  EXPECT_FALSE(Adopt({.name = "damaged.db", .series = "etcd", .cluster = "c1"}));
  EXPECT_FALSE(Adopt({.name = "photo.jpg"}));
  EXPECT_THAT(ErrorOf({.name = "mine.db"}), HasSubstr("does not describe it"));
  EXPECT_FALSE(Adopt({.name = "nothing"}));
  EXPECT_FALSE(Adopt({.name = "mine.db.meta"}));
  EXPECT_THAT(Files(), UnorderedElementsAre("damaged.db", "photo.jpg", "mine.db", "mine.db.meta"));
}

// A store that refuses descriptions: full, or by a policy.
class NoMeta : public storage::LocalStore {
 public:
  using LocalStore::LocalStore;
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    if (name.ends_with(".meta")) return Fail(ErrorKind::kUnauthorized, "s3:PutObject is denied");
    return LocalStore::Put(spool, name, waits);
  }
};

TEST_F(AdoptTest, AMoveThatFailsLeavesTheOldFileOnly) {
  NoMeta store(dir_);
  Write("mine.db", snapshot_);
  AdoptOptions options{.name = "mine.db", .series = "etcd", .cluster = "c1"};
  options.scratch = fs::temp_directory_path();
  auto adopted = etcd::Adopt(store, options, {});
  ASSERT_FALSE(adopted);
  EXPECT_THAT(adopted.error().ToString(), HasSubstr("s3:PutObject is denied"));
  EXPECT_THAT(Files(), UnorderedElementsAre("mine.db"));
}

TEST_F(AdoptTest, ADescriptionThatIsThereAlreadyIsASuccess) {
  SnapshotMeta meta{.name = "a.db", .size = 3, .stored_size = 3, .sha256 = "ab"};
  EXPECT_TRUE(PutDescription(store_, meta, {}));
  EXPECT_TRUE(PutDescription(store_, meta, {})) << "somebody else has described it";
  meta.sha256 = "cd";
  auto put = PutDescription(store_, meta, {});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kConflict);
}

}  // namespace
}  // namespace holdfast::etcd
