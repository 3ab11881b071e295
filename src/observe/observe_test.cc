#include <atomic>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_server.h"
#include "observe/endpoint.h"
#include "observe/heartbeat.h"
#include "observe/metrics.h"

namespace holdfast::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountersAndGaugesAsText) {
  Registry registry;
  Family& total = registry.Counter("b_total", "Help with \\ and\nline", {"name", "why"});
  total.Add({"a", "q\"uote\\\n"}, 1);
  total.Add({"a", "q\"uote\\\n"}, 1.5);
  registry.Gauge("a_count", "Plain");
  EXPECT_EQ(registry.Text(),
            "# HELP a_count Plain\n# TYPE a_count gauge\na_count 0\n"
            "# HELP b_total Help with \\\\ and\\nline\n# TYPE b_total counter\n"
            "b_total{name=\"a\",why=\"q\\\"uote\\\\\\n\"} 2.5\n");
  total.Forget("a");
  EXPECT_THAT(registry.Text(), Not(HasSubstr("quote")));
}

TEST(Metrics, HistogramsAreCumulative) {
  Registry registry;
  Family& seconds = registry.Histogram("s", "Seconds", {"name"}, {0.5, 1, 2.5});
  for (double value : {0.5, 0.7, 2.6}) seconds.Observe({"x"}, value);
  EXPECT_EQ(registry.Text(),
            "# HELP s Seconds\n# TYPE s histogram\n"
            "s_bucket{name=\"x\",le=\"0.5\"} 1\ns_bucket{name=\"x\",le=\"1\"} 2\n"
            "s_bucket{name=\"x\",le=\"2.5\"} 2\ns_bucket{name=\"x\",le=\"+Inf\"} 3\n"
            "s_sum{name=\"x\"} 3.8\ns_count{name=\"x\"} 3\n");
}

TEST(Metrics, WhatIsSetTogetherIsSeenTogether) {
  Registry registry;
  Family& first = registry.Gauge("a", "First on the page");
  Family& last = registry.Gauge("z", "Last on the page");
  for (char between = 'b'; between < 'z'; ++between)
    registry.Gauge(std::string(1, between), "Makes the page take its time");
  std::atomic<bool> end = false;
  std::thread writer([&] {
    for (int i = 0; !end; ++i)
      registry.Together([&] {
        first.Set({}, i);
        last.Set({}, i);
      });
  });
  for (int scrape = 0; scrape < 2000; ++scrape) {
    std::string page = registry.Text();
    std::string value = page.substr(page.rfind(' '));
    EXPECT_THAT(page, HasSubstr("# TYPE a gauge\na" + value));
    if (HasFailure()) break;
  }
  end = true;
  writer.join();
}

TEST(Metrics, TheProcessIsAmongThem) {
  Registry registry;
  AddProcessMetrics(registry);
  registry.Text();
  EXPECT_GT(registry.Gauge("process_resident_memory_bytes", "").Value({}), 1e6);
  EXPECT_GT(registry.Gauge("process_open_fds", "").Value({}), 2);
}

TEST(Pages, SayWhatIsWrong) {
  Readiness readiness;
  Registry registry;
  registry.Gauge("a_count", "Plain");
  auto pages = Pages(readiness, &registry);
  auto get = [&](const char* path) { return pages({.method = "GET", .path = path}); };
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  readiness.NotReady("backups", "the CRD is not installed");
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz").body, "backups: the CRD is not installed\n");
  EXPECT_EQ(get("/healthz").status, 200);
  readiness.Ready("backups");
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_THAT(get("/metrics").body, HasSubstr("a_count 0\n"));
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(pages({.method = "POST", .path = "/metrics"}).status, 405);
  EXPECT_EQ(Pages(readiness, nullptr)({.method = "GET", .path = "/metrics"}).status, 404);
}

RetryPolicy Fast() { return {.max_attempts = 3, .first_wait = std::chrono::milliseconds(1)}; }

TEST(Heartbeat, IsSentAgainUntilItArrives) {
  std::atomic<int> requests{0};
  std::string body;
  net::TestServer server([&](const net::TestRequest& request, net::TestReply& reply) {
    body = request.method + " " + request.target + " " + request.body;
    reply.Respond(++requests < 3 ? 503 : 204, "");
  });
  net::HttpClient client({});
  Status sent = SendHeartbeat(client, {server.url() + "/beat/1", "POST", R"({"a":1})"}, Fast(), {});
  EXPECT_TRUE(sent);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(body, R"(POST /beat/1 {"a":1})");
}

TEST(Heartbeat, ItsUrlIsASecret) {
  net::TestServer server(
      [&](const net::TestRequest&, net::TestReply& reply) { reply.Respond(404, ""); });
  net::HttpClient client({});
  std::string port = std::to_string(server.port());
  for (std::string url :
       {"http://u:pw@127.0.0.1:" + port + "/s3cret", std::string("http://127.0.0.1:1/s3cret?t=pw"),
        std::string("s3cret-pw")}) {
    Status sent = SendHeartbeat(client, {url, "GET", ""}, Fast(), {});
    ASSERT_FALSE(sent) << url;
    EXPECT_THAT(sent.error().ToString(), Not(HasSubstr("s3cret")));
    EXPECT_THAT(sent.error().ToString(), Not(HasSubstr("pw")));
  }
}

}  // namespace
}  // namespace holdfast::observe
