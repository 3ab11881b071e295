#include "storage/s3/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/rfc3339.h"
#include "base/temp_folder_for_test.h"
#include "net/test_server.h"
#include "storage/s3/credential_sources.h"

namespace holdfast::storage::s3 {
namespace {

using namespace std::chrono_literals;
using net::TestReply;
using net::TestRequest;
using ::testing::HasSubstr;
using ::testing::Not;

class FakeClock : public Clock {
 public:
  Wall Now() const override { return now; }
  Steady SteadyNow() const override { return Clock::Real().SteadyNow(); }
  bool Sleep(std::chrono::nanoseconds, std::stop_token) override { return true; }
  Wall now = *ParseRfc3339("2026-01-27T02:00:00Z");
};

class S3Credentials : public ::testing::Test {
 protected:
  S3Credentials() {
    folder_ = TempFolderForTest();
    waits_.clock = &clock_;
  }
  ~S3Credentials() override { std::filesystem::remove_all(folder_); }
  Env env() {
    return [this](const std::string& name) -> std::optional<std::string> {
      auto it = vars_.find(name);
      return it == vars_.end() ? std::nullopt : std::optional(it->second);
    };
  }
  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  // The keys as "ACCESS/SECRET/TOKEN", or the error.
  std::string Get() {
    S3Surroundings around{env(), server_.url(), server_.url()};
    CredentialCache cache(CredentialSources(config_, around));
    auto keys = cache.Get(waits_);
    if (!keys) return "error: " + keys.error().ToString();
    return (*keys)->access_key + "/" + std::string((*keys)->secret_key.view()) + "/" +
           std::string((*keys)->session_token.view());
  }
  static std::string Json(const std::string& key) {
    return R"({"Code":"Success","AccessKeyId":")" + key +
           R"(","SecretAccessKey":"S","Token":"T","Expiration":"2026-01-27T03:00:00Z"})";
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> vars_;
  FakeClock clock_;
  Waits waits_;
  S3Config config_;
  std::function<void(const TestRequest&, TestReply&)> handler_ =
      [](const TestRequest&, TestReply& reply) { reply.Respond(404, ""); };
  net::TestServer server_{[this](const auto& q, auto& r) { handler_(q, r); }};
};

TEST_F(S3Credentials, OrderOfTheSources) {
  vars_["HOME"] = folder_;
  EXPECT_THAT(Get(), HasSubstr("error: no credentials for the store; looked at the environment"));
  handler_ = [](const TestRequest& request, TestReply& reply) {
    if (request.method == "PUT" && request.target == "/latest/api/token" &&
        request.headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "21600")
      return reply.Respond(200, "imds-token");
    if (request.target == "/task") return reply.Respond(200, Json("CONTAINER"));
    if (request.headers.count("x-aws-ec2-metadata-token") == 0 ||
        request.headers.at("x-aws-ec2-metadata-token") != "imds-token")
      return reply.Respond(401, "");
    if (request.target == "/latest/meta-data/iam/security-credentials/")
      return reply.Respond(200, "my role");
    if (request.target == "/latest/meta-data/iam/security-credentials/my%20role")
      return reply.Respond(200, Json("INSTANCE"));
    reply.Respond(404, "");
  };
  EXPECT_EQ(Get(), "INSTANCE/S/T");
  vars_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/task";
  EXPECT_EQ(Get(), "CONTAINER/S/T");
  std::filesystem::create_directory(folder_ / ".aws");
  File(".aws/credentials",
       "[default]\naws_access_key_id = PROFILE # mine\n"
       "aws_secret_access_key=P=S\n[other]\naws_access_key_id=OTHER\n");
  File(".aws/config",
       "[profile other]\naws_secret_access_key = OS\ns3 =\n  aws_session_token = x\n");
  EXPECT_EQ(Get(), "PROFILE/P=S/");
  vars_["AWS_PROFILE"] = "other";
  EXPECT_EQ(Get(), "OTHER/OS/");
  vars_["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_THAT(Get(), HasSubstr("AWS_SECRET_ACCESS_KEY is not set"));
  vars_["AWS_SECRET_ACCESS_KEY"] = "ES";
  vars_["AWS_SESSION_TOKEN"] = "ET";
  EXPECT_EQ(Get(), "ENV/ES/ET");
  config_.profile = "default";
  EXPECT_EQ(Get(), "PROFILE/P=S/");
  config_.access_key = "CONF";
  EXPECT_THAT(Get(), HasSubstr("secretKey is empty"));
  config_.secret_key = SecretBytes("CS");
  EXPECT_EQ(Get(), "CONF/CS/");
}

TEST_F(S3Credentials, WebIdentity) {
  vars_["AWS_WEB_IDENTITY_TOKEN_FILE"] = File("token", "the.jwt\n");
  vars_["AWS_ENDPOINT_URL_STS"] = server_.url();
  EXPECT_THAT(Get(), HasSubstr("AWS_ROLE_ARN is not"));
  vars_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  std::string body;
  handler_ = [&](const TestRequest& request, TestReply& reply) {
    body = request.body;
    reply.Respond(200,
                  "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W"
                  "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
                  "</SessionToken><Expiration>2026-01-27T03:00:00Z</Expiration></Credentials>"
                  "</AssumeRoleWithWebIdentityResult></R>");
  };
  EXPECT_EQ(Get(), "W/S/T");
  EXPECT_EQ(body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
            "1%3Arole%2Fr&RoleSessionName=holdfast&WebIdentityToken=the.jwt");
  handler_ = [](const TestRequest&, TestReply& reply) {
    reply.Respond(403,
                  "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized"
                  "</Message></Error></ErrorResponse>");
  };
  std::string error = Get();
  EXPECT_THAT(error, HasSubstr("answered 403 AccessDenied: Not authorized"));
  EXPECT_THAT(error, HasSubstr("must trust this ServiceAccount's token"));
  EXPECT_THAT(error, Not(HasSubstr("the.jwt")));
}

TEST_F(S3Credentials, PodIdentitySendsItsTokenToThisMachineOnly) {
  vars_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/v1/credentials";
  vars_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = File("token", "pod-token\n");
  handler_ = [](const TestRequest& request, TestReply& reply) {
    bool right = request.headers.count("authorization") != 0 &&
                 request.headers.at("authorization") == "pod-token";
    reply.Respond(right ? 200 : 403, Json("POD"));
  };
  EXPECT_EQ(Get(), "POD/S/T");
  vars_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://192.0.2.1/v1/credentials";
  EXPECT_THAT(Get(), HasSubstr("neither this machine nor reached by https"));
  vars_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1@192.0.2.1/";
  EXPECT_THAT(Get(), HasSubstr("neither this machine nor reached by https"));
}

TEST_F(S3Credentials, UnsupportedProfilesSayWhatToDo) {
  vars_["AWS_CONFIG_FILE"] = File("config", "[default]\nsso_session = x\n");
  EXPECT_THAT(Get(), HasSubstr("by sso_session, which is not supported"));
  config_.profile = "none";
  EXPECT_THAT(Get(), HasSubstr("no profile \"none\""));
}

// Gives keys that expire in an hour, or fails.
class FakeSource : public CredentialSource {
 public:
  FakeSource(std::atomic<int>& fetches, std::atomic<bool>& broken)
      : fetches_(fetches), broken_(broken) {}
  std::string Describe() const override { return "a test"; }
  Result<std::optional<Credentials>> Fetch(const Waits& waits) override {
    int n = ++fetches_;
    if (broken_) return Fail(ErrorKind::kUnavailable, "broken");
    return Credentials{
        "KEY" + std::to_string(n), SecretBytes("s"), {}, waits.clock->Now() + 1h, "a test"};
  }

 private:
  std::atomic<int>& fetches_;
  std::atomic<bool>& broken_;
};

class S3CredentialCache : public ::testing::Test {
 protected:
  S3CredentialCache() { waits_.clock = &clock_; }
  std::string Get() {
    auto keys = cache_.Get(waits_);
    return keys ? (*keys)->access_key : "error: " + keys.error().ToString();
  }
  FakeClock clock_;
  Waits waits_;
  std::atomic<int> fetches_{0};
  std::atomic<bool> broken_{false};
  CredentialCache cache_{[this] {
    std::vector<std::unique_ptr<CredentialSource>> sources;
    sources.push_back(std::make_unique<FakeSource>(fetches_, broken_));
    return sources;
  }()};
};

TEST_F(S3CredentialCache, FetchesAnewBeforeTheyExpire) {
  EXPECT_EQ(Get(), "KEY1");
  clock_.now += 54min;
  EXPECT_EQ(Get(), "KEY1");
  clock_.now += 2min;
  EXPECT_EQ(Get(), "KEY2");
}

TEST_F(S3CredentialCache, KeysThatAreStillGoodAreUsedWhenTheSourceFails) {
  EXPECT_EQ(Get(), "KEY1");
  broken_ = true;
  clock_.now += 56min;
  EXPECT_EQ(Get(), "KEY1");
  EXPECT_EQ(Get(), "KEY1");
  EXPECT_EQ(fetches_, 2) << "the source is not asked at every request";
  clock_.now += 5min;
  EXPECT_THAT(Get(), HasSubstr("error: getting the store's credentials from a test: broken"));
  broken_ = false;
  EXPECT_EQ(Get(), "KEY4");
}

TEST_F(S3CredentialCache, RejectedKeysAreNotGivenAgain) {
  auto old = cache_.Get(waits_);
  cache_.Reject(*old);
  EXPECT_EQ(Get(), "KEY2");
  cache_.Reject(*old);  // those have long been replaced
  EXPECT_EQ(Get(), "KEY2");
}

TEST_F(S3CredentialCache, ManyThreadsFetchOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_EQ(Get(), "KEY1"); });
  threads.clear();
  EXPECT_EQ(fetches_, 1);
}

TEST(S3MaskedKey, ShowsLittle) {
  EXPECT_EQ(MaskedKey("AKIAIOSFODNN7EXAMPLE"), "AKIAI*********");
  EXPECT_EQ(MaskedKey("short"), "**************");
}

}  // namespace
}  // namespace holdfast::storage::s3
