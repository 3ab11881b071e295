#include "backup/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"

namespace holdfast::backup {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr char kUid[] = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef";
constexpr char kOther[] = "7bb7f5cd-ad7b-4e91-9c29-68bf38b618ef";

const Clock::Wall kNow = *ParseRfc3339("2026-02-01T00:00:00Z");

std::string Name(const std::string& backup, int day, const char* end = ".tar.gz",
                 const char* uid = kUid) {
  return backup + "-" + uid + "-2026-01-0" + std::to_string(day) + "T02-00-00Z" + end;
}

class PruneTest : public ::testing::Test {
 protected:
  PruneTest() { root_ = TempFolderForTest(); }
  ~PruneTest() override { fs::remove_all(root_); }
  void Add(const std::string& name, const std::string& text = "x") {
    std::ofstream(root_ / name) << text;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_))
      names.push_back(entry.path().filename().string());
    return names;
  }
  storage::PruneReport Prune(storage::Store& store, int newest,
                             const std::string& just_written = "") {
    auto files = store.List("", {});
    auto plan = PlanPrune(*files, {"backup", kUid}, {.newest = newest}, kNow, just_written);
    EXPECT_TRUE(plan);
    return storage::Prune(store, *plan, {});
  }
  fs::path root_;
};

TEST_F(PruneTest, TouchesItsOwnFilesOnly) {
  std::vector<std::string> others = {Name("daily-backup", 1),
                                     Name("backup-2", 1),
                                     Name("backup", 1, ".tar.gz", kOther),
                                     Name("Backup", 1),
                                     Name("backup", 1, ".tar.gz.partial"),
                                     "backup.tar.gz"};
  for (const auto& other : others) Add(other);
  for (int day = 1; day <= 5; ++day) Add(Name("backup", day, day % 2 ? ".tar.gz" : ".tar.gz.enc"));
  storage::LocalStore store(root_);
  auto result = Prune(store, 2);
  // Plain and encrypted ones count together.
  EXPECT_THAT(result.deleted,
              ElementsAre(Name("backup", 1), Name("backup", 2, ".tar.gz.enc"), Name("backup", 3)));
  EXPECT_TRUE(result.failed.empty());
  others.push_back(Name("backup", 4, ".tar.gz.enc"));
  others.push_back(Name("backup", 5));
  EXPECT_THAT(Names(), ::testing::UnorderedElementsAreArray(others));
}

TEST_F(PruneTest, AnEmptyFileEvictsNothing) {
  Add(Name("backup", 5), "");
  Add(Name("backup", 4));
  Add(Name("backup", 3));
  storage::LocalStore store(root_);
  EXPECT_THAT(Prune(store, 1).deleted, ElementsAre(Name("backup", 3)));
  EXPECT_THAT(Names(), UnorderedElementsAre(Name("backup", 5), Name("backup", 4)));
}

TEST_F(PruneTest, WhatWasJustWrittenStays) {
  Add(Name("backup", 5));
  Add(Name("backup", 4));
  storage::LocalStore store(root_);
  EXPECT_THAT(Prune(store, 1, Name("backup", 4)).deleted, ElementsAre());
}

// Neither what other programs have put there nor what a wrong clock has dated costs an archive.
TEST_F(PruneTest, ForeignFilesAndTheFutureChangeNothing) {
  std::string future = std::string("backup-") + kUid + "-2030-01-01T02-00-00Z.tar.gz";
  std::vector<std::string> stay = {
      future,           "y.tar.gz", "x.meta", Name("backup", 3) + ".meta", Name("backup", 3),
      Name("backup", 2)};
  for (const auto& name : stay) Add(name);
  Add(Name("backup", 1));
  storage::LocalStore store(root_);
  auto result = Prune(store, 2);
  EXPECT_THAT(result.deleted, ElementsAre(Name("backup", 1)));
  EXPECT_THAT(Names(), ::testing::UnorderedElementsAreArray(stay));
}

class Undeletable : public storage::LocalStore {
 public:
  using LocalStore::LocalStore;
  Status Delete(const std::string& name, const Waits& waits) override {
    if (name == stuck) return Fail(ErrorKind::kUnauthorized, "s3:DeleteObject is denied");
    if (name == gone) return Fail(ErrorKind::kNotFound, "no such file");
    return LocalStore::Delete(name, waits);
  }
  std::string stuck, gone;
};

TEST_F(PruneTest, GoesOnAfterAFailure) {
  for (int day = 1; day <= 4; ++day) Add(Name("backup", day));
  Undeletable store(root_);
  store.stuck = Name("backup", 1);
  store.gone = Name("backup", 2);
  auto result = Prune(store, 1);
  EXPECT_THAT(result.deleted, ElementsAre(Name("backup", 2), Name("backup", 3)));
  EXPECT_THAT(result.FailedTexts(), ElementsAre(Name("backup", 1) + ": s3:DeleteObject is denied"));
}

TEST_F(PruneTest, FindsScopes) {
  for (const auto& name :
       {Name("b", 1), Name("a", 1), Name("a", 2), Name("a", 1, ".tar.gz", kOther)})
    Add(name);
  Add("notes.txt");
  storage::LocalStore store(root_);
  std::vector<std::string> found;
  for (const auto& scope : FindScopes(*store.List("", {})))
    found.push_back(scope.name + " " + scope.uid.substr(0, 1));
  EXPECT_THAT(found, ElementsAre("a 6", "a 7", "b 6"));
}

}  // namespace
}  // namespace holdfast::backup
