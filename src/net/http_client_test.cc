#include "net/http_client.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <set>

#include <gtest/gtest.h>

#include "net/test_server.h"

namespace holdfast::net {
namespace {

using std::chrono::milliseconds;

struct Fetched {
  Status status;
  HttpResponse head;
  std::string body;
};

Fetched Fetch(HttpClient& client, HttpRequest request) {
  Fetched out;
  request.on_body = CollectInto(out.body, 1 << 26);
  out.status = client.Send(request, out.head);
  return out;
}

HttpRequest Get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

TEST(HttpClient, FetchesAndKeepsTheConnection) {
  TestServer server([](const TestRequest& r, TestReply& reply) {
    reply.Respond(200, r.method + " " + r.target + " " + r.headers.at("x-a"), "X-B: yes\r\n");
  });
  HttpClient client({});
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = Get(server.url() + "/path?q=1");
    request.headers = {{"X-A", "one"}};
    Fetched got = Fetch(client, request);
    ASSERT_TRUE(got.status) << got.status.error().ToString();
    EXPECT_EQ(got.head.status, 200);
    EXPECT_EQ(got.body, "GET /path?q=1 one");
    ASSERT_NE(got.head.Header("x-b"), nullptr);
    EXPECT_EQ(*got.head.Header("x-b"), "yes");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsBodiesWithTheirLengthAndNoExpect) {
  TestServer server([](const TestRequest& r, TestReply& reply) {
    std::string seen = r.method + " " + std::to_string(r.body.size()) + " " +
                       (r.headers.count("expect") ? "expect" : "no-expect") + " " +
                       (r.headers.count("content-type") ? r.headers.at("content-type") : "none");
    reply.Respond(201, seen);
  });
  HttpClient client({});
  std::string body(3'000'000, 'x');
  for (std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    HttpRequest request = Get(server.url());
    request.method = method;
    request.body = body;
    request.headers = {{"Content-Type", "application/json"}};
    Fetched got = Fetch(client, request);
    ASSERT_TRUE(got.status) << got.status.error().ToString();
    EXPECT_EQ(got.body, method + " 3000000 no-expect application/json");
  }
}

TEST(HttpClient, UploadsFromASource) {
  TestServer server([](const TestRequest& r, TestReply& reply) { reply.Respond(200, r.body); });
  HttpClient client({});
  std::string data;
  for (int i = 0; i < 200'000; ++i) data += std::to_string(i);
  HttpRequest request = Get(server.url());
  request.method = "PUT";
  request.upload.size = data.size();
  request.upload.read_at = [&](uint64_t at, char* to, size_t max) -> Result<size_t> {
    size_t n = std::min<size_t>(max, std::min<size_t>(data.size() - at, 10'007));
    std::memcpy(to, data.data() + at, n);
    return n;
  };
  Fetched got = Fetch(client, request);
  ASSERT_TRUE(got.status) << got.status.error().ToString();
  EXPECT_TRUE(got.body == data);

  request.upload.read_at = [](uint64_t, char*, size_t) -> Result<size_t> {
    return Fail(ErrorKind::kCorrupt, "disk is bad");
  };
  got = Fetch(client, request);
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kCorrupt);
}

TEST(HttpClient, UploadIsReadAgainWhenAKeptConnectionIsDead) {
  TestServer server([](const TestRequest& r, TestReply& reply) {
    if (r.number == 2) return reply.Close(true);  // kept open until the second request comes
    reply.Respond(200, r.body);
  });
  HttpClient client({});
  HttpRequest request = Get(server.url());
  request.method = "PUT";
  request.upload.size = 3;
  request.upload.read_at = [](uint64_t at, char* to, size_t max) -> Result<size_t> {
    size_t n = std::min<size_t>(max, 3 - at);
    std::memcpy(to, &"abc"[at], n);
    return n;
  };
  for (int i = 0; i < 2; ++i) {
    Fetched got = Fetch(client, request);
    ASSERT_TRUE(got.status) << got.status.error().ToString();
    EXPECT_EQ(got.body, "abc");
  }
  EXPECT_EQ(server.requests(), 3);
}

TEST(HttpClient, RefusedNamesTheServerAndTheCure) {
  std::string url;
  {
    TestServer gone([](const TestRequest&, TestReply&) {});
    url = gone.url();
  }
  HttpClient client({});
  Fetched got = Fetch(client, Get(url));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kUnavailable);
  std::string text = got.status.error().ToString();
  EXPECT_NE(text.find(url), std::string::npos) << text;
  EXPECT_NE(text.find("refused"), std::string::npos) << text;
  EXPECT_FALSE(got.status.error().hint().empty());
  EXPECT_EQ(got.head.status, 0);
}

TEST(HttpClient, BrokenAnswersAreUnavailable) {
  // Each is asked for by its path.
  TestServer server([](const TestRequest& r, TestReply& reply) {
    if (r.target == "/reset") return reply.Close(true);
    if (r.target == "/half-head") reply.Raw("HTTP/1.1 200 OK\r\nContent-Le");
    if (r.target == "/short") reply.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    if (r.target == "/chunks") {
      reply.StartChunked();
      reply.Chunk("abc");
    }
    reply.Close();
  });
  HttpClient client({});
  for (std::string path : {"/reset", "/half-head", "/short", "/chunks", "/nothing"}) {
    Fetched got = Fetch(client, Get(server.url() + path));
    ASSERT_FALSE(got.status) << path;
    EXPECT_EQ(got.status.error().kind(), ErrorKind::kUnavailable)
        << path << ": " << got.status.error().ToString();
    bool answered = path == "/short" || path == "/chunks";
    EXPECT_EQ(got.head.status, answered ? 200 : 0) << path;
    EXPECT_EQ(got.body, answered ? "abc" : "");
  }
}

TEST(HttpClient, StallBreaksTheExchangeButATrickleDoesNot) {
  TestServer server([](const TestRequest& r, TestReply& reply) {
    reply.StartChunked();
    if (r.target == "/stall") {
      reply.Chunk("abc");
      return reply.WaitForHangUp();
    }
    for (int i = 0; i < 30; ++i) {
      reply.Chunk("x");
      std::this_thread::sleep_for(milliseconds(20));  // the trickle itself, not a wait for others
    }
    reply.EndChunks();
  });
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/stall");
  request.stall_timeout = milliseconds(300);
  Fetched got = Fetch(client, request);
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kUnavailable);
  EXPECT_NE(got.status.error().ToString().find("300 ms"), std::string::npos);
  request.url = server.url() + "/trickle";
  got = Fetch(client, request);
  EXPECT_TRUE(got.status) << got.status.error().ToString();
  EXPECT_EQ(got.body.size(), 30u);
}

TEST(HttpClient, StopAndDeadlineEndAWaitingCall) {
  std::promise<void> asked;
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    if (r.target == "/stop") asked.set_value();
    reply.WaitForHangUp();
  });
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/deadline");
  request.deadline = Deadline::After(Clock::Real(), milliseconds(150));
  Fetched got = Fetch(client, request);
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kCancelled);

  std::stop_source stop;
  request = Get(server.url() + "/stop");
  request.stop = stop.get_token();
  auto result = std::async(std::launch::async, [&] { return Fetch(client, request); });
  asked.get_future().wait();
  auto begin = std::chrono::steady_clock::now();
  stop.request_stop();
  got = result.get();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kCancelled);
}

TEST(HttpClient, AnErrorOfTheSinkEndsTheExchangeAndTheClientStaysUsable) {
  TestServer server(
      [](const TestRequest&, TestReply& reply) { reply.Respond(200, std::string(500'000, 'x')); });
  HttpClient client({});
  HttpRequest request = Get(server.url());
  request.on_body = [](const HttpResponse&, std::string_view) -> Status {
    return Fail(ErrorKind::kConflict, "mine");
  };
  HttpResponse head;
  Status status = client.Send(request, head);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "mine");
  Fetched got = Fetch(client, Get(server.url()));
  EXPECT_TRUE(got.status);
  EXPECT_EQ(got.body.size(), 500'000u);
}

TEST(HttpClient, ManyAtOnceStayWithinTheLimitOfConnections) {
  std::atomic<int> now{0}, most{0};
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    int n = ++now;
    for (int seen = most; n > seen && !most.compare_exchange_weak(seen, n);) {
    }
    std::this_thread::sleep_for(milliseconds(2));  // work
    --now;
    reply.Respond(200, r.target);
  });
  HttpClientOptions options;
  options.max_connections = 8;
  HttpClient client(std::move(options));
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 32; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
          Fetched got = Fetch(client, Get(server.url() + path));
          if (got.status && got.body == path) ++good;
        }
      });
  }
  EXPECT_EQ(good, 320);
  EXPECT_LE(most, 8);
  EXPECT_GT(most, 1);
  EXPECT_LE(server.connections(), 8);
}

TEST(HttpClient, NeitherAddressesNorHeadersThatMakeNoSenseAreSent) {
  HttpClient client({});
  for (std::string url : {"", "127.0.0.1", "file:///etc/passwd", "https://", "ftp://x/"}) {
    Fetched got = Fetch(client, Get(url));
    ASSERT_FALSE(got.status) << url;
    EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid) << url;
  }
  HttpRequest request = Get("http://127.0.0.1:1");
  request.headers = {{"Authorization", "Bearer s3cret\r\nX: y"}};
  Fetched got = Fetch(client, request);
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(got.status.error().ToString().find("s3cret"), std::string::npos);
}

TEST(HttpClient, HeadAndInformationalAnswers) {
  TestServer server([](const TestRequest& r, TestReply& reply) {
    if (r.method == "HEAD") return (void)reply.Raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    reply.Raw("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
    reply.Respond(200, "late");
  });
  HttpClient client({});
  HttpRequest request = Get(server.url());
  request.method = "HEAD";
  Fetched got = Fetch(client, request);
  ASSERT_TRUE(got.status) << got.status.error().ToString();
  EXPECT_EQ(*got.head.Header("content-length"), "99");
  got = Fetch(client, Get(server.url()));
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.head.status, 200);
  EXPECT_EQ(got.head.Header("x-early"), nullptr);
  EXPECT_EQ(got.body, "late");
}

TEST(PercentEncode, LeavesOnlyUnreserved) {
  EXPECT_EQ(PercentEncode("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(PercentEncode("a/b c:%\xc3\xa4"), "a%2Fb%20c%3A%25%C3%A4");
}

}  // namespace
}  // namespace holdfast::net
