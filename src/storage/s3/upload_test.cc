#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/s3/fake_s3_for_test.h"
#include "storage/s3/store_impl.h"

namespace holdfast::storage::s3 {
namespace {

using net::TestReply;
using net::TestRequest;
using ::testing::HasSubstr;
using ::testing::Not;

class S3Upload : public ::testing::Test {
 protected:
  Status Put(const std::string& bytes, const std::string& name = "a", Waits waits = {}) {
    HF_ASSIGN(auto spool, store().NewSpool());
    HF_TRY(spool.Append(bytes));
    Status put = store().Put(spool, name, waits);
    if (!put) {
      EXPECT_THAT(put.error().ToString(), Not(HasSubstr("the-secret-key")));
    }
    return put;
  }
  // In parts of 1000 bytes.
  Status PutParts(const std::string& bytes, const std::string& name = "a", Waits waits = {}) {
    config_.single_put_max = 0;
    config_.part_size = 1000;
    return Put(bytes, name, waits);
  }
  S3Store& store() {
    if (!store_) {
      auto made = NewS3Store(std::move(config_), Clock::Real(), nullptr, {env_, "", ""});
      if (!made) throw std::runtime_error(made.error().ToString());
      store_ = std::move(*made);
    }
    return *store_;
  }
  static bool IsPart(const TestRequest& request, int number = 0) {
    return request.method == "PUT" && FakeS3::HasQuery(request, "partNumber") &&
           (number == 0 || FakeS3::QueryOf(request, "partNumber") == std::to_string(number));
  }
  static bool IsPut(const TestRequest& request) {
    return request.method == "PUT" && !FakeS3::HasQuery(request, "partNumber");
  }
  static bool IsComplete(const TestRequest& request) {
    return request.method == "POST" && FakeS3::HasQuery(request, "uploadId");
  }

  std::atomic<int> hits_{0};
  FakeS3 s3_;
  S3Config config_ = s3_.Config();
  std::function<std::optional<std::string>(const std::string&)> env_ = [](const std::string&) {
    return std::nullopt;
  };
  std::unique_ptr<S3Store> store_;
  const std::string bytes_ = [] {
    std::string all;
    while (all.size() < 4321) all += std::to_string(all.size());
    return all.substr(0, 4321);
  }();
};

TEST_F(S3Upload, InParts) {
  ASSERT_TRUE(PutParts(bytes_));
  EXPECT_EQ(s3_.objects.at("a").bytes, bytes_);
  EXPECT_EQ(s3_.Count("partNumber="), 5u);
  EXPECT_TRUE(s3_.uploads.empty());
}

TEST_F(S3Upload, SlowDownIsWaitedFor) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPut(request) || ++hits_ > 2) return false;
    FakeS3::Refuse(reply, 503, "SlowDown");
    return true;
  };
  EXPECT_TRUE(Put("x"));
  EXPECT_EQ(hits_, 3);
}

TEST_F(S3Upload, AfterTheLastAttemptTheStoreIsQuoted) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPut(request)) return false;
    ++hits_;
    FakeS3::Refuse(reply, 503, "SlowDown");
    return true;
  };
  Status put = Put("x");
  ASSERT_FALSE(put);
  EXPECT_EQ(hits_, 3);
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(put.error().ToString(), HasSubstr("503 SlowDown: m (request REQ1)"));
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, ALostAnswerIsNoConflictWithOurselves) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPut(request) || ++hits_ > 1) return false;
    auto lock = s3_.Lock();
    s3_.objects["a"] = {request.body, FakeS3::HeaderOf(request, "x-amz-meta-holdfast-upload"), "",
                        "", "\"p\""};
    reply.Close(true);
    return true;
  };
  EXPECT_TRUE(Put("x"));
  EXPECT_EQ(hits_, 2);
}

// Whose file has the name cannot be seen: to call it another's would store the same bytes twice.
TEST_F(S3Upload, AConflictThatCannotBeLookedAtIsNoConflict) {
  bool parts = false;
  int status = 503;
  bool taken = false;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method == "HEAD" || request.method == "GET") {
      if (!taken) return false;
      FakeS3::Refuse(reply, status, status == 503 ? "SlowDown" : "AccessDenied");
      return true;
    }
    if (!(parts ? IsComplete(request) : IsPut(request))) return false;
    // The first answer is lost, the second one says that the name is taken.
    if (++hits_ == 1 && status == 503) {
      reply.Close(true);
      return true;
    }
    taken = true;
    FakeS3::Refuse(reply, 412, "PreconditionFailed");
    return true;
  };
  for (bool in_parts : {false, true}) {
    parts = in_parts;
    hits_ = 0;
    taken = false;
    store_ = nullptr;
    config_ = s3_.Config();
    Status put = parts ? PutParts(bytes_) : Put("x");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind(), ErrorKind::kUnavailable) << put.error().ToString();
    EXPECT_THAT(put.error().ToString(), HasSubstr("could not be found out"));
  }
  // Without the right to look the first answer is about another's file.
  for (bool in_parts : {false, true}) {
    parts = in_parts;
    status = 403;
    hits_ = 0;
    taken = false;
    store_ = nullptr;
    config_ = s3_.Config();
    Status put = parts ? PutParts(bytes_) : Put("x");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind(), ErrorKind::kConflict) << put.error().ToString();
  }
}

TEST_F(S3Upload, SomebodyElsesFileIsAConflict) {
  // It comes to be just after it was looked for.
  s3_.hook = [&](const TestRequest& request, TestReply&) {
    auto lock = s3_.Lock();
    if (IsPut(request) || IsComplete(request)) s3_.objects["a"] = {"other", "m", "", "", "\"o\""};
    return false;
  };
  Status put = Put("x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(put.error().ToString(), HasSubstr("\"a\" exists already in s3://bkt at http://"));
  s3_.objects.clear();
  store_ = nullptr;
  config_ = s3_.Config();
  put = PutParts(bytes_);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(s3_.objects.at("a").bytes, "other");
  EXPECT_TRUE(s3_.uploads.empty());
}

TEST_F(S3Upload, StoresWithoutConditionsAreLookedAt) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (FakeS3::HeaderOf(request, "if-none-match").empty()) return false;
    ++hits_;
    FakeS3::Refuse(reply, 501, "NotImplemented");
    return true;
  };
  EXPECT_TRUE(Put("x"));
  EXPECT_TRUE(Put("y", "b"));
  EXPECT_EQ(hits_, 1) << "it is remembered";
  EXPECT_EQ(Put("z").error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(s3_.objects.at("a").bytes, "x");
  store_ = nullptr;
  config_ = s3_.Config();
  EXPECT_TRUE(PutParts(bytes_, "c"));
}

TEST_F(S3Upload, StoresWithoutSha256GetMd5) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (FakeS3::HeaderOf(request, "x-amz-checksum-sha256").empty() &&
        FakeS3::HeaderOf(request, "x-amz-checksum-algorithm").empty())
      return false;
    FakeS3::Refuse(reply, 400, "InvalidRequest");
    return true;
  };
  EXPECT_TRUE(Put("x"));
  store_ = nullptr;
  config_ = s3_.Config();
  EXPECT_TRUE(PutParts(bytes_, "b"));
  EXPECT_EQ(s3_.objects.at("b").bytes, bytes_);
}

TEST_F(S3Upload, AForbiddenPartAbortsAndNamesTheRight) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPart(request, 3)) return false;
    FakeS3::Refuse(reply, 403, "AccessDenied");
    return true;
  };
  Status put = PutParts(bytes_);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(put.error().ToString(), HasSubstr("part 3 of 5"));
  EXPECT_THAT(put.error().ToString(),
              HasSubstr("AKIAI********* (from the configuration) needs the right s3:PutObject on "
                        "arn:aws:s3:::bkt/a"));
  EXPECT_THAT(put.error().ToString(), Not(HasSubstr("AKIAIOSFODNN7EXAMPLE")));
  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, ABrokenPartIsSentAgain) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPart(request, 2) || ++hits_ > 1) return false;
    reply.Close(true);
    return true;
  };
  EXPECT_TRUE(PutParts(bytes_));
  EXPECT_EQ(s3_.objects.at("a").bytes, bytes_);
}

TEST_F(S3Upload, APartThatArrivesDamagedIsNeverCompleted) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPart(request, 2)) return false;
    ++hits_;
    reply.Respond(200, "", "ETag: \"e\"\r\nx-amz-checksum-sha256: " + ChecksumOf("other") + "\r\n");
    return true;
  };
  Status put = PutParts(bytes_);
  ASSERT_FALSE(put);
  EXPECT_EQ(hits_, 3);
  EXPECT_THAT(put.error().ToString(), HasSubstr("other bytes than were sent"));
  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, AWrongSumOfTheWholeRemovesIt) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsComplete(request)) return false;
    auto lock = s3_.Lock();
    auto upload = s3_.uploads.begin();
    s3_.objects["a"] = {"damaged", upload->second.mark, "", "", "\"d\""};
    s3_.uploads.clear();
    reply.Respond(200, "<CompleteMultipartUploadResult><ETag>x</ETag><ChecksumSHA256>" +
                           ChecksumOf("damaged") +
                           "-5</ChecksumSHA256></CompleteMultipartUploadResult>");
    return true;
  };
  Status put = PutParts(bytes_);
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().ToString(), HasSubstr("put a together wrongly"));
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, AWrongSumOfAWholeFileRemovesIt) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPut(request)) return false;
    auto lock = s3_.Lock();
    s3_.objects["a"] = {"damaged", FakeS3::HeaderOf(request, "x-amz-meta-holdfast-upload"), "", "",
                        "\"d\""};
    reply.Respond(200, "",
                  "ETag: \"d\"\r\nx-amz-checksum-sha256: " + ChecksumOf("damaged") + "\r\n");
    return true;
  };
  EXPECT_FALSE(Put("x"));
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, AnErrorBehindStatus200IsAnError) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsComplete(request) || ++hits_ > 1) return false;
    FakeS3::Refuse(reply, 200, "InternalError");
    return true;
  };
  EXPECT_TRUE(PutParts(bytes_)) << "completing is tried again";
  EXPECT_EQ(hits_, 2);
}

TEST_F(S3Upload, ALostAnswerToCompleteIsSuccess) {
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsComplete(request) || ++hits_ > 1) return false;
    auto lock = s3_.Lock();
    auto upload = s3_.uploads.begin();
    s3_.objects["a"] = {bytes_, upload->second.mark, "", "", "\"d\""};
    s3_.uploads.clear();
    reply.Close(true);
    return true;
  };
  EXPECT_TRUE(PutParts(bytes_));
  EXPECT_EQ(hits_, 2);
}

TEST_F(S3Upload, StoppingAborts) {
  std::stop_source stop;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!IsPart(request, 2)) return false;
    stop.request_stop();
    reply.WaitForHangUp();
    return true;
  };
  Waits waits;
  waits.stop = stop.get_token();
  Status put = PutParts(bytes_, "a", waits);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kCancelled);
  EXPECT_TRUE(s3_.uploads.empty());
  EXPECT_TRUE(s3_.objects.empty());
}

TEST_F(S3Upload, ExpiredKeysAreRenewedInTheMiddle) {
  std::atomic<int> generation{1};
  config_.access_key.clear();
  config_.secret_key = {};
  env_ = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_ACCESS_KEY_ID") return "KEY" + std::to_string(generation);
    if (name == "AWS_SECRET_ACCESS_KEY") return "the-secret-key";
    return std::nullopt;
  };
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (IsPart(request, 2)) generation = 2;
    if (generation == 1 || request.headers.at("authorization").find("KEY1/") == std::string::npos)
      return false;
    ++hits_;
    FakeS3::Refuse(reply, 400, "ExpiredToken");
    return true;
  };
  EXPECT_TRUE(PutParts(bytes_));
  EXPECT_GE(hits_, 1);
  EXPECT_EQ(s3_.objects.at("a").bytes, bytes_);
}

TEST_F(S3Upload, SendsWhatIsAskedFor) {
  config_.encryption = ServerSideEncryption::kKms;
  config_.kms_key_id = "k1";
  config_.storage_class = "STANDARD_IA";
  config_.tags = {{"team", "a b"}, {"x", "y&z"}};
  config_.lock_mode = ObjectLockMode::kGovernance;
  config_.lock_for = std::chrono::hours(24);
  std::map<std::string, std::string> headers;
  s3_.hook = [&](const TestRequest& request, TestReply&) {
    if (IsPut(request)) headers = request.headers;
    return false;
  };
  ASSERT_TRUE(Put("x"));
  EXPECT_EQ(headers["x-amz-server-side-encryption"], "aws:kms");
  EXPECT_EQ(headers["x-amz-server-side-encryption-aws-kms-key-id"], "k1");
  EXPECT_EQ(headers["x-amz-storage-class"], "STANDARD_IA");
  EXPECT_EQ(headers["x-amz-tagging"], "team=a%20b&x=y%26z");
  EXPECT_EQ(headers["x-amz-object-lock-mode"], "GOVERNANCE");
  EXPECT_EQ(headers["x-amz-object-lock-retain-until-date"].size(), 20u);
  EXPECT_EQ(headers["if-none-match"], "*");
  EXPECT_EQ(headers["content-type"], "application/gzip");
  EXPECT_EQ(headers["x-amz-content-sha256"], Sha256Hex("x")) << "plain HTTP: the body is signed";
}

TEST(S3PartPlan, StaysWithinTheLimits) {
  EXPECT_EQ(PlanParts(20 << 20, 0)->count, 3u);
  EXPECT_EQ(PlanParts(20 << 20, 0)->Size(2), 4u << 20);
  auto huge = PlanParts(5ull << 40, 0);
  ASSERT_TRUE(huge);
  EXPECT_LE(huge->count, 10'000u);
  EXPECT_LE(huge->part_size, 5ull << 30);
  EXPECT_EQ(huge->part_size % (1 << 20), 0u);
  EXPECT_LE(PlanParts(100'000'000, 1000)->count, 10'000u);
  EXPECT_FALSE(PlanParts((5ull << 40) + 1, 0));
}

}  // namespace
}  // namespace holdfast::storage::s3
