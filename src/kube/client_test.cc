#include "kube/client.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

using net::TestReply;
using net::TestRequest;
using net::TestServer;

TEST(Client, RequestsAreSpelledAsKubernetesWantsThem) {
  std::mutex mutex;
  std::vector<TestRequest> seen;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    std::lock_guard lock(mutex);
    seen.push_back(r);
    reply.Respond(r.method == "POST" ? 201 : 200, "{\"n\":1}");
  });
  auto client = ClientFor(server.url());
  ResourceType secrets = Secrets();
  ResourceType bundles{{"fleet.cattle.io", "v1alpha1"}, "bundles", "Bundle", true, 0, true};
  EXPECT_EQ(client->Get(secrets, "a b", "x:y").value(), "{\"n\":1}");
  EXPECT_EQ(client->Create(secrets, "ns", "{\"c\":1}").value(), "{\"n\":1}");
  EXPECT_TRUE(client->Update(bundles, "ns", "n", "{\"u\":1}"));
  EXPECT_TRUE(client->UpdateStatus(bundles, "ns", "n", "{\"s\":1}"));
  EXPECT_TRUE(client->Patch(bundles, "", "n", PatchType::kMerge, "{\"p\":1}"));
  DeleteOptions options;
  options.uid = "u-1";
  options.resource_version = "7";
  options.propagation = "Background";
  EXPECT_TRUE(client->Delete(secrets, "ns", "n", options));
  auto line = [](const TestRequest& r) { return r.method + " " + r.target + " " + r.body; };
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(line(seen[0]), "GET /api/v1/namespaces/a%20b/secrets/x%3Ay ");
  EXPECT_EQ(seen[0].headers["accept"], "application/json");
  EXPECT_TRUE(seen[0].headers["user-agent"].starts_with("holdfast/"));
  EXPECT_EQ(line(seen[1]), "POST /api/v1/namespaces/ns/secrets {\"c\":1}");
  EXPECT_EQ(seen[1].headers["content-type"], "application/json");
  EXPECT_EQ(line(seen[2]), "PUT /apis/fleet.cattle.io/v1alpha1/namespaces/ns/bundles/n {\"u\":1}");
  EXPECT_EQ(line(seen[3]),
            "PUT /apis/fleet.cattle.io/v1alpha1/namespaces/ns/bundles/n/status {\"s\":1}");
  EXPECT_EQ(line(seen[4]), "PATCH /apis/fleet.cattle.io/v1alpha1/bundles/n {\"p\":1}");
  EXPECT_EQ(seen[4].headers["content-type"], "application/merge-patch+json");
  EXPECT_EQ(
      line(seen[5]),
      "DELETE /api/v1/namespaces/ns/secrets/n {\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
      "\"preconditions\":{\"uid\":\"u-1\",\"resourceVersion\":\"7\"},"
      "\"propagationPolicy\":\"Background\"}");
  EXPECT_EQ(client->counters().requests, 6u);
  EXPECT_EQ(client->counters().writes, 5u);
}

TEST(Client, WriteOptionsAreSentAndWarningsCollected) {
  std::mutex mutex;
  std::vector<std::string> seen;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    std::lock_guard lock(mutex);
    seen.push_back(r.method + " " + r.target);
    int status = r.target.find("refused") == std::string::npos ? 200 : 422;
    reply.Respond(status, "{}", "Warning: 299 - \"one\"\r\nWarning: 299 - \"two\"\r\n");
  });
  auto client = ClientFor(server.url());
  std::vector<std::string> warnings;
  WriteOptions options;
  options.field_manager = "a b/c";
  options.field_validation = "Strict";
  options.dry_run = true;
  options.warnings = &warnings;
  const std::string query = "?dryRun=All&fieldManager=a%20b%2Fc&fieldValidation=Strict";
  EXPECT_TRUE(client->Create(Secrets(), "ns", "{}", {}, options));
  EXPECT_TRUE(client->Update(Secrets(), "ns", "n", "{}", {}, options));
  EXPECT_TRUE(client->UpdateStatus(Secrets(), "ns", "n", "{}", {}, options));
  EXPECT_TRUE(client->Patch(Secrets(), "ns", "n", PatchType::kMerge, "{}", {}, options));
  EXPECT_EQ(warnings,
            (std::vector<std::string>{"one", "two", "one", "two", "one", "two", "one", "two"}));
  EXPECT_FALSE(client->Update(Secrets(), "ns", "refused", "{}", {}, options));
  EXPECT_EQ(warnings.size(), 8u);
  EXPECT_TRUE(client->Patch(Secrets(), "ns", "n", PatchType::kApply, "{}"));
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[0], "POST /api/v1/namespaces/ns/secrets" + query);
  EXPECT_EQ(seen[1], "PUT /api/v1/namespaces/ns/secrets/n" + query);
  EXPECT_EQ(seen[2], "PUT /api/v1/namespaces/ns/secrets/n/status" + query);
  EXPECT_EQ(seen[3], "PATCH /api/v1/namespaces/ns/secrets/n" + query);
  EXPECT_EQ(seen[5], "PATCH /api/v1/namespaces/ns/secrets/n?fieldManager=holdfast");
}

TEST(Client, AServerBelowAPathAndPagesOfAPrettyPrinter) {
  TestServer server([&](const TestRequest& r, TestReply& reply) { reply.Respond(200, r.target); });
  ClientConfig config = ConfigFor(server.url() + "/k8s/clusters/c-1");
  auto client = std::move(Client::Create(std::move(config), FastOptions(), QuietLog()).value());
  EXPECT_EQ(client->Raw({.path = "/version"}).value(), "/k8s/clusters/c-1/version");
}

TEST(Client, StatusBecomesAnErrorOfItsKind) {
  const std::vector<std::tuple<int, std::string, ErrorKind>> cases = {
      {400, "BadRequest", ErrorKind::kInvalid},
      {401, "Unauthorized", ErrorKind::kUnauthorized},
      {403, "Forbidden", ErrorKind::kUnauthorized},
      {404, "NotFound", ErrorKind::kNotFound},
      {405, "MethodNotAllowed", ErrorKind::kInvalid},
      {409, "AlreadyExists", ErrorKind::kConflict},
      {410, "Expired", ErrorKind::kExpired},
      {413, "TooLarge", ErrorKind::kInvalid},
      {415, "Unsupported", ErrorKind::kInvalid},
      {422, "Invalid", ErrorKind::kInvalid},
      {429, "TooManyRequests", ErrorKind::kUnavailable},
      {500, "InternalError", ErrorKind::kUnavailable},
      {504, "Timeout", ErrorKind::kUnavailable},
      {302, "", ErrorKind::kInternal}};
  for (const auto& [code, reason, kind] : cases) {
    TestServer server([&, c = code, why = reason](const TestRequest&, TestReply& reply) {
      reply.Respond(c, StatusBody(c, why, "told so"));
    });
    auto client = ClientFor(server.url());
    auto got = client->Get(Secrets(), "ns", "n");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), kind) << code;
    EXPECT_EQ(got.error().code(), code);
    EXPECT_EQ(got.error().reason(), reason);
    EXPECT_EQ(got.error().message(), "told so");
    EXPECT_TRUE(got.error().ToString().starts_with("getting secrets \"ns/n\": told so"));
    bool retried = kind == ErrorKind::kUnavailable;
    EXPECT_EQ(server.requests(), retried ? 3 : 1) << code;
  }
}

TEST(Client, ReadsAreRepeatedAndWritesOnlyWhereItDoesNoHarm) {
  struct Case {
    std::string how;
    bool write_repeated;
  };
  for (const Case& c : {Case{"429", true}, Case{"503 retry-after", true}, Case{"503", false},
                        Case{"500", false}, Case{"reset", true}, Case{"cut", false}}) {
    for (std::string method : {"GET", "POST"}) {
      TestServer server([&](const TestRequest& r, TestReply& reply) {
        if (r.number > 1) return reply.Respond(200, "ok");
        if (c.how == "429")
          reply.Respond(429, "", "Retry-After: 0\r\n");
        else if (c.how == "503 retry-after")
          reply.Respond(503, "", "Retry-After: 0\r\n");
        else if (c.how == "503")
          reply.Respond(503, "");
        else if (c.how == "500")
          reply.Respond(500, "");
        else if (c.how == "reset")
          reply.Close(true);
        else {
          reply.Raw("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nabc");
          reply.Close();
        }
      });
      auto client = ClientFor(server.url());
      auto got =
          client->Raw({.method = method, .path = "/x", .body = method == "POST" ? "{}" : ""});
      bool repeated = method == "GET" || c.write_repeated;
      EXPECT_EQ(got.has_value(), repeated) << method << " " << c.how;
      EXPECT_EQ(server.requests(), repeated ? 2 : 1) << method << " " << c.how;
      EXPECT_EQ(client->counters().retries, repeated ? 1u : 0u);
      EXPECT_EQ(got.value_or("ok"), "ok");
    }
  }
}

TEST(Client, RetryAfterIsWaitedForAndTheDeadlineKept) {
  TestServer server([&](const TestRequest&, TestReply& reply) {
    reply.Respond(429, StatusBody(429, "TooManyRequests", "busy"), "Retry-After: 30\r\n");
  });
  ClientOptions options = FastOptions();
  options.retry = {};  // a server's 30 s are cut to 10 s at the most, 7.5 s at the least
  auto client = ClientFor(server.url(), options);
  Call call;
  call.deadline = Deadline::After(Clock::Real(), std::chrono::seconds(5));
  auto begin = std::chrono::steady_clock::now();
  auto got = client->Raw({.path = "/x"}, call);
  ASSERT_FALSE(got);
  // Waiting so long would pass the deadline: the answer is given at once.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  EXPECT_EQ(got.error().retry_after(), std::chrono::seconds(30));
  EXPECT_EQ(server.requests(), 1);
}

TEST(Client, StopEndsAWait) {
  std::promise<void> asked;
  TestServer server([&](const TestRequest&, TestReply& reply) {
    asked.set_value();
    reply.WaitForHangUp();
  });
  auto client = ClientFor(server.url());
  std::stop_source stop;
  auto result = std::async(std::launch::async, [&] {
    return client->Raw({.path = "/x"}, {Deadline::Never(), stop.get_token()});
  });
  asked.get_future().wait();
  stop.request_stop();
  auto got = result.get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kCancelled);
}

TEST(Client, TheTokenIsSentAndNeverShown) {
  std::string seen;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    seen = r.headers.at("authorization");
    reply.Respond(401, StatusBody(401, "Unauthorized", "Unauthorized"));
  });
  ClientConfig config = ConfigFor(server.url());
  config.data().auth.token = SecretBytes("s3cret");
  config.data().auth.impersonate = {{"Impersonate-User", "bob"}};
  auto client = std::move(Client::Create(std::move(config), FastOptions(), QuietLog()).value());
  auto got = client->Raw({.path = "/x"});
  ASSERT_FALSE(got);
  EXPECT_EQ(seen, "Bearer s3cret");
  std::string text = got.error().ToString();
  EXPECT_EQ(text.find("s3cret"), std::string::npos);
  EXPECT_NE(text.find("user \"tester\" in a test"), std::string::npos) << text;
  EXPECT_EQ(server.requests(), 1);  // a fixed token cannot become a better one
}

}  // namespace
}  // namespace holdfast::kube
