// What a store can be set to, on real servers: ways of signing and addressing, temporary keys,
// encryption, versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/storage/s3_places.h"

namespace holdfast::storage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::Must;

// Small and in parts, there and back again.
void ExpectItWorks(S3Store& store, const std::string& what) {
  for (auto [name, size] : {std::pair("empty", 0), {"small", 70'000}, {"large", 11'000'000}}) {
    std::string bytes = tests::Bytes(size_t(size));
    auto put = tests::PutBytes(store, name, bytes);
    ASSERT_TRUE(put) << what << ": " << put.error().ToString();
    std::string got = tests::GetBytes(store, name);
    EXPECT_TRUE(got == bytes) << what << ", " << name << ": " << got.substr(0, 300);
    EXPECT_EQ(tests::PutBytes(store, name, "other").error().kind(), ErrorKind::kConflict);
  }
  EXPECT_EQ(store.List("", {})->size(), 3u) << what;
  for (const char* name : {"empty", "small", "large"}) EXPECT_TRUE(store.Delete(name, {})) << what;
}

TEST(S3Settings, EveryWayOfSigning) {
  for (testbed::Minio* minio : {&tests::MinioPlain(), &tests::MinioTls()}) {
    std::string bucket = tests::NewBucketName();
    Must(minio->MakeBucket(bucket));
    for (auto [how, name] : {std::pair(PayloadSigning::kUnsigned, "unsigned"),
                             {PayloadSigning::kSigned, "signed"},
                             {PayloadSigning::kChunked, "chunked"}}) {
      S3Config config = tests::ConfigFor(*minio, bucket);
      config.payload_signing = how;
      config.checksum = how == PayloadSigning::kSigned ? Checksum::kMd5 : Checksum::kSha256;
      ExpectItWorks(*tests::Open(std::move(config)), std::string(name) + " to " + minio->url());
    }
  }
}

// By plain HTTP: no certificate is good for *.localhost.
TEST(S3Settings, TheBucketInTheHostName) {
  auto minio = Must(testbed::Minio::Start({.environment = {"MINIO_DOMAIN=localhost"}}));
  Must(minio->MakeBucket("named"));
  S3Config config = tests::ConfigFor(*minio, "named");
  config.endpoint = "http://localhost:" + std::to_string(minio->port());
  config.bucket_lookup = BucketLookup::kDns;
  ExpectItWorks(*tests::Open(std::move(config)), "virtual host");
}

TEST(S3Settings, EncryptedByTheServer) {
  auto minio = Must(testbed::Minio::Start(
      {.tls = true,
       .environment = {
           "MINIO_KMS_SECRET_KEY=backups:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}));
  Must(minio->MakeBucket("sealed"));
  for (auto how : {ServerSideEncryption::kS3, ServerSideEncryption::kKms}) {
    for (Checksum checksum : {Checksum::kSha256, Checksum::kMd5}) {
      S3Config config = tests::ConfigFor(*minio, "sealed");
      config.encryption = how;
      config.checksum = checksum;
      if (how == ServerSideEncryption::kKms) config.kms_key_id = "backups";
      auto store = tests::Open(std::move(config));
      std::string what = how == ServerSideEncryption::kKms ? "SSE-KMS" : "SSE-S3";
      ExpectItWorks(*store, what);
      Must(tests::PutBytes(*store, "text", "text"));
      EXPECT_THAT(Must(minio->Mc({"stat", "m/sealed/text"})), HasSubstr(what));
      Must(store->Delete("text", {}));
    }
  }
  // The bucket encrypts by itself, and nobody has told us: ETags are no MD5 then.
  Must(minio->MakeBucket("by-itself"));
  Must(minio->Mc({"encrypt", "set", "sse-kms", "backups", "m/by-itself"}));
  for (Checksum checksum : {Checksum::kSha256, Checksum::kMd5}) {
    S3Config config = tests::ConfigFor(*minio, "by-itself");
    config.checksum = checksum;
    ExpectItWorks(*tests::Open(std::move(config)), "the bucket's own");
  }
  // A key that is not there.
  S3Config config = tests::ConfigFor(*minio, "sealed");
  config.encryption = ServerSideEncryption::kKms;
  config.kms_key_id = "no-such-key";
  auto put = tests::PutBytes(*tests::Open(std::move(config)), "a", "x");
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().ToString(), HasSubstr("kms:GenerateDataKey")) << put.error().ToString();
}

TEST(S3Settings, VersionedBuckets) {
  testbed::Minio& minio = tests::MinioPlain();
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket, {.versioned = true}));
  auto store = tests::Open(tests::ConfigFor(minio, bucket));
  ExpectItWorks(*store, "versioned");
  Must(tests::PutBytes(*store, "a", "old"));
  Must(store->Delete("a", {}));
  EXPECT_EQ(store->Delete("a", {}).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(store->Open("a", 0, {}).error().kind(), ErrorKind::kNotFound);
  Must(tests::PutBytes(*store, "a", "new"));
  EXPECT_EQ(tests::GetBytes(*store, "a"), "new");
  EXPECT_THAT(Must(minio.Objects(bucket)), ElementsAre("a"));
  // What was deleted is still there behind its marker.
  std::string versions = Must(minio.Mc({"ls", "--versions", "m/" + bucket + "/a"}));
  EXPECT_EQ(std::count(versions.begin(), versions.end(), '\n'), 3) << versions;
}

class AheadClock : public Clock {
 public:
  Wall Now() const override { return Clock::Real().Now() + std::chrono::hours(2); }
  Steady SteadyNow() const override { return Clock::Real().SteadyNow(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    return Clock::Real().Sleep(time, std::move(stop));
  }
};

TEST(S3Settings, AClockThatIsWrong) {
  testbed::Minio& minio = tests::MinioTls();
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket));
  AheadClock clock;
  auto store = Must(NewS3Store(tests::ConfigFor(minio, bucket), clock));
  auto list = store->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(list.error().ToString(),
              AllOf(HasSubstr("RequestTimeTooSkewed"), HasSubstr("this machine's clock says"),
                    HasSubstr("the store's says"), HasSubstr("NTP")));
}

TEST(S3Settings, AHostThatIsNowhere) {
  S3Config config;
  config.bucket = "bucket";
  config.endpoint = "s3.no-such-host.invalid";
  config.access_key = "key";
  config.secret_key = SecretBytes("secret");
  config.retry.max_attempts = 1;
  auto list = tests::Open(std::move(config))->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(list.error().ToString(), HasSubstr("s3.no-such-host.invalid"));
}

// Keys with a session token, from MinIO's STS.
TEST(S3Settings, TemporaryKeys) {
  testbed::Minio& minio = tests::MinioPlain();
  std::string bucket = tests::NewBucketName();
  Must(minio.MakeBucket(bucket));
  auto user = Must(minio.MakeUser(
      R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"],
          "Resource": ["arn:aws:s3:::*"]}]})"));
  std::string said = Must(tests::TheMoto().Python(
      "import boto3, sys\n"
      "sts = boto3.client('sts', endpoint_url=sys.argv[1], region_name='us-east-1',\n"
      "                   aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])\n"
      "c = sts.assume_role(RoleArn='arn:minio:iam:::role/backups', RoleSessionName='test',\n"
      "                    DurationSeconds=900)['Credentials']\n"
      "print(c['AccessKeyId'], c['SecretAccessKey'], c['SessionToken'])\n",
      {minio.url(), user.access_key, user.secret_key}));
  std::istringstream words(said);
  std::string access, secret, token;
  words >> access >> secret >> token;
  S3Config config = tests::ConfigFor(minio, bucket);
  config.access_key = access;
  config.secret_key = SecretBytes(secret);
  config.session_token = SecretBytes(token);
  ExpectItWorks(*tests::Open(std::move(config)), "temporary keys");
  config = tests::ConfigFor(minio, bucket);
  config.access_key = access;
  config.secret_key = SecretBytes(secret);
  auto without = tests::Open(std::move(config))->List("", {});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind(), ErrorKind::kUnauthorized) << without.error().ToString();
  EXPECT_THAT(without.error().ToString(), Not(HasSubstr(secret)));
}

// A role by web identity, from moto's STS.
TEST(S3Settings, WebIdentity) {
  testbed::Moto& moto = tests::TheMoto();
  std::string bucket = tests::NewBucketName();
  Must(moto.MakeBucket(bucket));
  std::string file = (moto.service().dir() / "token").string();
  std::ofstream(file) << "header.claims.signature";
  S3Config config = tests::ConfigFor(moto, bucket);
  config.access_key.clear();
  config.secret_key = {};
  S3Surroundings around;
  around.env = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_WEB_IDENTITY_TOKEN_FILE") return file;
    if (name == "AWS_ROLE_ARN") return "arn:aws:iam::123456789012:role/backup";
    if (name == "AWS_ENDPOINT_URL_STS") return moto.url();
    return std::nullopt;
  };
  ExpectItWorks(*tests::Open(std::move(config), around), "web identity");
}

}  // namespace
}  // namespace holdfast::storage
