#include "storage/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A folder in which some files cannot be deleted or looked at.
class StubbornStore : public LocalStore {
 public:
  using LocalStore::LocalStore;
  Status Delete(const std::string& name, const Waits& waits) override {
    if (auto refused = undeletable.find(name); refused != undeletable.end())
      return Fail(refused->second, "refused");
    return LocalStore::Delete(name, waits);
  }
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override {
    if (hidden.contains(name)) return Fail(hidden[name], "refused");
    return LocalStore::Stat(name, waits);
  }
  std::map<std::string, ErrorKind> undeletable, hidden;
};

class StorageCatalog : public ::testing::Test {
 protected:
  ~StorageCatalog() override { fs::remove_all(dir_); }
  void Write(const std::string& name) { std::ofstream(dir_ / name) << "x"; }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_)) names.push_back(entry.path().filename());
    return names;
  }
  // Files called 1, 2, ... of as many days, each described, of which the newest is kept.
  RetentionPlan Plan(int days) {
    std::vector<OwnFile> own;
    for (int day = 1; day <= days; ++day) {
      std::string name = std::to_string(day);
      Write(name);
      Write(name + ".meta");
      own.push_back({{name, 1, {}}, now_ - std::chrono::hours(24 * (days - day)), std::nullopt});
    }
    auto plan = PlanRetention(std::move(own), {.newest = 1}, now_);
    EXPECT_TRUE(plan);
    plan->description_suffix = ".meta";
    return *plan;
  }

  Clock::Wall now_ = *ParseRfc3339("2026-01-27T00:00:00Z");
  fs::path dir_ = TempFolderForTest();
  StubbornStore store_{dir_};
};

TEST_F(StorageCatalog, OldestFirstAndOnAfterAFailure) {
  RetentionPlan plan = Plan(5);
  store_.undeletable = {{"1", ErrorKind::kConflict}, {"3.meta", ErrorKind::kUnauthorized}};
  PruneReport report = Prune(store_, plan, {});
  EXPECT_THAT(report.deleted, ElementsAre("2", "3", "4"));
  EXPECT_THAT(report.FailedTexts(), ElementsAre("1: refused", "3.meta: refused"));
  EXPECT_FALSE(report.only_locked());
  EXPECT_THAT(Files(), UnorderedElementsAre("1", "1.meta", "3.meta", "5", "5.meta"));
}

TEST_F(StorageCatalog, OnlyLocks) {
  RetentionPlan plan = Plan(3);
  store_.undeletable = {{"1", ErrorKind::kConflict}};
  EXPECT_TRUE(Prune(store_, plan, {}).only_locked());
}

// A list of a shared folder may show a peer's new description and not yet its file.
TEST_F(StorageCatalog, OrphansAreLookedAtTwice) {
  RetentionPlan plan = Plan(1);
  for (const char* name : {"gone.meta", "came.meta", "came", "unclear.meta"}) Write(name);
  plan.orphans = {"came.meta", "gone.meta", "unclear.meta"};
  store_.hidden = {{"unclear", ErrorKind::kUnavailable}};
  PruneReport report = Prune(store_, plan, {});
  EXPECT_THAT(report.deleted_orphans, ElementsAre("gone.meta"));
  EXPECT_THAT(report.FailedTexts(), ElementsAre(HasSubstr("unclear.meta")));
  EXPECT_THAT(Files(), UnorderedElementsAre("1", "1.meta", "came", "came.meta", "unclear.meta"));
}

TEST_F(StorageCatalog, AStopLeavesTheRest) {
  RetentionPlan plan = Plan(3);
  Write("gone.meta");
  plan.orphans = {"gone.meta"};
  std::stop_source stop;
  stop.request_stop();
  PruneReport report = Prune(store_, plan, {.stop = stop.get_token()});
  EXPECT_TRUE(report.deleted.empty() && report.deleted_orphans.empty());
  EXPECT_EQ(report.failed.size(), 3u);
  EXPECT_EQ(Files().size(), 7u);
}

}  // namespace
}  // namespace holdfast::storage
