#include "storage/s3/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "net/test_tls.h"
#include "storage/s3/ca.h"
#include "storage/s3/digest.h"
#include "storage/s3/s3_store.h"

namespace holdfast::storage::s3 {
namespace {

using ::testing::HasSubstr;

std::string UrlOf(std::string_view given, bool plain = false) {
  auto endpoint = ParseEndpoint(given, plain);
  return endpoint ? endpoint->Url() : "error: " + endpoint.error().ToString();
}

TEST(S3Endpoint, Parses) {
  EXPECT_EQ(UrlOf("minio.local:9000"), "https://minio.local:9000");
  EXPECT_EQ(UrlOf("minio.local:9000", true), "http://minio.local:9000");
  EXPECT_EQ(UrlOf("https://Minio.Local/", true), "https://minio.local");
  EXPECT_EQ(UrlOf("HTTP://h:9000"), "http://h:9000");
  EXPECT_EQ(UrlOf("h:443"), "https://h");
  EXPECT_EQ(UrlOf("http://h:80"), "http://h");
  EXPECT_EQ(UrlOf("http://h:443"), "http://h:443");
  EXPECT_EQ(UrlOf("[::1]:9000"), "https://[::1]:9000");
  EXPECT_EQ(UrlOf(""), "https://s3.amazonaws.com");
  for (std::string_view bad : {"h/path", "https://h/a/b", "ftp://h", "https://", "h:", "h:x",
                               ":9000", "h:123456", "h?x=1", "a b", "u:p@h", "/"})
    EXPECT_THAT(UrlOf(bad), HasSubstr("error: ")) << bad;
  EXPECT_THAT(UrlOf("https://key:secret@h"), ::testing::Not(HasSubstr("secret")));
}

TEST(S3Endpoint, RegionsInHosts) {
  EXPECT_EQ(RegionInHost("s3.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(RegionInHost("s3-eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(RegionInHost("s3.dualstack.us-gov-west-1.amazonaws.com"), "us-gov-west-1");
  EXPECT_EQ(RegionInHost("s3-fips.us-gov-east-1.amazonaws.com"), "us-gov-east-1");
  EXPECT_EQ(RegionInHost("bucket.vpce-1a2b.s3.us-east-2.vpce.amazonaws.com"), "us-east-2");
  EXPECT_EQ(RegionInHost("s3.cn-north-1.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(RegionInHost("s3.amazonaws.com"), "");
  EXPECT_EQ(RegionInHost("s3.eu-west-1.example.com"), "");
}

std::string Address(std::string endpoint, std::string bucket, BucketLookup lookup,
                    bool dual_stack = false, std::string region = "eu-west-1") {
  S3Config config;
  config.bucket = bucket;
  config.bucket_lookup = lookup;
  config.dual_stack = dual_stack;
  auto target = TargetOf(config, *ParseEndpoint(endpoint, false), region, "k");
  return target.url_base + target.encoded_path;
}

TEST(S3Endpoint, Addressing) {
  using enum BucketLookup;
  EXPECT_EQ(Address("minio:9000", "bkt", kAuto), "https://minio:9000/bkt/k");
  EXPECT_EQ(Address("minio:9000", "bkt", kDns), "https://bkt.minio:9000/k");
  EXPECT_EQ(Address("", "bkt", kAuto), "https://bkt.s3.eu-west-1.amazonaws.com/k");
  EXPECT_EQ(Address("", "bkt", kUnset), "https://bkt.s3.eu-west-1.amazonaws.com/k");
  EXPECT_EQ(Address("", "bkt", kPath), "https://s3.eu-west-1.amazonaws.com/bkt/k");
  EXPECT_EQ(Address("", "b.k.t", kAuto), "https://s3.eu-west-1.amazonaws.com/b.k.t/k");
  EXPECT_EQ(Address("http://s3.amazonaws.com", "b.k.t", kAuto),
            "http://b.k.t.s3.eu-west-1.amazonaws.com/k");
  EXPECT_EQ(Address("storage.googleapis.com", "bkt", kAuto),
            "https://bkt.storage.googleapis.com/k");
  EXPECT_EQ(Address("oss.aliyuncs.com", "bkt", kUnset), "https://bkt.oss.aliyuncs.com/k");
  EXPECT_EQ(Address("oss.aliyuncs.com", "b.kt", kUnset), "https://b.kt.oss.aliyuncs.com/k");
  EXPECT_EQ(Address("oss.aliyuncs.com", "b.kt", kAuto), "https://oss.aliyuncs.com/b.kt/k");
}

TEST(S3Endpoint, AmazonIsRewrittenByRegionAndDualStack) {
  using enum BucketLookup;
  for (const char* host : {"", "s3.amazonaws.com", "s3-us-west-2.amazonaws.com",
                           "s3.us-west-2.amazonaws.com", "s3.dualstack.us-west-2.amazonaws.com"}) {
    EXPECT_EQ(Address(host, "bkt", kPath), "https://s3.eu-west-1.amazonaws.com/bkt/k") << host;
    EXPECT_EQ(Address(host, "bkt", kPath, true),
              "https://s3.dualstack.eu-west-1.amazonaws.com/bkt/k");
  }
  EXPECT_EQ(Address("", "bkt", kPath, true, "cn-north-1"),
            "https://s3.dualstack.cn-north-1.amazonaws.com.cn/bkt/k");
  for (std::string host : {"s3-fips.eu-west-1.amazonaws.com", "s3-accelerate.amazonaws.com",
                           "bucket.vpce-1a.s3.eu-west-1.vpce.amazonaws.com", "minio.local"})
    EXPECT_EQ(Address(host, "bkt", kPath, true), "https://" + host + "/bkt/k");
}

TEST(S3Endpoint, BucketNames) {
  for (std::string_view good : {"abc", "a-b.c1"}) {
    EXPECT_TRUE(CheckBucketName(good)) << good;
    EXPECT_EQ(AmazonRefuses(good), "") << good;
  }
  // Other stores take them.
  for (std::string_view odd : {"ab", "Abc", "a_b", "-ab", "ab-", "a..b", "a b"}) {
    EXPECT_TRUE(CheckBucketName(odd)) << odd;
    EXPECT_NE(AmazonRefuses(odd), "") << odd;
  }
  EXPECT_NE(AmazonRefuses(std::string(64, 'a')), "");
  for (std::string_view bad : {"", "a/b", ".", "..", "a\nb"})
    EXPECT_FALSE(CheckBucketName(bad)) << bad;
  EXPECT_FALSE(CheckBucketName(std::string(256, 'a')));
  // They cannot stand in a host name.
  EXPECT_EQ(
      Address("s3.eu-west-1.amazonaws.com", "Old_Bucket", BucketLookup::kAuto, true, "eu-west-1"),
      "https://s3.dualstack.eu-west-1.amazonaws.com/Old_Bucket/k");
}

TEST(S3BucketNames, OddOnesAreTheStoresBusiness) {
  S3Config config;
  config.bucket = "Old_Bucket";
  config.endpoint = "minio.local:9000";
  EXPECT_TRUE(NewS3Store(std::move(config)));
  S3Config amazon;
  amazon.bucket = "Old_Bucket";
  auto refused = NewS3Store(std::move(amazon));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kInvalid);
}

TEST(S3Endpoint, Lookups) {
  EXPECT_EQ(ParseBucketLookup("DNS"), BucketLookup::kDns);
  EXPECT_EQ(ParseBucketLookup("Path"), BucketLookup::kPath);
  EXPECT_EQ(ParseBucketLookup("auto"), BucketLookup::kAuto);
  EXPECT_EQ(ParseBucketLookup("other"), BucketLookup::kUnset);
}

TEST(S3Ca, TakesPemBase64AndPaths) {
  auto a = net::MakeCertificate("a", "", nullptr), b = net::MakeCertificate("b", "", nullptr);
  std::string two = a.cert_pem + b.cert_pem;
  EXPECT_EQ(LoadCa(two).value(), two);
  EXPECT_EQ(LoadCa(Base64(two)).value(), two);
  std::string path = "/tmp/ca-test-" + std::to_string(::getpid());
  std::ofstream(path) << two;
  EXPECT_EQ(LoadCa(path).value(), two);
  std::ofstream(path) << Base64(two);
  EXPECT_EQ(LoadCa(path).value(), two);
  std::ofstream(path) << "nothing";
  EXPECT_FALSE(LoadCa(path));
  ::unlink(path.c_str());
  auto missing = LoadCa(path);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().ToString(), HasSubstr(path));
  EXPECT_FALSE(LoadCa(a.key_pem)) << "a key is no certificate";
  EXPECT_FALSE(LoadCa(a.cert_pem + a.key_pem));
  EXPECT_THAT(LoadCa(a.key_pem).error().ToString(), ::testing::Not(HasSubstr("PRIVATE")));
}

}  // namespace
}  // namespace holdfast::storage::s3
