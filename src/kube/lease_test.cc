#include "kube/lease.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/rfc3339.h"
#include "kube/lease_holder.h"
#include "kube/lease_record.h"
#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

// Real time plus all that was slept: a sleep is over at once.
class LeapingClock : public Clock {
 public:
  Wall Now() const override { return Clock::Real().Now() + leapt(); }
  Steady SteadyNow() const override { return Clock::Real().SteadyNow() + leapt(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    leapt_ += time.count();
    std::this_thread::yield();
    return !stop.stop_requested();
  }

 private:
  std::chrono::nanoseconds leapt() const { return std::chrono::nanoseconds(leapt_.load()); }
  std::atomic<int64_t> leapt_{0};
};

// Real time, ahead by what it was made with and by what was slept.
class ShiftedClock : public LeapingClock {
 public:
  explicit ShiftedClock(std::chrono::seconds ahead) : ahead_(ahead) {}
  Wall Now() const override { return LeapingClock::Now() + ahead_; }

 private:
  const std::chrono::seconds ahead_;
};

// Stands still but for Advance(); whoever sleeps does so until it is stopped.
class HeldClock : public Clock {
 public:
  Wall Now() const override { return start_ + moved(); }
  Steady SteadyNow() const override { return Steady(std::chrono::hours(1)) + moved(); }
  bool Sleep(std::chrono::nanoseconds, std::stop_token stop) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return false;
  }
  void Advance(std::chrono::nanoseconds time) { moved_ += time.count(); }

 private:
  std::chrono::nanoseconds moved() const { return std::chrono::nanoseconds(moved_.load()); }
  const Wall start_ = Clock::Real().Now();
  std::atomic<int64_t> moved_{0};
};

constexpr char kNamespace[] = "cattle-resources-system";
constexpr char kLeasePath[] =
    "/apis/coordination.k8s.io/v1/namespaces/cattle-resources-system/leases";

// An API server with one namespace and one Lease.
class LeaseServer {
 public:
  LeaseServer() : server_([this](const auto& r, auto& reply) { Handle(r, reply); }) {}

  std::string url() const { return server_.url(); }
  std::string lease() {
    std::lock_guard lock(mutex_);
    return lease_;
  }
  void Set(const std::string& spec) {
    std::lock_guard lock(mutex_);
    has_namespace_ = true;
    Store(R"({"metadata":{"name":"restore-controller"},"spec":)" + spec + "}");
  }
  void Delete() {
    std::lock_guard lock(mutex_);
    lease_.clear();
  }
  void Fail(bool fail) {
    std::lock_guard lock(mutex_);
    fail_ = fail;
  }
  // The next write gets no answer. Returns how many there were before it.
  int HangOnce() {
    std::lock_guard lock(mutex_);
    hang_ = true;
    return writes_;
  }
  // Until so many writes have succeeded in all.
  void WaitForWrites(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return writes_ >= count; });
  }
  int writes() {
    std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  void Store(const std::string& lease) {
    lease_ = json::SetPath(lease, {"metadata", "resourceVersion"},
                           "\"" + std::to_string(++version_) + "\"");
  }
  void Handle(const net::TestRequest& r, net::TestReply& reply) {
    std::lock_guard lock(mutex_);
    if (hang_ && r.method == "PUT") {
      hang_ = false;
      return reply.WaitForHangUp();
    }
    if (fail_) return reply.Respond(503, StatusBody(503, "ServiceUnavailable", "down"));
    if (r.method == "POST" && r.target == "/api/v1/namespaces") {
      has_namespace_ = true;
      return reply.Respond(201, r.body);
    }
    if (r.method == "POST") {
      EXPECT_EQ(r.target, kLeasePath);
      if (!has_namespace_) return reply.Respond(404, StatusBody(404, "NotFound", "no namespace"));
      if (!lease_.empty()) return reply.Respond(409, StatusBody(409, "AlreadyExists", "there"));
    } else {
      EXPECT_EQ(r.target, std::string(kLeasePath) + "/restore-controller");
      if (lease_.empty()) return reply.Respond(404, StatusBody(404, "NotFound", "not found"));
      if (r.method == "GET") return reply.Respond(200, lease_);
      if (json::Find(r.body, {"metadata", "resourceVersion"}) !=
          json::Find(lease_, {"metadata", "resourceVersion"}))
        return reply.Respond(409, StatusBody(409, "Conflict", "changed"));
    }
    Store(r.body);
    ++writes_;
    changed_.notify_all();
    reply.Respond(200, lease_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string lease_;
  bool has_namespace_ = false;
  bool fail_ = false;
  bool hang_ = false;
  int version_ = 0;
  int writes_ = 0;
  net::TestServer server_;
};

class LeaseHoldTest : public testing::Test {
 protected:
  Result<std::unique_ptr<LeaseHold>> Acquire(const std::string& holder = "me") {
    return LeaseHold::Acquire(
        *client_, {kNamespace, "restore-controller", holder, duration_, wait_}, clock_, QuietLog());
  }
  // What it is held for.
  std::string Holder() {
    return std::string(PurposeOfHolder(LeaseRecord::Of(server_.lease()).holder));
  }
  // The holder's renewal as another process would see it, with a clock of its own.
  static std::string Spec(const std::string& holder, Clock::Wall renewed, int seconds = 30) {
    return R"({"holderIdentity":")" + holder + R"(","leaseDurationSeconds":)" +
           std::to_string(seconds) + R"(,"renewTime":")" + FormatRfc3339Micros(renewed) + "\"}";
  }

  LeaseServer server_;
  LeapingClock clock_;
  std::unique_ptr<Client> client_ = ClientFor(server_.url());
  std::chrono::seconds duration_{30};
  std::chrono::seconds wait_{0};
};

TEST_F(LeaseHoldTest, IsCreatedRenewedAndFreed) {
  auto hold = Acquire();
  ASSERT_TRUE(hold) << hold.error().ToString();
  EXPECT_EQ(Holder(), "me");
  auto first = LeaseRecord::Of(server_.lease()).renewed;
  EXPECT_EQ(LeaseRecord::Of(server_.lease()).duration, std::chrono::seconds(30));
  server_.WaitForWrites(5);
  auto later = LeaseRecord::Of(server_.lease()).renewed;
  ASSERT_TRUE(first && later);
  EXPECT_GT(*later - *first, std::chrono::seconds(15));
  EXPECT_FALSE((*hold)->lost());
  EXPECT_TRUE((*hold)->Release());
  LeaseRecord record = LeaseRecord::Of(server_.lease());
  EXPECT_EQ(record.holder, "");
  EXPECT_FALSE(record.renewed);
  EXPECT_FALSE(record.duration);
  int writes = server_.writes();
  EXPECT_TRUE((*hold)->Release());
  hold->reset();
  EXPECT_EQ(server_.writes(), writes);
}

TEST_F(LeaseHoldTest, TheDestructorFreesIt) {
  { ASSERT_TRUE(Acquire()); }
  EXPECT_EQ(Holder(), "");
  ASSERT_TRUE(Acquire("next"));
}

TEST_F(LeaseHoldTest, AHolderIsHonoured) {
  // The reference operator's form: no duration.
  server_.Set(R"({"holderIdentity":"restore-1:uid"})");
  auto hold = Acquire();
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.error().kind(), ErrorKind::kConflict);
  std::string text = hold.error().ToString();
  EXPECT_NE(text.find("restore-1:uid"), std::string::npos) << text;
  EXPECT_NE(text.find("kubectl -n cattle-resources-system delete lease"), std::string::npos)
      << text;
  // However old.
  server_.Set(R"({"holderIdentity":"x","renewTime":"2020-01-01T00:00:00.000000Z"})");
  EXPECT_FALSE(Acquire());
  // One that renews.
  server_.Set(R"({"holderIdentity":"x","leaseDurationSeconds":60,"renewTime":")" +
              FormatRfc3339Micros(clock_.Now()) + "\"}");
  hold = Acquire();
  ASSERT_FALSE(hold);
  EXPECT_EQ(hold.error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(server_.writes(), 0);
}

TEST_F(LeaseHoldTest, AFreeOneIsTaken) {
  for (std::string spec :
       {R"({})", R"({"holderIdentity":""})", R"({"holderIdentity":null,"leaseTransitions":3})"}) {
    server_.Set(spec);
    auto hold = Acquire();
    ASSERT_TRUE(hold) << spec << hold.error().ToString();
    EXPECT_EQ(Holder(), "me");
    EXPECT_GE(LeaseRecord::Of(server_.lease()).transitions, 1);
  }
}

TEST_F(LeaseHoldTest, AnotherIsTakenOverWhenItDidNotChangeForItsDurationHere) {
  // However old or new the time in it is: that is another machine's clock.
  for (auto skew : {std::chrono::hours(-50'000), std::chrono::hours(0), std::chrono::hours(1)}) {
    server_.Set(Spec("dead", clock_.Now() + skew));
    wait_ = std::chrono::seconds(0);
    auto hold = Acquire();
    ASSERT_FALSE(hold);
    EXPECT_EQ(hold.error().reason(), kLeaseHeld);
    EXPECT_NE(hold.error().ToString().find("\"dead\""), std::string::npos);
    wait_ = std::chrono::seconds(29);
    EXPECT_FALSE(Acquire());
    wait_ = std::chrono::seconds(31);
    auto began = clock_.SteadyNow();
    hold = Acquire();
    ASSERT_TRUE(hold) << hold.error().ToString();
    EXPECT_EQ(Holder(), "me");
    EXPECT_GE(clock_.SteadyNow() - began, std::chrono::seconds(30));
  }
}

TEST_F(LeaseHoldTest, AStandbyWhoseClockIsAheadStealsNothing) {
  auto hold = Acquire("leader");
  ASSERT_TRUE(hold);
  ShiftedClock ahead(std::chrono::seconds(60));
  LeaseObservation observed;
  LeaseOptions options{kNamespace, "restore-controller", "standby", duration_};
  options.observed = &observed;
  for (int i = 0; i < 40; ++i) {
    auto stolen = LeaseHold::Acquire(*client_, options, ahead, QuietLog());
    ASSERT_FALSE(stolen);
    EXPECT_EQ(stolen.error().reason(), kLeaseHeld);
    int writes = server_.writes();
    ahead.Sleep(std::chrono::seconds(2), {});  // its time passes, and the leader renews
    server_.WaitForWrites(writes + 1);
  }
  EXPECT_FALSE((*hold)->lost());
  EXPECT_EQ(Holder(), "leader");
}

TEST_F(LeaseHoldTest, AnObservationIsKeptBetweenAttempts) {
  server_.Set(Spec("dead", clock_.Now()));
  LeaseObservation observed;
  LeaseOptions options{kNamespace, "restore-controller", "me", duration_};
  options.observed = &observed;
  EXPECT_FALSE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
  clock_.Sleep(std::chrono::seconds(29), {});
  EXPECT_FALSE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
  clock_.Sleep(std::chrono::seconds(2), {});
  EXPECT_TRUE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
}

TEST_F(LeaseHoldTest, ThePurposeAloneIsNoRightToIt) {
  // Two replicas that continue the same Restore.
  auto first = Acquire("restore-1:uid");
  ASSERT_TRUE(first);
  auto second = Acquire("restore-1:uid");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason(), kLeaseHeld);
  EXPECT_FALSE((*first)->lost());
  EXPECT_TRUE((*first)->CheckStillHeld());
}

TEST_F(LeaseHoldTest, AdoptionIsExplicit) {
  server_.Set(R"({"holderIdentity":"restore-1:uid"})");
  LeaseOptions options{kNamespace, "restore-controller", "restore-1:uid", duration_};
  EXPECT_FALSE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
  options.resume = "restore-1:other";
  EXPECT_FALSE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
  options.resume = "restore-1:uid";
  EXPECT_TRUE(LeaseHold::Acquire(*client_, options, clock_, QuietLog()));
}

TEST_F(LeaseHoldTest, AHolderThatHasEndedOnThisMachineIsNotWaitedFor) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_GT(child, 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  std::string mine = NewLeaseHolder("dead");
  std::string pid = "-" + std::to_string(getpid()) + "-";
  size_t at = mine.find(pid);
  ASSERT_NE(at, std::string::npos) << mine;
  std::string dead = mine;
  dead.replace(at, pid.size(), "-" + std::to_string(child) + "-");
  EXPECT_TRUE(HolderHasEnded(dead)) << dead;
  EXPECT_FALSE(HolderHasEnded(mine));
  EXPECT_FALSE(HolderHasEnded("restore-1:uid"));
  EXPECT_FALSE(HolderHasEnded("restore-1:uid:node/unknown/12"));
  // The pid was used again.
  std::string reused = mine;
  reused.insert(reused.rfind('/'), "1");
  EXPECT_TRUE(HolderHasEnded(reused)) << reused;
  // Another boot, or another machine.
  std::string elsewhere = dead;
  char& digit = elsewhere[elsewhere.find('/') + 1];
  digit = digit == '0' ? '1' : '0';
  EXPECT_FALSE(HolderHasEnded(elsewhere));

  server_.Set(Spec(dead, clock_.Now()));
  auto began = clock_.SteadyNow();
  ASSERT_TRUE(Acquire());
  EXPECT_LT(clock_.SteadyNow() - began, std::chrono::seconds(10));
  server_.Set(Spec(elsewhere, clock_.Now()));
  EXPECT_FALSE(Acquire());
}

TEST_F(LeaseHoldTest, SaysWhoHoldsIt) {
  EXPECT_EQ(LeaseHold::Holder(*client_, kNamespace, "restore-controller").value(), "");
  server_.Set(R"({"holderIdentity":"x"})");
  EXPECT_EQ(LeaseHold::Holder(*client_, kNamespace, "restore-controller").value(), "x");
}

TEST_F(LeaseHoldTest, IsLostToAnother) {
  auto hold = Acquire();
  ASSERT_TRUE(hold);
  server_.Set(R"({"holderIdentity":"thief"})");
  std::stop_token lost = (*hold)->lost_token();
  while (!lost.stop_requested()) std::this_thread::yield();
  EXPECT_TRUE((*hold)->lost());
  EXPECT_NE((*hold)->why_lost().find("thief"), std::string::npos);
  EXPECT_TRUE((*hold)->Release());
  EXPECT_EQ(Holder(), "thief");
}

TEST_F(LeaseHoldTest, IsLostWhenItCannotBeRenewedInTime) {
  auto hold = Acquire();
  ASSERT_TRUE(hold);
  server_.Fail(true);
  while (!(*hold)->lost()) std::this_thread::yield();
  server_.Fail(false);
}

// A process that was paused: its threads wake in any order.
TEST_F(LeaseHoldTest, IsLostWhenTimePassesWithoutARenewal) {
  HeldClock held;
  auto hold = LeaseHold::Acquire(*client_, {kNamespace, "restore-controller", "me", duration_},
                                 held, QuietLog());
  ASSERT_TRUE(hold);
  EXPECT_TRUE((*hold)->Valid());
  held.Advance(std::chrono::seconds(19));
  EXPECT_TRUE((*hold)->Valid());
  held.Advance(std::chrono::seconds(2));
  int writes = server_.writes();
  auto valid = (*hold)->Valid();
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().reason(), kLeaseLost);
  EXPECT_TRUE((*hold)->lost_token().stop_requested());
  EXPECT_FALSE((*hold)->CheckStillHeld());
  // It is not freed: another may hold it, and if nobody does it marks work that did not end.
  EXPECT_TRUE((*hold)->Release());
  hold->reset();
  EXPECT_EQ(server_.writes(), writes);
  EXPECT_EQ(Holder(), "me");
}

TEST_F(LeaseHoldTest, CheckStillHeldReadsTheLease) {
  HeldClock held;  // so that renewing finds nothing first
  LeaseOptions options{kNamespace, "restore-controller", "me", duration_};
  auto hold = LeaseHold::Acquire(*client_, options, held, QuietLog());
  ASSERT_TRUE(hold);
  EXPECT_TRUE((*hold)->CheckStillHeld());
  std::string mine = server_.lease();
  server_.Fail(true);
  auto unknown = (*hold)->CheckStillHeld();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE((*hold)->lost());
  server_.Fail(false);
  server_.Set(Spec("thief", clock_.Now()));
  auto lost = (*hold)->CheckStillHeld();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().reason(), kLeaseLost);
  EXPECT_NE(lost.error().ToString().find("thief"), std::string::npos);
  EXPECT_TRUE((*hold)->lost());
}

TEST_F(LeaseHoldTest, LostToAnOutageItIsTakenAgainUnlessAnotherHadIt) {
  auto lose = [&] {
    auto hold = Acquire();
    EXPECT_TRUE(hold) << hold.error().ToString();
    server_.Fail(true);
    while (!(*hold)->lost()) std::this_thread::yield();
    return std::move(*hold);
  };
  auto hold = lose();
  auto retaken = hold->Retake(std::chrono::seconds(60));
  ASSERT_FALSE(retaken);  // still away
  EXPECT_EQ(retaken.error().kind(), ErrorKind::kUnavailable) << retaken.error().ToString();
  server_.Fail(false);
  retaken = hold->Retake(std::chrono::seconds(60));
  ASSERT_TRUE(retaken) << retaken.error().ToString();
  EXPECT_EQ((*retaken)->holder(), hold->holder());
  EXPECT_TRUE((*retaken)->CheckStillHeld());
  hold.reset();
  EXPECT_EQ(Holder(), "me");
  EXPECT_TRUE((*retaken)->Release());
  EXPECT_EQ(Holder(), "");

  for (std::string spec : {Spec("thief", clock_.Now()), std::string("{}")}) {
    hold = lose();
    server_.Fail(false);
    server_.Set(spec);
    retaken = hold->Retake(std::chrono::seconds(60));
    ASSERT_FALSE(retaken);
    EXPECT_EQ(retaken.error().reason(), kLeaseLost) << retaken.error().ToString();
    server_.Set("{}");
  }
}

TEST_F(LeaseHoldTest, SurvivesARequestThatIsNotAnswered) {
  ClientOptions patient = FastOptions();
  patient.stall_timeout = std::chrono::seconds(60);
  auto client = ClientFor(server_.url(), patient);
  // The client measures its deadlines with the real clock.
  auto hold =
      LeaseHold::Acquire(*client, {kNamespace, "restore-controller", "me", std::chrono::seconds(3)},
                         Clock::Real(), QuietLog());
  ASSERT_TRUE(hold) << hold.error().ToString();
  int before = server_.HangOnce();
  while (!(*hold)->lost() && server_.writes() == before)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE((*hold)->lost());
}

TEST_F(LeaseHoldTest, SurvivesATroubleThatPassesAndItsDeletion) {
  duration_ = std::chrono::hours(10);  // so that leaping does not use it up
  auto hold = Acquire();
  ASSERT_TRUE(hold);
  server_.WaitForWrites(3);
  server_.Delete();
  server_.WaitForWrites(server_.writes() + 3);
  EXPECT_FALSE((*hold)->lost());
  EXPECT_EQ(Holder(), "me");
}

TEST_F(LeaseHoldTest, WhatElseIsInItStays) {
  server_.Set(R"({"strategy":"x","holderIdentity":""})");
  { ASSERT_TRUE(Acquire()); }
  EXPECT_EQ(json::FindString(server_.lease(), {"spec", "strategy"}), "x");
}

}  // namespace
}  // namespace holdfast::kube
