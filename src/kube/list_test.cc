#include <memory>

#include <gtest/gtest.h>

#include "kube/client.h"
#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

using net::TestReply;
using net::TestRequest;
using net::TestServer;

std::string ListBody(const std::string& items, const std::string& metadata) {
  return R"({"kind":"SecretList","apiVersion":"v1","metadata":{)" + metadata + R"(},"items":[)" +
         items + "]}";
}

struct Listed {
  Result<ListEnd> end = Fail(ErrorKind::kInternal, "not run");
  std::string objects;
};

Listed RunList(Client& client, ListRequest request, bool page = false) {
  static const ResourceType type = Secrets();
  request.type = &type;
  Listed listed;
  ObjectSink sink = [&](std::string_view object) -> Status {
    listed.objects += object;
    return {};
  };
  listed.end = page ? client.ListPage(request, sink) : client.List(request, sink);
  return listed;
}

TEST(List, ParametersOfTheRequest) {
  std::string target, accept;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    target = r.target;
    accept = r.headers.at("accept");
    reply.Respond(200, ListBody("", R"("resourceVersion":"5")"));
  });
  auto client = ClientFor(server.url());
  ListRequest request;
  request.ns = "ns";
  request.limit = 1;
  request.resource_version = "5";
  request.exact = true;
  request.label_selector = "a in (b,c)";
  request.field_selector = "metadata.name=x";
  request.metadata_only = true;
  ASSERT_TRUE(RunList(*client, request, true).end);
  EXPECT_EQ(target,
            "/api/v1/namespaces/ns/secrets?limit=1&labelSelector=a%20in%20%28b%2Cc%29&"
            "fieldSelector=metadata.name%3Dx&resourceVersion=5&resourceVersionMatch=Exact");
  EXPECT_NE(accept.find("PartialObjectMetadataList"), std::string::npos);
  request.continue_token = "t+k";
  ASSERT_TRUE(RunList(*client, request, true).end);
  EXPECT_EQ(target.find("resourceVersion"), std::string::npos);
  EXPECT_NE(target.find("continue=t%2Bk"), std::string::npos);
}

TEST(List, FollowsPagesAtTheRevisionOfTheFirst) {
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    if (r.target.find("continue=") == std::string::npos)
      return reply.Respond(
          200, ListBody(R"({"a":1},{"a":2})", R"("resourceVersion":"10","continue":"next")"));
    reply.Respond(200, ListBody(R"({"a":3})", R"("resourceVersion":"11")"));
  });
  auto client = ClientFor(server.url());
  ListRequest request;
  request.limit = 2;
  Listed listed = RunList(*client, request);
  ASSERT_TRUE(listed.end);
  EXPECT_EQ(listed.objects, R"({"a":1}{"a":2}{"a":3})");
  EXPECT_EQ(listed.end->resource_version, "10");
  EXPECT_EQ(listed.end->items, 3);
  EXPECT_EQ(listed.end->continue_token, "");
}

TEST(List, AWholeListThatIsCutOffGoesOnInPagesOf500) {
  for (std::string how : {"reset", "close", "quiet end", "stall", "504"}) {
    std::vector<std::string> targets;
    auto server = std::make_unique<TestServer>([&](const TestRequest& r, TestReply& reply) {
      targets.push_back(r.target);
      if (r.target.find("limit=500") != std::string::npos)
        return reply.Respond(200, ListBody(R"({"a":1},{"a":2})", R"("resourceVersion":"10")"));
      if (how == "504") return reply.Respond(504, StatusBody(504, "Timeout", "too slow"));
      reply.StartChunked();
      reply.Chunk(R"({"metadata":{"resourceVersion":"9"},"items":[{"a":1},{"a")");
      if (how == "stall") return reply.WaitForHangUp();
      if (how == "quiet end") return reply.EndChunks();
      reply.Close(how == "reset");
    });
    auto client = ClientFor(server->url());
    Listed listed = RunList(*client, {});
    server.reset();  // its threads have ended: what they wrote may be read
    ASSERT_TRUE(listed.end) << how << ": " << listed.end.error().ToString();
    std::string first = how == "504" ? "" : R"({"a":1})";
    EXPECT_EQ(listed.objects, first + R"({"a":1}{"a":2})") << how;
    EXPECT_EQ(listed.end->resource_version, "10");
    EXPECT_EQ(listed.end->items, how == "504" ? 2 : 3);
    EXPECT_EQ(targets.size(), 2u) << how;
  }
}

TEST(List, APageThatBreaksOffIsFetchedAgainWithTheSameToken) {
  int broken = 0;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    if (r.target.find("continue=t1") == std::string::npos)
      return reply.Respond(200, ListBody(R"({"a":1})", R"("continue":"t1","resourceVersion":"3")"));
    if (broken++ == 0) {
      reply.StartChunked();
      reply.Chunk(R"({"items":[{"a":2},)");
      return reply.Close();
    }
    reply.Respond(200, ListBody(R"({"a":2})", R"("resourceVersion":"3")"));
  });
  auto client = ClientFor(server.url());
  ListRequest request;
  request.limit = 1;
  Listed listed = RunList(*client, request);
  ASSERT_TRUE(listed.end) << listed.end.error().ToString();
  EXPECT_EQ(listed.objects, R"({"a":1}{"a":2}{"a":2})");
  EXPECT_EQ(listed.end->items, 3);
}

TEST(List, APageIsNotRepeatedByItselfOnceObjectsWereHandedOver) {
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    reply.StartChunked();
    reply.Chunk(r.target.find("limit=7") != std::string::npos ? R"({"items":[{"a":2},)"
                                                              : R"({"items":[)");
    reply.Close();
  });
  auto client = ClientFor(server.url());
  ListRequest request;
  request.limit = 7;
  Listed listed = RunList(*client, request, true);
  ASSERT_FALSE(listed.end);
  EXPECT_EQ(listed.end.error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(server.requests(), 1);
  request.limit = 8;
  listed = RunList(*client, request, true);
  ASSERT_FALSE(listed.end);
  EXPECT_EQ(server.requests(), 4);  // three attempts
}

TEST(List, AnExpiredTokenIsTheCallersAffair) {
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    if (r.target.find("continue=") == std::string::npos)
      return reply.Respond(200, ListBody(R"({"a":1})", R"("continue":"old")"));
    reply.Respond(410, StatusBody(410, "Expired", "token too old"));
  });
  auto client = ClientFor(server.url());
  ListRequest request;
  request.limit = 1;
  Listed listed = RunList(*client, request);
  ASSERT_FALSE(listed.end);
  EXPECT_EQ(listed.end.error().kind(), ErrorKind::kExpired);
  EXPECT_EQ(listed.end.error().ToString(), "listing secrets: token too old");
}

TEST(List, AForbiddenListNamesTheRightThatIsMissing) {
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.Respond(403, StatusBody(403, "Forbidden",
                                  "secrets is forbidden: User \\\"x\\\" cannot list resource"));
  });
  auto client = ClientFor(server.url());
  Listed listed = RunList(*client, {});
  ASSERT_FALSE(listed.end);
  EXPECT_EQ(listed.end.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_NE(listed.end.error().hint().find(
                R"({apiGroups: [""], resources: ["secrets"], verbs: ["list"]})"),
            std::string::npos)
      << listed.end.error().hint();
}

TEST(List, AnErrorOfTheSinkEndsItUnchangedEvenAnUnavailableOne) {
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.Respond(200, ListBody(R"({"a":1},{"a":2})", ""));
  });
  auto client = ClientFor(server.url());
  ResourceType type = Secrets();
  ListRequest request;
  request.type = &type;
  int calls = 0;
  auto end = client->List(request, [&](std::string_view) -> Status {
    ++calls;
    return Fail(ErrorKind::kUnavailable, "disk full");
  });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().ToString(), "disk full");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(server.requests(), 1);
}

TEST(List, ASlowTrickleIsNoFailure) {
  const std::string body = ListBody(R"({"a":"x"},{"b":"y"})", R"("resourceVersion":"3")");
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.StartChunked();
    for (char c : body) reply.Chunk(std::string(1, c));
    reply.EndChunks();
  });
  auto client = ClientFor(server.url());
  Listed listed = RunList(*client, {});
  ASSERT_TRUE(listed.end);
  EXPECT_EQ(listed.objects, R"({"a":"x"}{"b":"y"})");
  EXPECT_EQ(listed.end->bytes, body.size());
}

}  // namespace
}  // namespace holdfast::kube
