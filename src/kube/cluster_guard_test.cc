#include "kube/cluster_guard.h"

#include <atomic>

#include <gtest/gtest.h>

#include "kube/lease_holder.h"
#include "kube/lease_record.h"
#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

// Stands still but for what is slept.
class SteppingClock : public Clock {
 public:
  Wall Now() const override { return Clock::Real().Now() + slept(); }
  Steady SteadyNow() const override { return Steady(std::chrono::hours(1)) + slept(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    slept_ += time.count();
    return !stop.stop_requested();
  }
  std::chrono::nanoseconds slept() const { return std::chrono::nanoseconds(slept_.load()); }

 private:
  std::atomic<int64_t> slept_{0};
};

class ClusterGuardTest : public testing::Test {
 protected:
  ClusterGuardTest()
      : server_([this](const auto& r, auto& reply) {
          bool lease = r.target.find("/leases/restore-controller") != std::string::npos;
          bool record = r.target.find("/configmaps/holdfast-restore-state") != std::string::npos;
          EXPECT_TRUE((lease || record) && r.method == "GET") << r.method << " " << r.target;
          if (code_ != 200 && (lease || !only_lease_))
            return reply.Respond(code_, StatusBody(code_, "Forbidden", "not allowed"));
          if (lease && renews_ && !lease_.empty()) lease_ = RenewedLease(lease_, clock_.Now());
          const std::string& text = lease ? lease_ : record_;
          if (text.empty()) return reply.Respond(404, StatusBody(404, "NotFound", "not found"));
          reply.Respond(200, text);
        }) {}

  void Held(const std::string& holder) {
    lease_ = NewLease("ns", "restore-controller", holder, std::chrono::seconds(30), clock_.Now());
  }
  std::string Restore(bool sure = false) {
    auto view = sure ? guard_.LookUntilSure({}) : guard_.Look({});
    if (!view) return "error: " + view.error().ToString();
    return view->restore ? view->restore->ToString() : "";
  }

  SteppingClock clock_;
  std::string lease_, record_;
  bool renews_ = false;
  int code_ = 200;
  bool only_lease_ = false;
  net::TestServer server_;
  std::unique_ptr<Client> client_ = ClientFor(server_.url());
  ClusterGuard guard_{*client_, "ns", clock_};
};

TEST_F(ClusterGuardTest, NothingStandsInTheWay) {
  EXPECT_EQ(Restore(), "");
  lease_ = R"({"metadata":{"resourceVersion":"7"},"spec":{"leaseTransitions":3}})";
  EXPECT_EQ(Restore(), "");
  EXPECT_EQ(guard_.Look({})->lease_version, "7");
  EXPECT_EQ(Restore(true), "");
  EXPECT_EQ(clock_.slept().count(), 0);
}

TEST_F(ClusterGuardTest, ARecordIsAnUnfinishedRestoreWhoeverHoldsTheLease) {
  record_ = R"({"metadata":{},"data":{"state":"{\"run\":\"r1\",\"archive\":\"a.tar.gz\"}"}})";
  EXPECT_EQ(Restore(), "r1 of a.tar.gz");
  EXPECT_EQ(Restore(true), "r1 of a.tar.gz");
  EXPECT_EQ(clock_.slept().count(), 0);
  // Also one that cannot be read.
  for (std::string data : {R"({"state":"{"})", R"({})", R"({"state":5})"}) {
    record_ = R"({"metadata":{},"data":)" + data + "}";
    EXPECT_EQ(Restore(), "(its record cannot be read)") << data;
  }
}

TEST_F(ClusterGuardTest, AHeldLeaseIsAnUnfinishedRestoreUntilItsHolderIsKnownToBeDead) {
  Held("r1:uid:node/unknown/1");
  EXPECT_EQ(Restore(), "r1:uid");
  EXPECT_EQ(Restore(true), "");
  EXPECT_GE(clock_.slept(), std::chrono::seconds(30));
  EXPECT_LT(clock_.slept(), std::chrono::seconds(40));
  // Seen again by the same guard it is known.
  EXPECT_EQ(Restore(), "");
}

TEST_F(ClusterGuardTest, AHolderThatRenewsIsAliveAtOnce) {
  Held("r1:uid:node/unknown/1");
  renews_ = true;
  EXPECT_EQ(Restore(true), "r1:uid");
  EXPECT_LT(clock_.slept(), std::chrono::seconds(5));
}

TEST_F(ClusterGuardTest, TheReferencesLeaseDoesNotExpire) {
  lease_ = R"({"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":"r1:uid"}})";
  EXPECT_EQ(Restore(true), "r1:uid");
  EXPECT_EQ(clock_.slept().count(), 0);
}

TEST_F(ClusterGuardTest, WhatCannotBeReadIsAnError) {
  code_ = 403;
  auto view = guard_.LookUntilSure({});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_NE(view.error().ToString().find("whether a restore is unfinished"), std::string::npos);
}

TEST_F(ClusterGuardTest, WithoutTheRightToReadLeasesTheRecordDecides) {
  code_ = 403;
  only_lease_ = true;
  auto view = guard_.LookUntilSure({});
  ASSERT_TRUE(view) << view.error().ToString();
  EXPECT_FALSE(view->restore);
  EXPECT_NE(view->warning.find("not have been noticed"), std::string::npos) << view->warning;
  record_ = R"({"metadata":{},"data":{"state":"{\"run\":\"r1\"}"}})";
  EXPECT_EQ(Restore(), "r1");
  // Other trouble with the Lease is not passed over.
  record_.clear();
  code_ = 500;
  EXPECT_FALSE(guard_.Look({}));
}

}  // namespace
}  // namespace holdfast::kube
