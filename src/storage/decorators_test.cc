#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>

#include "base/temp_folder_for_test.h"
#include "storage/limit_store.h"
#include "storage/local_store.h"
#include "storage/retry_store.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Time passes by sleeping alone.
class FakeClock : public Clock {
 public:
  Wall Now() const override { return Wall(slept); }
  Steady SteadyNow() const override {
    return Steady(std::chrono::duration_cast<Steady::duration>(slept));
  }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    slept += std::chrono::duration_cast<std::chrono::microseconds>(time);
    return true;
  }
  std::chrono::microseconds slept{seconds(1000)};
};

TEST(Pacer, KeepsTheRate) {
  FakeClock clock;
  Pacer pacer(100, 10, clock);
  auto begin = clock.slept;
  for (int i = 0; i < 111; ++i) ASSERT_TRUE(pacer.Take(1, {.clock = &clock}));
  // The first ten and one in advance pass at once, the other hundred at 100 a second.
  EXPECT_NEAR(double((clock.slept - begin).count()), 1e6, 2e4);
  // A pause gives back no more than the burst.
  clock.slept += seconds(60);
  begin = clock.slept;
  for (int i = 0; i < 61; ++i) ASSERT_TRUE(pacer.Take(1, {.clock = &clock}));
  EXPECT_NEAR(double((clock.slept - begin).count()), 5e5, 2e4);
}

TEST(Pacer, MoreThanTheBurstIsPaidForByTheNext) {
  FakeClock clock;
  Pacer pacer(100, 10, clock);
  auto begin = clock.slept;
  ASSERT_TRUE(pacer.Take(210, {.clock = &clock}));
  EXPECT_EQ(clock.slept, begin);
  ASSERT_TRUE(pacer.Take(1, {.clock = &clock}));
  EXPECT_NEAR(double((clock.slept - begin).count()), 2e6, 2e4);
}

TEST(Pacer, DeadlineAndStopTakeNothing) {
  FakeClock clock;
  Pacer pacer(1, 1, clock);
  ASSERT_TRUE(pacer.Take(5, {.clock = &clock}));  // four in debt
  auto late = pacer.Take(1, {.clock = &clock, .deadline = Deadline::After(clock, seconds(3))});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::kCancelled);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(pacer.Take(1, {.clock = &clock, .stop = stop.get_token()}));
  auto begin = clock.slept;
  ASSERT_TRUE(pacer.Take(1, {.clock = &clock}));
  EXPECT_NEAR(double((clock.slept - begin).count()), 4e6, 2e4);
}

// Plays the errors given, one a call, then does what the local store does.
class Faulty : public LocalStore {
 public:
  using LocalStore::LocalStore;
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    ++puts;
    if (store_first && puts == 1) (void)LocalStore::Put(spool, name, waits);
    if (puts <= int(errors.size())) return Fail(errors[size_t(puts - 1)]);
    return LocalStore::Put(spool, name, waits);
  }
  Status Delete(const std::string& name, const Waits& waits) override {
    if (++deletes <= int(errors.size())) return Fail(errors[size_t(deletes - 1)]);
    return LocalStore::Delete(name, waits);
  }
  Result<std::vector<ObjectInfo>> List(std::string_view, const Waits&) override {
    ++lists;
    return Fail(errors[0]);
  }
  std::vector<Error> errors;
  bool store_first = false;  // the first Put() does its work before it fails
  int puts = 0, deletes = 0, lists = 0;
};

class RetryStoreTest : public ::testing::Test {
 protected:
  RetryStoreTest() {
    root_ = TempFolderForTest();
    auto inner = std::make_unique<Faulty>(root_);
    inner_ = inner.get();
    store_ = std::make_unique<RetryStore>(std::move(inner),
                                          RetryPolicy{3, milliseconds(100), milliseconds(1000)});
  }
  ~RetryStoreTest() override { fs::remove_all(root_); }

  Status Put(const std::string& bytes) {
    auto spool = store_->NewSpool();
    EXPECT_TRUE(spool && spool->Append(bytes));
    return store_->Put(*spool, "a", {.clock = &clock_});
  }
  static Error Unavailable() { return Error(ErrorKind::kUnavailable, "503 SlowDown"); }

  fs::path root_;
  FakeClock clock_;
  Faulty* inner_ = nullptr;
  std::unique_ptr<RetryStore> store_;
};

TEST_F(RetryStoreTest, RetriesPassingTroubleOnly) {
  inner_->errors = {Unavailable(), Unavailable()};
  EXPECT_TRUE(Put("x"));
  EXPECT_EQ(inner_->puts, 3);
  for (auto kind : {ErrorKind::kUnauthorized, ErrorKind::kInvalid, ErrorKind::kCorrupt,
                    ErrorKind::kConflict, ErrorKind::kCancelled, ErrorKind::kInternal}) {
    inner_->puts = 0;
    inner_->errors = {Error(kind, "no")};
    EXPECT_EQ(Put("x").error().kind(), kind);
    EXPECT_EQ(inner_->puts, 1);
  }
}

TEST_F(RetryStoreTest, GivesUpAndWaitsAsAsked) {
  inner_->errors = {Unavailable().RetryAfter(milliseconds(700)), Unavailable(), Unavailable(),
                    Unavailable()};
  auto begin = clock_.slept;
  auto status = Put("x");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "503 SlowDown");
  EXPECT_EQ(inner_->puts, 3);
  EXPECT_GE(clock_.slept - begin, milliseconds(700));
  EXPECT_LE(clock_.slept - begin, milliseconds(1075));  // a quarter longer, and the second wait
  EXPECT_FALSE(fs::exists(root_ / "a"));
}

TEST_F(RetryStoreTest, ALostAnswerToPutIsNoConflict) {
  inner_->store_first = true;
  inner_->errors = {Unavailable()};
  EXPECT_TRUE(Put("mine"));
  EXPECT_EQ(inner_->puts, 2);
}

TEST_F(RetryStoreTest, SomebodyElsesFileIsAConflict) {
  for (const char* theirs : {"text", "longer than mine", ""}) {
    {
      auto spool = stream::Spool::Create(root_, stream::Spool::Kind::kUnnamed);
      ASSERT_TRUE(spool && spool->Append(theirs));
      LocalStore other(root_);
      ASSERT_TRUE(other.Put(*spool, "a", {}));
    }
    inner_->puts = 0;
    inner_->errors = {Unavailable()};
    auto status = Put("mine");
    ASSERT_FALSE(status) << theirs;
    EXPECT_EQ(status.error().kind(), ErrorKind::kConflict);
    fs::remove(root_ / "a");
  }
}

TEST_F(RetryStoreTest, ARepeatedDeleteThatFindsNothingIsDone) {
  inner_->errors = {Unavailable()};
  EXPECT_TRUE(store_->Delete("a", {.clock = &clock_}));
  inner_->errors.clear();
  EXPECT_EQ(store_->Delete("a", {.clock = &clock_}).error().kind(), ErrorKind::kNotFound);
}

TEST_F(RetryStoreTest, StopsAtTheDeadline) {
  inner_->errors = {Unavailable()};
  Waits waits{.clock = &clock_, .deadline = Deadline::After(clock_, milliseconds(10))};
  EXPECT_EQ(store_->List("", waits).error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(inner_->lists, 1);
}

TEST(LimitStores, SlowDown) {
  fs::path root = TempFolderForTest();
  FakeClock clock;
  Waits waits{.clock = &clock};
  auto calls = std::make_unique<RateLimitStore>(std::make_unique<LocalStore>(root),
                                                std::make_shared<Pacer>(10, 1, clock));
  BandwidthStore store(std::move(calls), std::make_shared<Pacer>(1e6, 1e5, clock));
  auto spool = store.NewSpool();
  ASSERT_TRUE(spool && spool->Append(std::string(3'000'000, 'x')));
  ASSERT_TRUE(store.Put(*spool, "a", waits));
  auto begin = clock.slept;
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(store.Stat("a", waits));
  EXPECT_NEAR(double((clock.slept - begin).count()), 1e6, 2e5);
  begin = clock.slept;
  auto source = store.Open("a", 0, waits);
  ASSERT_TRUE(source);
  EXPECT_EQ(stream::ReadAll(**source, 1 << 22)->size(), 3'000'000u);
  EXPECT_NEAR(double((clock.slept - begin).count()), 3e6, 3e5);
  // A stop ends the waiting.
  std::stop_source stop;
  waits.stop = stop.get_token();
  source = store.Open("a", 0, waits);
  ASSERT_TRUE(source);
  std::string piece(100'000, '\0');
  ASSERT_TRUE((*source)->Read(piece.data(), piece.size()));
  stop.request_stop();
  auto read = (*source)->Read(piece.data(), piece.size());
  while (read) read = (*source)->Read(piece.data(), piece.size());
  EXPECT_EQ(read.error().kind(), ErrorKind::kCancelled);
  fs::remove_all(root);
}

}  // namespace
}  // namespace holdfast::storage
