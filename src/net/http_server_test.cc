#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_client.h"
#include "net/test_server.h"

namespace holdfast::net {
namespace {

struct Answered {
  HttpResponse head;
  std::string body;
};

Answered Ask(HttpClient& client, const HttpServer& server, std::string method, std::string target,
             std::string_view body = {}) {
  Answered answered;
  HttpRequest request;
  request.method = std::move(method);
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + target;
  request.body = body;
  request.on_body = CollectInto(answered.body, 1 << 20);
  Status status = client.Send(request, answered.head);
  EXPECT_TRUE(status) << status.error().ToString();
  return answered;
}

ServerAnswer Echo(const ServerRequest& request) {
  ServerAnswer answer;
  answer.status = request.path == "/gone" ? 404 : 200;
  answer.body = request.method + "|" + request.path + "|" + request.query + "|" + request.body;
  answer.headers.push_back({"X-Own", "yes"});
  return answer;
}

std::unique_ptr<HttpServer> StartEcho(HttpServerOptions options = {}) {
  options.address = "127.0.0.1";
  return std::move(HttpServer::Start(options, Echo).value());
}

TEST(HttpServer, AnswersOnAKeptConnection) {
  auto server = StartEcho();
  HttpClient client({});
  for (int i = 0; i < 3; ++i) {
    Answered answered = Ask(client, *server, "GET", "/a/b?c=d&e");
    EXPECT_EQ(answered.head.status, 200);
    EXPECT_EQ(answered.body, "GET|/a/b|c=d&e|");
    ASSERT_NE(answered.head.Header("x-own"), nullptr);
    ASSERT_NE(answered.head.Header("content-type"), nullptr);
  }
  EXPECT_EQ(Ask(client, *server, "POST", "/gone", "body").body, "POST|/gone||body");
  EXPECT_EQ(Ask(client, *server, "GET", "/gone").head.status, 404);
}

TEST(HttpServer, BoundsWhatComesIn) {
  HttpServerOptions options;
  options.max_body = 100;
  options.max_head = 1000;
  auto server = StartEcho(options);
  HttpClient client({});
  EXPECT_EQ(Ask(client, *server, "POST", "/", std::string(101, 'x')).head.status, 413);
  EXPECT_EQ(Ask(client, *server, "GET", "/" + std::string(2000, 'x')).head.status, 431);
  EXPECT_EQ(Ask(client, *server, "POST", "/", std::string(100, 'x')).head.status, 200);
}

TEST(HttpServer, APortThatIsTakenIsAConflict) {
  auto server = StartEcho();
  HttpServerOptions options;
  options.address = "127.0.0.1";
  options.port = server->port();
  auto second = HttpServer::Start(options, Echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(second.error().ToString(), ::testing::HasSubstr("127.0.0.1:"));
  options.address = "localhost";
  EXPECT_EQ(HttpServer::Start(options, Echo).error().kind(), ErrorKind::kInvalid);
}

TEST(HttpServer, EndsWithOpenConnections) {
  auto server = StartEcho();
  HttpClient client({});
  Ask(client, *server, "GET", "/");
  server.reset();  // must not wait for the kept connection's timeout
}

}  // namespace
}  // namespace holdfast::net
