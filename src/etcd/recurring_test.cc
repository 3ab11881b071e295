#include "etcd/recurring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Time passes by sleeping only.
class FakeClock : public Clock {
 public:
  Wall Now() const override { return now_; }
  Steady SteadyNow() const override { return Steady(now_.time_since_epoch()); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    now_ += std::chrono::duration_cast<Wall::duration>(time);
    return true;
  }
  Wall now_ = *ParseRfc3339("2026-01-01T00:00:00Z");
};

class RecurringTest : public ::testing::Test {
 protected:
  RecurringTest() {
    options_.clock = &clock_;
    options_.interval = 300s;
    options_.rules = {.newest = 3};
    options_.take = [this](const std::string& name) { return Take(name); };
    options_.cluster = [this]() -> Result<std::string> { return cluster_; };
    options_.report = [this](const Round& round) {
      rounds_.push_back(round);
      if (rounds_.size() == stop_after_) stop_.request_stop();
    };
  }
  ~RecurringTest() override { fs::remove_all(dir_); }

  void Put(const std::string& name, const std::string& text) {
    auto spool = store_.NewSpool();
    ASSERT_TRUE(spool && spool->Append(text) && spool->Flush() && store_.Put(*spool, name, {}));
  }
  Result<SnapshotMeta> Take(const std::string& name) {
    clock_.now_ += takes_;
    if (failing_ > 0) {
      --failing_;
      return Fail(ErrorKind::kUnavailable, "etcd is down");
    }
    SnapshotMeta meta{.name = name,
                      .cluster = cluster_,
                      .size = 3,
                      .stored_size = 3,
                      .started = clock_.now_ - takes_,
                      .finished = clock_.now_};
    Put(name, "abc");
    Put(name + ".meta", meta.ToJson());
    return meta;
  }
  void RunFor(size_t rounds) {
    stop_ = std::stop_source();
    stop_after_ = rounds_.size() + rounds;
    Status ran = RunRecurring(store_, options_, stop_.get_token());
    EXPECT_TRUE(ran) << ran.error().ToString();
  }
  std::vector<std::string> Snapshots() {
    std::vector<std::string> times;
    auto catalog = ReadCatalog(store_, {});
    EXPECT_TRUE(catalog);
    for (const auto& snapshot : catalog->snapshots)
      times.push_back(snapshot.file.name.substr(16, 5));
    return times;
  }

  fs::path dir_ = TempFolderForTest();
  storage::LocalStore store_{dir_};
  FakeClock clock_;
  RecurringOptions options_;
  std::stop_source stop_;
  std::vector<Round> rounds_;
  size_t stop_after_ = 1;
  int failing_ = 0;
  std::string cluster_ = "c1";
  Clock::Wall::duration takes_ = 20s;
};

TEST_F(RecurringTest, FromStartToStart) {
  RunFor(5);
  EXPECT_THAT(Snapshots(), ElementsAre("00-20", "00-15", "00-10"));
  EXPECT_EQ(rounds_[4].kept, 3u);
  EXPECT_EQ(rounds_[4].pruned.deleted.size(), 1u);
  EXPECT_EQ(rounds_[4].took, 20s);
}

TEST_F(RecurringTest, OneThatTakesTooLongIsFollowedAtOnce) {
  takes_ = 500s;
  RunFor(2);
  EXPECT_EQ(rounds_[1].started - rounds_[0].started, 500s);
}

TEST_F(RecurringTest, ARestartWaitsForTheRestOfTheInterval) {
  RunFor(1);
  clock_.now_ += 100s;
  Clock::Wall first = rounds_[0].started;
  RunFor(1);
  EXPECT_EQ(rounds_[1].started - first, 300s);
  clock_.now_ += 24h;
  Clock::Wall now = clock_.now_;
  RunFor(1);
  EXPECT_EQ(rounds_[2].started, now);
}

TEST_F(RecurringTest, FailuresCostNothingAndAreTriedAgainSoon) {
  RunFor(3);
  auto before = Snapshots();
  failing_ = 6;
  RunFor(7);
  std::vector<std::chrono::seconds> waits;
  for (size_t i = 3; i < 9; ++i) {
    ASSERT_TRUE(rounds_[i].error) << i;
    EXPECT_TRUE(rounds_[i].pruned.deleted.empty());
    waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(rounds_[i].wait));
  }
  EXPECT_THAT(waits, ElementsAre(30s, 60s, 120s, 240s, 300s, 300s));
  EXPECT_EQ(rounds_[8].failures_in_a_row, 6);
  EXPECT_FALSE(rounds_[9].error);
  EXPECT_EQ(Snapshots().size(), 3u);
  EXPECT_EQ(Snapshots()[1], before[0]) << "only the oldest went, and only for the new good one";
}

TEST_F(RecurringTest, AgeNeverTakesTheLastGoodOne) {
  options_.rules = {.max_age = 600s};
  RunFor(1);
  clock_.now_ += 48h;
  failing_ = 50;
  RunFor(50);
  EXPECT_EQ(Snapshots().size(), 1u);
  RunFor(1);
  EXPECT_EQ(Snapshots().size(), 1u) << "the new one; the old one is beyond its age";
}

TEST_F(RecurringTest, OtherSeriesAndClustersAreNotTouched) {
  cluster_ = "c2";
  options_.series = "etcd";
  RunFor(2);
  cluster_ = "c1";
  options_.series = "other";
  RunFor(2);
  options_.series = "etcd";
  options_.rules = {.newest = 1};
  RunFor(3);
  auto catalog = ReadCatalog(store_, {});
  std::map<std::string, int> counts;
  for (const auto& s : catalog->snapshots) ++counts[SeriesOf(s.file.name) + " " + s.meta.cluster];
  EXPECT_EQ(counts["etcd c1"], 1);
  EXPECT_EQ(counts["etcd c2"], 2);
  EXPECT_EQ(counts["other c1"], 2);
}

TEST_F(RecurringTest, ForeignFilesAndTheFutureChangeNothing) {
  Put("photos.meta", "x");
  Put("y.tar.gz", "x");
  cluster_ = "c1";
  Put("etcd-2030-01-01T00-00-00Z.db", "abc");
  Put("etcd-2030-01-01T00-00-00Z.db.meta",
      SnapshotMeta{.name = "etcd-2030-01-01T00-00-00Z.db",
                   .cluster = "c1",
                   .size = 3,
                   .stored_size = 3,
                   .started = *ParseRfc3339("2030-01-01T00:00:00Z")}
          .ToJson());
  RunFor(5);
  EXPECT_EQ(rounds_.back().kept, 3u);
  ASSERT_EQ(rounds_.back().not_counted.size(), 1u);
  EXPECT_THAT(rounds_.back().not_counted[0].reason, HasSubstr("dated in the future"));
  EXPECT_EQ(Snapshots().size(), 4u);
  EXPECT_TRUE(fs::exists(dir_ / "photos.meta") && fs::exists(dir_ / "y.tar.gz"));
}

TEST_F(RecurringTest, AFullDiskGivesUpOnlyWhatTheRulesGiveUp) {
  options_.rules = {.newest = 5};
  RunFor(5);
  options_.free_bytes = [] { return std::optional<uint64_t>(2); };
  RunFor(1);
  ASSERT_TRUE(rounds_.back().error);
  EXPECT_THAT(rounds_.back().error->ToString(), HasSubstr("the disk has 2 bytes left"));
  EXPECT_EQ(Snapshots().size(), 5u);
  // With fewer to keep there is room after the others have gone.
  options_.rules = {.newest = 2};
  options_.free_bytes = [this] {
    return std::optional<uint64_t>(Snapshots().size() > 2 ? 2 : 100);
  };
  RunFor(1);
  EXPECT_FALSE(rounds_.back().error) << rounds_.back().error->ToString();
  EXPECT_EQ(Snapshots().size(), 2u);
}

// Before the first answer of etcd the store's snapshots may be anybody's.
TEST_F(RecurringTest, AFullDiskCostsAnotherClusterNothing) {
  cluster_ = "c2";
  RunFor(3);
  cluster_ = "c1";
  options_.rules = {.newest = 1};
  options_.free_bytes = [] { return std::optional<uint64_t>(2); };
  RunFor(1);
  EXPECT_TRUE(rounds_.back().error);
  EXPECT_EQ(Snapshots().size(), 3u);
}

// A kill between the snapshot and its description, or somebody's copy: only a person can tell.
TEST_F(RecurringTest, WhatNothingDescribesIsReportedAndStays) {
  Put("etcd-2025-12-01T00-00-00Z.db", "abc");
  Put("other-2025-12-02T00-00-00Z.db", "abc");
  Put("etcd-2026-01-01T00-00-00Z.db", "a peer is about to describe it");
  options_.rules = {.newest = 1};
  clock_.now_ += 10s;
  RunFor(2);
  EXPECT_THAT(rounds_[1].not_described, ElementsAre("etcd-2025-12-01T00-00-00Z.db"));
  for (const char* name : {"etcd-2025-12-01T00-00-00Z.db", "other-2025-12-02T00-00-00Z.db",
                           "etcd-2026-01-01T00-00-00Z.db"})
    EXPECT_TRUE(fs::exists(dir_ / name)) << name;
}

TEST_F(RecurringTest, RulesThatKeepNothingAreRefused) {
  options_.rules = {};
  EXPECT_FALSE(RunRecurring(store_, options_, {}));
  options_.rules = {.newest = 1};
  options_.interval = 0s;
  EXPECT_FALSE(RunRecurring(store_, options_, {}));
}

}  // namespace
}  // namespace holdfast::etcd
