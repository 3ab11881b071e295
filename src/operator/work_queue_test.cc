#include "operator/work_queue.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::op {
namespace {

using namespace std::chrono_literals;

TEST(WorkQueue, BackoffIsTheReferences) {
  EXPECT_EQ(Backoff(1), 5ms);
  EXPECT_EQ(Backoff(2), 10ms);
  EXPECT_EQ(Backoff(13), 20'480ms);
  EXPECT_EQ(Backoff(14), 30s);
  EXPECT_EQ(Backoff(30), 30s);
  EXPECT_EQ(Backoff(31), 120s);
  EXPECT_EQ(Backoff(1000), 120s);
}

TEST(WorkQueue, ANameIsWithOneWorkerAtATime) {
  WorkQueue queue(Clock::Real());
  queue.Add("a");
  queue.Add("a");
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(queue.Pop({}), "a");
  queue.Add("a");
  queue.Add("a");
  EXPECT_EQ(queue.depth(), 0u);  // not before its pass has ended
  queue.Done("a", false);
  EXPECT_EQ(queue.depth(), 1u);
  EXPECT_EQ(queue.Pop({}), "a");
  queue.Done("a", false);
  EXPECT_EQ(queue.depth(), 0u);
}

TEST(WorkQueue, WhatFailedComesAgain) {
  WorkQueue queue(Clock::Real());
  queue.Add("a");
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(queue.Pop({}), "a");
    queue.Done("a", true);
    EXPECT_EQ(queue.failures("a"), i);
  }
  EXPECT_EQ(queue.Pop({}), "a");
  queue.Done("a", false);
  EXPECT_EQ(queue.failures("a"), 0);
}

TEST(WorkQueue, AWaitIsKeptOrCutShort) {
  WorkQueue queue(Clock::Real());
  queue.Add("late");
  queue.Add("soon");
  EXPECT_EQ(queue.Pop({}), "late");
  EXPECT_EQ(queue.Pop({}), "soon");
  queue.Done("late", false, 1h);
  queue.Done("soon", false, 5ms);
  EXPECT_EQ(queue.Pop({}), "soon");
  queue.Add("late");  // news about it
  EXPECT_EQ(queue.Pop({}), "late");
}

TEST(WorkQueue, StopEndsAWait) {
  WorkQueue queue(Clock::Real());
  queue.Add("a");
  queue.Pop({});
  queue.Done("a", false, 1h);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(queue.Pop(stop.get_token()), std::nullopt);
}

TEST(WorkQueue, WaitsByItsClock) {
  struct JumpingClock : Clock {
    Wall Now() const override { return Clock::Real().Now(); }
    Steady SteadyNow() const override { return Steady(std::chrono::hours(jumped)); }
    bool Sleep(std::chrono::nanoseconds, std::stop_token) override { return true; }
    std::atomic<int> jumped = 1;
  } clock;
  WorkQueue queue(clock);
  queue.Add("a");
  queue.Pop({});
  queue.Done("a", false, 1h);
  queue.Add("b");
  EXPECT_EQ(queue.Pop({}), "b");
  clock.jumped = 2;
  EXPECT_EQ(queue.Pop({}), "a");
}

TEST(WorkQueue, ManyWorkersWaitForTheSameTimers) {
  WorkQueue queue(Clock::Real());
  std::stop_source stop;
  std::atomic<int> passes = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&] {
      while (auto name = queue.Pop(stop.get_token())) {
        if (++passes >= 300) stop.request_stop();
        queue.Done(*name, false, std::chrono::milliseconds(1));
      }
    });
  for (const char* name : {"a", "b", "c"}) queue.Add(name);
  workers.clear();
  EXPECT_GE(passes, 300);
}

}  // namespace
}  // namespace holdfast::op
