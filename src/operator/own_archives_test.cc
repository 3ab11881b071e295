#include "operator/own_archives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"
#include "stream/sha256.h"

namespace holdfast::op {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(VerifyNew, QuickComparesEveryByte) {
  std::filesystem::path folder = TempFolderForTest();
  storage::LocalStore store(folder);
  crypto::Transformers keys = crypto::Transformers::None();
  std::string bytes(300'000, 'a');
  stream::Hash128 hash = stream::FastHash::Of(bytes);
  auto write = [&] { std::ofstream(folder / "f.tar.gz", std::ios::binary) << bytes; };

  EXPECT_EQ(VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {}).error().kind(),
            ErrorKind::kNotFound);
  write();
  auto good = VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {});
  ASSERT_TRUE(good) << good.error().ToString();
  EXPECT_EQ(*good, stream::Hex(stream::Sha256::Of(bytes)));
  // It is no archive: "Full" unpacks it, "None" does not look.
  EXPECT_FALSE(VerifyNew(store, "f.tar.gz", "Full", hash, keys, {}));
  EXPECT_TRUE(VerifyNew(store, "f.tar.gz", "None", {}, keys, {}));
  bytes.back() = 'b';
  write();
  auto bad = VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ErrorKind::kCorrupt);
  EXPECT_THAT(bad.error().ToString(), HasSubstr("300000 bytes"));
  std::filesystem::remove_all(folder);
}

constexpr char kCluster[] = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef";

std::string Archive(const std::string& date) {
  return std::string("nightly-") + kCluster + "-" + date + "T02-00-00Z.tar.gz";
}

// A store with Object Lock: what is young cannot be deleted.
class LockedStore : public storage::LocalStore {
 public:
  using LocalStore::LocalStore;
  Status Delete(const std::string& name, const Waits& waits) override {
    if (locked.contains(name)) return Fail(ErrorKind::kConflict, "\"" + name + "\" is locked");
    return LocalStore::Delete(name, waits);
  }
  std::set<std::string> locked;
};

class OwnArchivesTest : public ::testing::Test {
 protected:
  ~OwnArchivesTest() override { std::filesystem::remove_all(folder_); }
  void Add(const std::string& name) { std::ofstream(folder_ / name) << "x"; }
  bool Has(const std::string& name) { return std::filesystem::exists(folder_ / name); }

  std::filesystem::path folder_ = TempFolderForTest();
  LockedStore store_{folder_};
};

TEST_F(OwnArchivesTest, ALockedArchiveStopsNothing) {
  for (const char* day : {"2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04", "2020-01-05"})
    Add(Archive(day));
  store_.locked = {Archive("2020-01-03"), Archive("2020-01-01")};
  auto retained = Retain(store_, "nightly", kCluster, 1, Archive("2020-01-05"), {});
  ASSERT_TRUE(retained) << retained.error().ToString();
  EXPECT_THAT(retained->report.deleted, ElementsAre(Archive("2020-01-02"), Archive("2020-01-04")));
  EXPECT_THAT(retained->report.FailedTexts(),
              ElementsAre(HasSubstr(Archive("2020-01-01")), HasSubstr(Archive("2020-01-03"))));
  EXPECT_TRUE(retained->report.only_locked());

  auto all = DeleteOwn(store_, "nightly", kCluster, {});
  ASSERT_TRUE(all);
  EXPECT_THAT(all->deleted, ElementsAre(Archive("2020-01-05")));
  EXPECT_EQ(all->failed.size(), 2u);
}

TEST_F(OwnArchivesTest, AnArchiveOfTheFutureHoldsNoPlace) {
  for (const char* day : {"2020-01-01", "2020-01-02", "2020-01-03", "2190-01-01"})
    Add(Archive(day));
  Add("x.meta");
  Add("y.tar.gz");
  auto retained = Retain(store_, "nightly", kCluster, 2, Archive("2020-01-03"), {});
  ASSERT_TRUE(retained) << retained.error().ToString();
  EXPECT_THAT(retained->report.deleted, ElementsAre(Archive("2020-01-01")));
  ASSERT_EQ(retained->not_counted.size(), 1u);
  EXPECT_EQ(retained->not_counted[0].name, Archive("2190-01-01"));
  EXPECT_TRUE(Has(Archive("2190-01-01")) && Has(Archive("2020-01-02")) && Has("x.meta") &&
              Has("y.tar.gz"));
}

}  // namespace
}  // namespace holdfast::op
