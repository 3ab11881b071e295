// A store that is up but not well, in all operations; and what the store is not asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/s3/fake_s3_for_test.h"

namespace holdfast::storage::s3 {
namespace {

using net::TestReply;
using net::TestRequest;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class S3Storm : public ::testing::Test {
 protected:
  S3Store& store() {
    if (!store_) {
      auto made = NewS3Store(std::move(config_), Clock::Real(), nullptr,
                             {env_, "http://127.0.0.1:9", "http://127.0.0.1:9"});
      if (!made) throw std::runtime_error(made.error().ToString());
      store_ = std::move(*made);
    }
    return *store_;
  }
  Status Put(const std::string& name, size_t size) {
    HF_ASSIGN(auto spool, store().NewSpool());
    HF_TRY(spool.Append(std::string(size, 'x')));
    return store().Put(spool, name, {});
  }
  void InParts() {
    config_.single_put_max = 2000;
    config_.part_size = 1000;
  }

  FakeS3 s3_;
  S3Config config_ = s3_.Config();
  std::function<std::optional<std::string>(const std::string&)> env_ = [](const std::string&) {
    return std::nullopt;
  };
  std::unique_ptr<S3Store> store_;
};

// Of each request the first two attempts are turned away, in turns by 503, 500 and 429.
TEST_F(S3Storm, EveryOperationGetsThrough) {
  InParts();
  std::mutex mutex;
  std::map<std::string, int> tries;
  std::atomic<int> turned_away{0};
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    int number = 0;
    {
      std::lock_guard lock(mutex);
      number = tries[request.method + request.target + FakeS3::HeaderOf(request, "range")]++;
    }
    if (number >= 2) return false;
    switch (++turned_away % 3) {
      case 0: FakeS3::Refuse(reply, 503, "SlowDown"); break;
      case 1: FakeS3::Refuse(reply, 500, "InternalError"); break;
      default: FakeS3::Refuse(reply, 429, "TooManyRequests", "", "Retry-After: 0\r\n");
    }
    return true;
  };
  ASSERT_TRUE(Put("small", 100));
  auto large = Put("large", 5500);
  ASSERT_TRUE(large) << large.error().ToString();
  auto list = store().List("", {});
  ASSERT_TRUE(list) << list.error().ToString();
  EXPECT_EQ(list->size(), 2u);
  auto source = store().Open("large", 0, {});
  ASSERT_TRUE(source) << source.error().ToString();
  EXPECT_EQ(stream::ReadAll(**source, 10'000).value(), std::string(5500, 'x'));
  tries.clear();
  EXPECT_TRUE(store().Delete("small", {}));
  EXPECT_EQ(s3_.objects.size(), 1u);
  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_GT(turned_away, 20);
}

// One that does not end: the error is the store's, and nothing is left once it can be cleaned up.
TEST_F(S3Storm, OneThatDoesNotEnd) {
  InParts();
  s3_.hook = [](const TestRequest& request, TestReply& reply) {
    if (request.method == "DELETE" || request.method == "HEAD" ||
        (request.method == "POST" && FakeS3::HasQuery(request, "uploads")))
      return false;
    FakeS3::Refuse(reply, 503, "SlowDown");
    return true;
  };
  for (size_t size : {100u, 5500u}) {
    auto put = Put("a", size);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind(), ErrorKind::kUnavailable);
    EXPECT_THAT(put.error().ToString(),
                AllOf(HasSubstr("503 SlowDown"), HasSubstr("(request REQ1)"), HasSubstr("later")));
    EXPECT_TRUE(s3_.objects.empty());
    EXPECT_TRUE(s3_.uploads.empty());
  }
}

TEST_F(S3Storm, NoRoom) {
  InParts();
  int status = 0;
  std::string code;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "PUT") return false;
    FakeS3::Refuse(reply, status, code);
    return true;
  };
  for (auto [number, name] : {std::pair(507, "XMinioStorageFull"),
                              {403, "QuotaExceeded"},
                              {400, "XMinioAdminBucketQuotaExceeded"},
                              {507, "Whatever"}}) {
    status = number;
    code = name;
    for (size_t size : {100u, 5500u}) {
      auto put = Put("a", size);
      ASSERT_FALSE(put);
      EXPECT_THAT(put.error().ToString(),
                  AllOf(HasSubstr(name), HasSubstr("no room left"), HasSubstr("holdfast prune")));
      EXPECT_TRUE(s3_.objects.empty());
      EXPECT_TRUE(s3_.uploads.empty());
    }
  }
}

// Least privilege: nothing is asked but what has to be.
TEST_F(S3Storm, NothingIsProbed) {
  InParts();
  ASSERT_TRUE(Put("a", 10));
  EXPECT_EQ(s3_.Count("HEAD /bkt/a"), 1u);
  EXPECT_EQ(s3_.Count("PUT /bkt/a"), 1u);
  ASSERT_TRUE(Put("b", 2500));
  ASSERT_TRUE(store().Open("a", 0, {}));
  ASSERT_TRUE(store().Stat("a", {}));
  ASSERT_TRUE(store().Delete("a", {}));
  for (const std::string& line : s3_.log) {
    EXPECT_THAT(line, HasSubstr(" /bkt/")) << "the bucket itself is not asked for";
    EXPECT_THAT(line, AllOf(Not(HasSubstr("/bkt/?")), Not(HasSubstr("location"))));
  }
  s3_.log.clear();
  ASSERT_TRUE(store().List("", {}));
  EXPECT_THAT(s3_.log, ElementsAre(AllOf(HasSubstr("GET /bkt/?"), HasSubstr("list-type=2"))));
}

// The proxy of the environment gets requests to plain http, which libcurl asks for in lower case
// only.
TEST_F(S3Storm, HttpProxy) {
  std::atomic<int> through{0};
  net::TestServer proxy([&](const TestRequest& request, TestReply& reply) {
    through += request.target.starts_with("http://s3.example.test/bkt/") ? 1 : 0;
    reply.Respond(200, "<ListBucketResult></ListBucketResult>");
  });
  config_.endpoint = "http://s3.example.test";
  config_.bucket_lookup = BucketLookup::kPath;
  env_ = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "HTTP_PROXY") return proxy.url();
    return std::nullopt;
  };
  auto list = store().List("", {});
  ASSERT_TRUE(list) << list.error().ToString();
  EXPECT_EQ(through, 1);
}

// Temporary keys from a container's endpoint run out while parts are sent.
TEST_F(S3Storm, TemporaryKeysRunOutUnderWay) {
  InParts();
  std::atomic<int> given{0}, refused{0};
  net::TestServer keys([&](const TestRequest& request, TestReply& reply) {
    EXPECT_EQ(FakeS3::HeaderOf(request, "authorization"), "the-pod-token");
    int number = ++given;
    reply.Respond(200, "{\"AccessKeyId\":\"KEY" + std::to_string(number) +
                           "\",\"SecretAccessKey\":\"secret\",\"Token\":\"TOKEN" +
                           std::to_string(number) + "\",\"Expiration\":\"2199-01-01T00:00:00Z\"}");
  });
  config_.access_key.clear();
  config_.secret_key = {};
  env_ = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_CONTAINER_CREDENTIALS_FULL_URI") return keys.url() + "/keys";
    if (name == "AWS_CONTAINER_AUTHORIZATION_TOKEN") return "the-pod-token";
    return std::nullopt;
  };
  std::atomic<bool> expired{false};
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (FakeS3::QueryOf(request, "partNumber") == "3") expired = true;
    bool old = FakeS3::HeaderOf(request, "authorization").find("KEY1/") != std::string::npos;
    EXPECT_EQ(FakeS3::HeaderOf(request, "x-amz-security-token"), old ? "TOKEN1" : "TOKEN2");
    if (!expired || !old) return false;
    ++refused;
    FakeS3::Refuse(reply, 400, "ExpiredToken");
    return true;
  };
  auto put = Put("a", 5500);
  ASSERT_TRUE(put) << put.error().ToString();
  EXPECT_EQ(given, 2);
  EXPECT_GE(refused, 1);
  EXPECT_EQ(s3_.objects.at("a").bytes.size(), 5500u);
  // None to be had any more: the upload fails as such and is taken back.
  expired = false;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (FakeS3::QueryOf(request, "partNumber") == "3") expired = true;
    if (!expired || request.method == "DELETE") return false;
    FakeS3::Refuse(reply, 400, "ExpiredToken");
    return true;
  };
  put = Put("b", 5500);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(put.error().ToString(), AllOf(HasSubstr("ExpiredToken"), Not(HasSubstr("secret"))));
  EXPECT_TRUE(s3_.uploads.empty());
}

// MinIO takes the prefix for a whole key.
TEST_F(S3Storm, LeftOversOfAStoreThatKnowsNoPrefix) {
  s3_.uploads["1"] = {"nightly-1", "", "", {}};
  s3_.uploads["2"] = {"other-2", "", "", {}};
  s3_.hook = [](const TestRequest& request, TestReply& reply) {
    if (!FakeS3::HasQuery(request, "uploads") || FakeS3::QueryOf(request, "prefix").empty())
      return false;
    reply.Respond(200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
    return true;
  };
  auto found = store().AbortLeftOvers({"nightly-", {}, std::chrono::hours(1)}, {});
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_THAT(found->aborted, ElementsAre("nightly-1"));
  EXPECT_EQ(s3_.uploads.size(), 1u);
}

}  // namespace
}  // namespace holdfast::storage::s3
