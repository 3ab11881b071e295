// What a real server refuses: the error names the code, the request and the cure, and nothing is
// left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/check.h"
#include "tests/storage/s3_places.h"

namespace holdfast::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::Must;

// A policy that allows everything in the bucket but one action.
std::string AllBut(const std::string& action) {
  return R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]},
    {"Effect": "Deny", "Action": [")" +
         action + R"("], "Resource": ["arn:aws:s3:::*"]}]})";
}

class Refusals : public ::testing::Test {
 protected:
  Refusals() : bucket_(tests::NewBucketName()) { Must(minio_.MakeBucket(bucket_)); }

  S3Config As(const testbed::S3Keys& keys) {
    S3Config config = tests::ConfigFor(minio_, bucket_);
    config.access_key = keys.access_key;
    config.secret_key = SecretBytes(keys.secret_key);
    return config;
  }
  std::unique_ptr<S3Store> Without(const std::string& action) {
    return tests::Open(As(Must(minio_.MakeUser(AllBut(action)))));
  }
  void ExpectNothing() {
    EXPECT_THAT(Must(minio_.Objects(bucket_)), ::testing::ElementsAre());
    EXPECT_EQ(Must(minio_.OpenUploads()), 0u);
  }

  testbed::Minio& minio_ = tests::MinioTls();
  std::string bucket_;
};

TEST_F(Refusals, DeniedActions) {
  auto root = tests::Open(tests::ConfigFor(minio_, bucket_));
  auto put = tests::PutBytes(*Without("s3:PutObject"), "a", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnauthorized) << put.error().ToString();
  EXPECT_THAT(put.error().ToString(), AllOf(HasSubstr("AccessDenied"), HasSubstr("s3:PutObject")));
  put = tests::PutBytes(*Without("s3:PutObject"), "a", tests::Bytes(11'000'000));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind(), ErrorKind::kUnauthorized);
  ExpectNothing();

  Must(tests::PutBytes(*root, "a", "x"));
  auto open = Without("s3:GetObject")->Open("a", 0, {});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind(), ErrorKind::kUnauthorized) << open.error().ToString();
  EXPECT_THAT(open.error().ToString(), HasSubstr("s3:GetObject"));
  auto list = Without("s3:ListBucket")->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kUnauthorized) << list.error().ToString();
  EXPECT_THAT(list.error().ToString(), HasSubstr("s3:ListBucket"));
  auto gone = Without("s3:DeleteObject")->Delete("a", {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind(), ErrorKind::kUnauthorized) << gone.error().ToString();
  EXPECT_THAT(gone.error().ToString(), HasSubstr("s3:DeleteObject"));
  EXPECT_EQ(tests::GetBytes(*root, "a"), "x");
}

// The policy of docs/guide/store.md is enough, and what it lacks is a warning.
TEST_F(Refusals, LeastPrivilege) {
  std::string policy = R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::)" +
                       bucket_ + R"("]},
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject",
     "s3:AbortMultipartUpload"], "Resource": ["arn:aws:s3:::)" +
                       bucket_ + R"(/*"]}]})";
  auto keys = Must(minio_.MakeUser(policy));
  auto store = tests::Open(As(keys));
  S3Config in_parts = As(keys);
  in_parts.single_put_max = in_parts.part_size = 5 << 20;
  auto parts = tests::Open(std::move(in_parts));
  auto steps = CheckStore(*store, parts.get(), store.get(), {});
  for (const auto& step : steps) {
    EXPECT_EQ(step.outcome,
              step.name == "uploads" ? CheckStep::Outcome::kWarning : CheckStep::Outcome::kOk)
        << step.name << ": " << step.error;
  }
  EXPECT_EQ(steps.size(), 7u);
  EXPECT_TRUE(AllOk(steps));
  ExpectNothing();
}

TEST_F(Refusals, TheCheckNamesWhatIsMissing) {
  for (auto [action, failing] :
       std::vector<std::pair<std::string, std::string>>{{"s3:ListBucket", "list"},
                                                        {"s3:PutObject", "put"},
                                                        {"s3:GetObject", "read"},
                                                        {"s3:DeleteObject", "delete"}}) {
    auto store = Without(action);
    auto steps = CheckStore(*store, nullptr, store.get(), {});
    bool found = false;
    for (const auto& step : steps) {
      if (step.name != failing) continue;
      found = true;
      EXPECT_EQ(step.outcome, CheckStep::Outcome::kFailed) << action;
      EXPECT_EQ(step.permission, action);
      EXPECT_THAT(step.error, HasSubstr("AccessDenied"));
    }
    EXPECT_TRUE(found);
    EXPECT_FALSE(AllOk(steps));
    if (action == "s3:DeleteObject")
      Must(minio_.Mc({"rm", "--recursive", "--force", "m/" + bucket_}));
  }
}

TEST_F(Refusals, NoSuchBucket) {
  S3Config config = tests::ConfigFor(minio_, "no-such-bucket");
  auto store = tests::Open(std::move(config));
  auto put = tests::PutBytes(*store, "a", "x");
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().ToString(),
              AllOf(HasSubstr("no-such-bucket"), HasSubstr("NoSuchBucket")));
  EXPECT_NE(put.error().hint(), "");
  EXPECT_EQ(store->List("", {}).error().kind(), ErrorKind::kNotFound);
}

TEST_F(Refusals, WrongKeys) {
  auto store = tests::Open(As({"nobody", "wrong-secret-key"}));
  auto list = store->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(list.error().ToString(), HasSubstr("InvalidAccessKeyId"));
  store = tests::Open(As({minio_.root().access_key, "wrong-secret-key"}));
  list = store->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(list.error().ToString(), HasSubstr("SignatureDoesNotMatch"));
  EXPECT_THAT(list.error().ToString(), ::testing::Not(HasSubstr("wrong-secret-key")));
}

TEST_F(Refusals, WrongCa) {
  S3Config config = tests::ConfigFor(minio_, bucket_);
  config.endpoint_ca = minio_.wrong_ca_pem();
  auto list = tests::Open(std::move(config))->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kInvalid) << list.error().ToString();
  EXPECT_THAT(list.error().ToString(), HasSubstr("certificate"));
  EXPECT_THAT(list.error().ToString(), HasSubstr("endpointCA"));
  config = tests::ConfigFor(minio_, bucket_);
  config.endpoint_ca.clear();
  EXPECT_FALSE(tests::Open(std::move(config))->List("", {}));
  config = tests::ConfigFor(minio_, bucket_);
  config.endpoint_ca.clear();
  config.insecure_tls_skip_verify = true;
  EXPECT_TRUE(tests::Open(std::move(config))->List("", {}));
}

// A server that insists on its region says which it is; that one is taken.
TEST(Regions, AWrongOneIsCorrectedOrNamed) {
  auto minio = Must(testbed::Minio::Start({.environment = {"MINIO_SITE_REGION=eu-west-9"}}));
  Must(minio->MakeBucket("bucket"));
  S3Config config = tests::ConfigFor(*minio, "bucket");
  config.region = "";
  auto store = tests::Open(std::move(config));
  auto list = store->List("", {});
  EXPECT_TRUE(list) << list.error().ToString();
  config = tests::ConfigFor(*minio, "bucket");
  config.region = "us-east-2";
  list = tests::Open(std::move(config))->List("", {});
  if (!list) {
    EXPECT_THAT(list.error().ToString(), HasSubstr("eu-west-9"));
  }
}

TEST(ServerSide, LocksAndVersions) {
  testbed::Minio& minio = tests::MinioPlain();
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket, {.object_lock = true}));
  S3Config config = tests::ConfigFor(minio, bucket);
  config.lock_mode = ObjectLockMode::kGovernance;
  config.lock_for = std::chrono::hours(24);
  config.tags = {{"team", "a+b =/c"}};
  auto store = tests::Open(std::move(config));
  for (auto [name, size] : {std::pair("small", 100), std::pair("large", 11'000'000)}) {
    auto put = tests::PutBytes(*store, name, tests::Bytes(size_t(size)));
    ASSERT_TRUE(put) << put.error().ToString();
    auto retention = Must(minio.Mc({"retention", "info", "m/" + bucket + "/" + name}));
    EXPECT_THAT(retention, HasSubstr("GOVERNANCE")) << retention;
    EXPECT_THAT(Must(minio.Mc({"tag", "list", "m/" + bucket + "/" + name})), HasSubstr("a+b =/c"));
    auto gone = store->Delete(name, {});
    ASSERT_FALSE(gone) << "it is locked";
    EXPECT_EQ(gone.error().kind(), ErrorKind::kConflict) << gone.error().ToString();
  }
  EXPECT_EQ(store->List("", {})->size(), 2u);
}

// Without the right to see locks a DELETE would hide the locked version, and count as done.
TEST(ServerSide, ALockedVersionIsNeverHidden) {
  testbed::Minio& minio = tests::MinioPlain();
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket, {.object_lock = true}));
  auto policy = [&](const std::string& more) {
    return R"({"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::)" +
           bucket + R"("]},
      {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject")" +
           more + R"(], "Resource": ["arn:aws:s3:::)" + bucket + R"(/*"]}]})";
  };
  auto open = [&](const std::string& more) {
    auto keys = Must(minio.MakeUser(policy(more)));
    S3Config config = tests::ConfigFor(minio, bucket);
    config.access_key = keys.access_key;
    config.secret_key = SecretBytes(keys.secret_key);
    return tests::Open(std::move(config));
  };
  // Locked by the bucket's default: the upload knows nothing of it.
  Must(minio.Mc({"retention", "set", "--default", "GOVERNANCE", "1d", "m/" + bucket}));
  auto least = open("");
  Must(tests::PutBytes(*least, "locked", "x"));
  for (const std::string& more :
       {std::string(), std::string(R"(, "s3:GetObjectRetention", "s3:GetObjectLegalHold")")}) {
    auto gone = open(more)->Delete("locked", {});
    ASSERT_FALSE(gone) << "with" << more;
    EXPECT_EQ(gone.error().kind(), more.empty() ? ErrorKind::kUnauthorized : ErrorKind::kConflict)
        << gone.error().ToString();
    EXPECT_THAT(Must(minio.Objects(bucket)), ::testing::ElementsAre("locked"));
  }
  EXPECT_EQ(least->List("", {})->size(), 1u);
  // Nothing is locked any more: with the rights to see that it goes.
  Must(minio.Mc({"retention", "clear", "--default", "m/" + bucket}));
  Must(tests::PutBytes(*least, "free", "x"));
  Must(open(R"(, "s3:GetObjectRetention", "s3:GetObjectLegalHold")")->Delete("free", {}));
  EXPECT_EQ(least->List("", {})->size(), 1u);
}

}  // namespace
}  // namespace holdfast::storage
