#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bounded_queue.h"
#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/retry.h"
#include "base/secret.h"
#include "base/workers.h"

namespace holdfast {
namespace {

class FakeClock : public Clock {
 public:
  Wall Now() const override { return Wall(); }
  Steady SteadyNow() const override { return now_; }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    now_ += time;
    slept_.push_back(time);
    return true;
  }
  Steady now_{};
  std::vector<std::chrono::nanoseconds> slept_;
};

TEST(Error, PrintsContextsOutermostFirstAndTheHint) {
  Error error = Error(ErrorKind::kUnavailable, "connection refused")
                    .With("listing secrets")
                    .With("backing up")
                    .Hint("start it")
                    .Hint("a later hint does not win");
  EXPECT_EQ(error.ToString(), "backing up: listing secrets: connection refused (start it)");
}

TEST(Retry, OnlyPassingTroubleAndOnlySoOften) {
  FakeClock clock;
  Waits waits{.clock = &clock};
  int calls = 0;
  auto fail_with = [&](ErrorKind kind) {
    return [&calls, kind]() -> Status {
      ++calls;
      return Fail(kind, "x");
    };
  };
  EXPECT_FALSE(Retry({.max_attempts = 4}, waits, fail_with(ErrorKind::kUnavailable)));
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(clock.slept_.size(), 3u);
  calls = 0;
  EXPECT_FALSE(Retry({.max_attempts = 4}, waits, fail_with(ErrorKind::kInvalid)));
  EXPECT_EQ(calls, 1);
}

TEST(Retry, ObeysRetryAfterAndTheDeadline) {
  FakeClock clock;
  Waits waits{.clock = &clock, .deadline = Deadline::After(clock, std::chrono::seconds(5))};
  int calls = 0;
  auto call = [&]() -> Status {
    ++calls;
    return Fail(Error(ErrorKind::kUnavailable, "busy").RetryAfter(std::chrono::seconds(2)));
  };
  EXPECT_FALSE(Retry({.max_attempts = 10}, waits, call));
  EXPECT_EQ(calls, 3);
  EXPECT_THAT(clock.slept_,
              testing::Each(testing::AllOf(testing::Ge(std::chrono::seconds(2)),
                                           testing::Le(std::chrono::milliseconds(2500)))));
}

// A server that asks for an hour is asked again sooner, and not by all at the same moment.
TEST(Retry, RetryAfterIsCappedAndSpread) {
  RetryPolicy policy{.first_wait = std::chrono::milliseconds(100),
                     .max_wait = std::chrono::milliseconds(10'000)};
  std::set<std::chrono::milliseconds> hour, second;
  for (uint64_t random = 1; random < (1ull << 62); random = random * 3 + 1) {
    Error error(ErrorKind::kUnavailable, "busy");
    hour.insert(RetryWait(policy, 1, Error(error).RetryAfter(std::chrono::hours(1)), random));
    second.insert(RetryWait(policy, 1, Error(error).RetryAfter(std::chrono::seconds(1)), random));
    // "At once" is no reason to hammer.
    EXPECT_GE(RetryWait(policy, 5, Error(error).RetryAfter(std::chrono::seconds(0)), random),
              std::chrono::milliseconds(800));
    // Close to the maximum it stays below it.
    EXPECT_LE(RetryWait(policy, 1, Error(error).RetryAfter(std::chrono::seconds(9)), random),
              policy.max_wait);
  }
  EXPECT_GE(*hour.begin(), std::chrono::milliseconds(7'500));
  EXPECT_LE(*hour.rbegin(), policy.max_wait);
  EXPECT_GE(*second.begin(), std::chrono::seconds(1));
  EXPECT_LE(*second.rbegin(), std::chrono::milliseconds(1'250));
  EXPECT_GT(hour.size(), 5u);
  EXPECT_GT(second.size(), 5u);
}

TEST(Retry, WaitsGrowAndStayBelowTheMaximum) {
  RetryPolicy policy{.first_wait = std::chrono::milliseconds(100),
                     .max_wait = std::chrono::milliseconds(1000)};
  Error error(ErrorKind::kUnavailable, "x");
  for (uint64_t random : {0ull, 17ull, 1ull << 40}) {
    for (int attempt = 1; attempt < 70; ++attempt) {
      auto wait = RetryWait(policy, attempt, error, random);
      EXPECT_LE(wait, policy.max_wait);
      EXPECT_GE(wait, std::chrono::milliseconds(attempt >= 5 ? 500 : 50));
    }
  }
}

TEST(ByteBudget, BlocksUntilBytesComeBackAndLetsOneHugeItemPass) {
  ByteBudget budget(100);
  auto huge = budget.Take(1000);
  ASSERT_TRUE(huge);
  std::atomic<bool> taken{false};
  std::jthread taker([&] {
    auto share = budget.Take(1);
    taken = true;
  });
  EXPECT_FALSE(taken);
  huge = {};
  taker.join();
  EXPECT_TRUE(taken);
  std::stop_source stop;
  auto all = budget.Take(100);
  stop.request_stop();
  EXPECT_FALSE(budget.Take(1, stop.get_token()));
}

TEST(BoundedQueue, HandsOutWhatIsQueuedAfterClose) {
  BoundedQueue<int> queue;
  EXPECT_TRUE(queue.Push(1));
  queue.Close();
  EXPECT_FALSE(queue.Push(2));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(ParallelFor, DoesAllOrReportsTheFailure) {
  std::atomic<int> done{0};
  EXPECT_TRUE(ParallelFor(100, 4, {}, [&](size_t, std::stop_token) -> Status {
    ++done;
    return {};
  }));
  EXPECT_EQ(done, 100);
  std::atomic<int> started{0};
  Status status = ParallelFor(1'000'000, 4, {}, [&](size_t i, std::stop_token) -> Status {
    ++started;
    if (i == 3) return Fail(ErrorKind::kCorrupt, "three");
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "three");
  EXPECT_LT(started, 1'000'000);
}

TEST(SecretBytes, MovesWithoutCopyAndWipes) {
  std::string text = "hunter2-hunter2-hunter2-hunter2";
  const char* where = text.data();
  size_t size = text.size();
  SecretBytes secret = SecretBytes::Take(std::move(text));
  EXPECT_EQ(std::string(where, size),
            std::string(size, '\0'));  // the source's buffer is still owned
  EXPECT_EQ(secret.view(), "hunter2-hunter2-hunter2-hunter2");
  SecretBytes moved = std::move(secret);
  EXPECT_EQ(moved.size(), size);
}

TEST(Log, ParsesLevelsAndFormats) {
  EXPECT_EQ(*ParseLogLevel("warning"), LogLevel::kWarn);
  EXPECT_FALSE(ParseLogLevel("loud"));
  EXPECT_FALSE(ParseLogFormat("xml"));
}

TEST(Log, WritesOneLineAnEventInBothFormats) {
  testing::internal::CaptureStderr();
  Logger(LogLevel::kInfo, LogFormat::kText).Warn("it\nbroke", {{"name", "a b"}, {"n", "1"}});
  Logger(LogLevel::kInfo, LogFormat::kJson).Info("x\"y", {{"k", "v"}});
  Logger(LogLevel::kWarn, LogFormat::kJson).Info("hidden");
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::HasSubstr("WARN it\\nbroke name=\"a b\" n=1\n"));
  EXPECT_THAT(text, testing::HasSubstr(R"("level":"info","msg":"x\"y","k":"v"})"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("hidden")));
}

TEST(Log, FieldsOfAllLines) {
  testing::internal::CaptureStderr();
  Logger text(LogLevel::kWarn, LogFormat::kText);
  Logger run = text.With({{"backup", "b"}, {"run", "1 2"}});
  run.With({{"kind", "k"}}).Warn("listed", {{"n", "3"}});
  run.Info("hidden");
  text.Warn("without");
  Logger(LogLevel::kInfo, LogFormat::kJson).With({{"run", "x"}}).Info("began", {{"n", "4"}});
  Logger::Quiet().With({{"run", "quiet"}}).Err("hidden");
  std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines, testing::HasSubstr("WARN listed backup=b run=\"1 2\" kind=k n=3\n"));
  EXPECT_THAT(lines, testing::HasSubstr("WARN without\n"));
  EXPECT_THAT(lines, testing::HasSubstr(R"("msg":"began","run":"x","n":"4"})"));
  EXPECT_THAT(lines, testing::Not(testing::HasSubstr("hidden")));
}

}  // namespace
}  // namespace holdfast
