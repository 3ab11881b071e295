// Commands about stores, on local folders; with buckets: tests/storage/cli_store_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder_for_test.h"
#include "cli/call_for_test.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class StoreCommands : public ::testing::Test {
 protected:
  StoreCommands() { root_ = TempFolderForTest(); }
  ~StoreCommands() override { fs::remove_all(root_); }
  std::string Add(const std::string& backup, int day,
                  const std::string& uid = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef") {
    std::string name =
        backup + "-" + uid + "-2026-01-0" + std::to_string(day) + "T02-00-00Z.tar.gz";
    std::ofstream(root_ / name) << "x";
    return name;
  }
  size_t Count() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(root_), fs::directory_iterator()));
  }
  Outcome Prune(std::vector<std::string> more) {
    more.insert(more.begin(), {"prune", "--store", root_.string()});
    return Call(more);
  }
  fs::path root_;
};

TEST_F(StoreCommands, PrunePlansFirst) {
  std::string oldest = Add("backup", 1), newest = Add("backup", 2);
  std::string other = Add("daily-backup", 1);
  Outcome plan = Prune({"--name", "backup", "--keep", "1", "--plan"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, AllOf(HasSubstr("delete  " + oldest), HasSubstr("keep    " + newest),
                              HasSubstr("1 of the newest 1"), Not(HasSubstr(other))));
  EXPECT_EQ(Count(), 3u);
  Outcome json = Prune({"--name", "backup", "--keep", "1", "-o", "json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"plan\": false"), HasSubstr("\"deleted\": [")));
  EXPECT_FALSE(fs::exists(root_ / oldest));
  EXPECT_TRUE(fs::exists(root_ / newest) && fs::exists(root_ / other));
}

TEST_F(StoreCommands, PruneAsksWhichClusterIsMeant) {
  Add("backup", 1);
  Add("backup", 2, "7bb7f5cd-ad7b-4e91-9c29-68bf38b618ef");
  Outcome which = Prune({"--name", "backup", "--keep", "1"});
  EXPECT_EQ(which.code, 1);
  EXPECT_THAT(which.err, AllOf(HasSubstr("--cluster"), HasSubstr("7bb7f5cd")));
  Outcome one = Prune(
      {"--name", "backup", "--keep", "1", "--cluster", "7bb7f5cd-ad7b-4e91-9c29-68bf38b618ef"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(Count(), 2u);
}

TEST_F(StoreCommands, PruneNeedsAName) {
  EXPECT_EQ(Prune({"--keep", "1"}).code, 2);
  EXPECT_EQ(Prune({"--name", "backup"}).code, 2);
  EXPECT_EQ(Prune({"--name", "backup", "--keep", "-1"}).code, 2);
  Outcome none = Prune({"--name", "nightly", "--keep", "1"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("nightly"));
}

TEST_F(StoreCommands, CheckOfAFolder) {
  Outcome good = Call({"store", "check", "--store", (root_ / "new").string()});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, AllOf(HasSubstr("put        ok"), HasSubstr("delete     ok")));
  EXPECT_TRUE(fs::is_empty(root_ / "new"));
  std::ofstream(root_ / "file") << "x";
  Outcome bad = Call({"store", "check", "--store", (root_ / "file").string(), "-o", "json"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, AllOf(HasSubstr("\"ok\": false"), HasSubstr("\"failed\""),
                             HasSubstr("\"not tried\"")));
}

TEST_F(StoreCommands, CopyNeedsBothEnds) {
  EXPECT_EQ(Call({"copy", "a", "--from", "x"}).code, 2);
  EXPECT_EQ(Call({"copy", "a", "--to", "x"}).code, 2);
  EXPECT_EQ(Call({"copy", "a", "--from", "x", "--from-config", "y", "--to", "z"}).code, 2);
  // Not an archive: nothing is put.
  std::string name = Add("backup", 1);
  Outcome refused = Call({"copy", name, "--from", root_.string(), "--to", (root_ / "to").string()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(name), HasSubstr("hint: ")));
  EXPECT_TRUE(!fs::exists(root_ / "to") || fs::is_empty(root_ / "to"));
}

TEST_F(StoreCommands, StoresAreNamedOnce) {
  EXPECT_EQ(Call({"list", "--store", "a", "--store-config", "b"}).code, 2);
  Outcome missing = Call({"list", "--store-config", (root_ / "none.yaml").string()});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("none.yaml"));
  Outcome keys = Call({"list", "--store", "s3://user:pass-word@bucket"});
  EXPECT_EQ(keys.code, 1);
  EXPECT_THAT(keys.err, AllOf(HasSubstr("hint: "), Not(HasSubstr("pass-word"))));
}

}  // namespace
}  // namespace holdfast::cli
