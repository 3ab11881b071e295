#include "operator/informer.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "kube/test_client.h"
#include "operator/custom_resources.h"

namespace holdfast::op {
namespace {

using namespace std::chrono_literals;

// A sleep is over at once; the time slept is added up.
class CountingClock : public Clock {
 public:
  Wall Now() const override { return Clock::Real().Now() + slept(); }
  Steady SteadyNow() const override { return Clock::Real().SteadyNow() + slept(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    slept_ += time.count();
    return !stop.stop_requested();
  }
  std::chrono::nanoseconds slept() const { return std::chrono::nanoseconds(slept_.load()); }

 private:
  std::atomic<int64_t> slept_{0};
};

// Runs an informer until its server has answered so many requests; how long it slept meanwhile.
std::chrono::nanoseconds SleptFor(int requests, int watch_code, const std::string& watch_body,
                                  int list_code = 200) {
  std::stop_source stop;
  std::atomic<int> answered{0};
  net::TestServer server([&](const auto& request, auto& reply) {
    if (++answered >= requests) stop.request_stop();
    if (request.target.find("watch=") != std::string::npos)
      return reply.Respond(watch_code, watch_body);
    if (list_code != 200)
      return reply.Respond(list_code, kube::StatusBody(list_code, "Expired", "too old"));
    reply.Respond(200, R"({"kind":"BackupList","apiVersion":"resources.cattle.io/v1",)"
                       R"("metadata":{"resourceVersion":"5"},"items":[]})");
  });
  auto client = kube::ClientFor(server.url());
  CountingClock clock;
  observe::Readiness readiness;
  Informer informer(
      *client, BackupType(), std::chrono::hours(10), [](std::string_view) { return ""; },
      [](const std::string&) {}, readiness, kube::QuietLog(), clock);
  informer.Run(stop.get_token());
  return clock.slept();
}

TEST(Informer, AWatchThatEndsAtOnceIsNotAskedForWithoutEnd) {
  // 0.5 + 1 + 2 + 4 + 5 + 5 ... seconds.
  EXPECT_GT(SleptFor(12, 200, ""), 30s);
}

TEST(Informer, ARevisionThatIsAlwaysTooOldIsNotAskedForWithoutEnd) {
  std::string expired = kube::StatusBody(410, "Expired", "too old resource version");
  EXPECT_GT(SleptFor(22, 410, expired), 30s);
  // As an event of an answer with code 200.
  EXPECT_GT(SleptFor(22, 200, R"({"type":"ERROR","object":)" + expired + "}\n"), 30s);
}

TEST(Informer, AListThatIsAlwaysTooOldIsNotAskedForWithoutEnd) {
  EXPECT_GT(SleptFor(12, 200, "", 410), 30s);
}

TEST(Informer, AWatchThatBringsEventsIsGoneOnWithSoon) {
  std::string event = R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"6"}}})"
                      "\n";
  EXPECT_LT(SleptFor(12, 200, event), 1s);
}

}  // namespace
}  // namespace holdfast::op
