#include <gtest/gtest.h>

#include "kube/client.h"
#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

using net::TestReply;
using net::TestRequest;
using net::TestServer;

TEST(Watch, HandsOverEventsUntilTheServerEndsIt) {
  std::string target;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    target = r.target;
    reply.StartChunked();
    std::string text = R"({"type":"ADDED","object":{"a":"\n{"}})"
                       "\n"
                       R"({"type":"MODIFIED","object":{"a":2}})"
                       "\n"
                       R"({"type":"DELETED","object":{"a":3}})"
                       "\n"
                       R"({"type":"BOOKMARK","object":{"a":4}})"
                       "\n";
    for (size_t at = 0; at < text.size(); at += 9) reply.Chunk(text.substr(at, 9));
    reply.EndChunks();
  });
  auto client = ClientFor(server.url());
  std::string seen;
  Status status = client->Watch(Secrets(), "ns", "42", [&](const WatchEvent& event) -> Status {
    seen += std::to_string(static_cast<int>(event.type)) + event.object;
    return {};
  });
  ASSERT_TRUE(status) << status.error().ToString();
  EXPECT_EQ(seen, R"(0{"a":"\n{"}1{"a":2}2{"a":3}3{"a":4})");
  EXPECT_EQ(target,
            "/api/v1/namespaces/ns/secrets?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&"
            "resourceVersion=42");
}

TEST(Watch, AnErrorEventIsItsError) {
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.Respond(200, "{\"type\":\"ERROR\",\"object\":" +
                           StatusBody(410, "Expired", "too old resource version") + "}\n");
  });
  auto client = ClientFor(server.url());
  Status status = client->Watch(Secrets(), "", "1", [](const WatchEvent&) -> Status { return {}; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::kExpired);
  EXPECT_EQ(server.requests(), 1);
}

TEST(Watch, ABrokenConnectionIsUnavailableAndRetriedOnlyBeforeTheFirstEvent) {
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    if (r.number == 1) return reply.Close(true);
    reply.StartChunked();
    reply.Chunk("{\"type\":\"ADDED\",\"object\":{}}\n");
    reply.Close();
  });
  auto client = ClientFor(server.url());
  int events = 0;
  Status status = client->Watch(Secrets(), "", "1", [&](const WatchEvent&) -> Status {
    ++events;
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(events, 1);
  EXPECT_EQ(server.requests(), 2);
}

TEST(Watch, TheHandlersErrorEndsIt) {
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.StartChunked();
    reply.Chunk("{\"type\":\"ADDED\",\"object\":{}}\n");
    reply.WaitForHangUp();
  });
  auto client = ClientFor(server.url());
  Status status = client->Watch(Secrets(), "", "1", [&](const WatchEvent&) -> Status {
    return Fail(ErrorKind::kUnavailable, "mine");
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().ToString(), "mine");
  EXPECT_EQ(server.requests(), 1);
}

}  // namespace
}  // namespace holdfast::kube
