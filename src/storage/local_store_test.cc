#include "storage/local_store.h"
#include "base/temp_folder_for_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LocalStoreTest : public ::testing::Test {
 protected:
  LocalStoreTest() { root_ = TempFolderForTest(); }
  ~LocalStoreTest() override { fs::remove_all(root_); }

  Status Put(LocalStore& store, const std::string& name, std::string_view bytes) {
    HF_ASSIGN(auto spool, store.NewSpool());
    HF_TRY(spool.Append(bytes));
    return store.Put(spool, name, {});
  }
  fs::path root_;
};

unsigned ModeOf(const fs::path& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST_F(LocalStoreTest, MakesItsFolderForItsOwnerOnly) {
  LocalStore store(root_ / "new" / "backups");
  ASSERT_TRUE(Put(store, "a", "x"));
  EXPECT_EQ(ModeOf(root_ / "new"), 0700u);
  EXPECT_EQ(ModeOf(root_ / "new" / "backups"), 0700u);
  EXPECT_EQ(ModeOf(root_ / "new" / "backups" / "a"), 0600u);
}

TEST_F(LocalStoreTest, ReadingMakesNoFolder) {
  LocalStore store(root_ / "none");
  EXPECT_FALSE(store.List("", {}));
  EXPECT_FALSE(store.Open("a", 0, {}));
  EXPECT_FALSE(fs::exists(root_ / "none"));
}

TEST_F(LocalStoreTest, PutIsALink) {
  LocalStore store(root_);
  auto spool = store.NewSpool();
  ASSERT_TRUE(spool && spool->Append("x"));
  ASSERT_TRUE(store.Put(*spool, "a", {}));
  // The spool and the archive are one file: what the spool reads is what lies there now.
  std::fstream(root_ / "a", std::ios::in | std::ios::out) << "y";
  EXPECT_EQ(spool->Read(0, 1).value(), "y");
}

TEST_F(LocalStoreTest, LooksAtFilesOnly) {
  fs::create_directory(root_ / "folder");
  std::ofstream(root_ / ".hidden") << "x";
  std::ofstream(root_ / "file") << "x";
  fs::create_symlink("file", root_ / "link");
  fs::create_symlink("nothing", root_ / "broken");
  LocalStore store(root_);
  std::vector<std::string> names;
  auto list = store.List("", {});
  ASSERT_TRUE(list);
  for (const auto& info : *list) names.push_back(info.name);
  EXPECT_THAT(names, ElementsAre("file", "link"));
  EXPECT_EQ(store.Stat("folder", {}).error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(store.Open("folder", 0, {}).error().kind(), ErrorKind::kInvalid);
}

TEST_F(LocalStoreTest, NamesFolderAndCure) {
  LocalStore store(root_ / "none");
  std::string text = store.Open("a.tar.gz", 0, {}).error().ToString();
  EXPECT_THAT(text, HasSubstr("open " + (root_ / "none" / "a.tar.gz").string()));
  EXPECT_THAT(text, HasSubstr("there is no folder " + (root_ / "none").string()));
}

TEST_F(LocalStoreTest, AFileInTheWayOfTheFolder) {
  std::ofstream(root_ / "file") << "x";
  LocalStore store(root_ / "file");
  auto spool = store.NewSpool();
  ASSERT_FALSE(spool);
  EXPECT_THAT(spool.error().ToString(), HasSubstr((root_ / "file").string()));
}

// As near to a full disk as a unit test gets: a child that may not write more than 1 MiB.
TEST_F(LocalStoreTest, LeavesNothingWhenTheDiskIsFull) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    LocalStore store(root_);
    auto status = Put(store, "a", std::string(3 << 20, 'x'));
    ::_exit(status ? 1 : 0);
  }
  int result = 0;
  ::waitpid(child, &result, 0);
  EXPECT_EQ(result, 0) << "it must fail";
  EXPECT_TRUE(fs::is_empty(root_));
}

}  // namespace
}  // namespace holdfast::storage
