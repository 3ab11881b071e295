#include "kube/lease.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/rfc3339.h"
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
  std::string Holder() { return LeaseRecord::Of(server_.lease()).holder; }

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
  server_.WaitForWrites(4);
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

TEST_F(LeaseHoldTest, AFreeOrExpiredOneIsTakenOver) {
  for (
      std::string spec :
      {R"({})", R"({"holderIdentity":""})", R"({"holderIdentity":null,"leaseTransitions":3})",
       R"({"holderIdentity":"dead","leaseDurationSeconds":30,"renewTime":"2020-01-01T00:00:00Z"})"}) {
    server_.Set(spec);
    auto hold = Acquire();
    ASSERT_TRUE(hold) << spec << hold.error().ToString();
    EXPECT_EQ(Holder(), "me");
    EXPECT_GE(LeaseRecord::Of(server_.lease()).transitions, 1);
  }
}

TEST_F(LeaseHoldTest, OneThatExpiresSoonIsWaitedForWhenAsked) {
  server_.Set(R"({"holderIdentity":"dead","leaseDurationSeconds":30,"renewTime":")" +
              FormatRfc3339Micros(clock_.Now()) + "\"}");
  EXPECT_FALSE(Acquire());
  wait_ = std::chrono::seconds(29);
  EXPECT_FALSE(Acquire());
  wait_ = std::chrono::seconds(31);
  auto hold = Acquire();
  ASSERT_TRUE(hold) << hold.error().ToString();
  EXPECT_EQ(Holder(), "me");
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
