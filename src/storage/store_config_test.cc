#include "storage/store_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Refused(const Result<StoreConfig>& result) {
  EXPECT_FALSE(result);
  if (result) return "accepted";
  EXPECT_EQ(result.error().kind(), ErrorKind::kInvalid);
  return result.error().ToString();
}
std::string RefusedUrl(const std::string& url) { return Refused(ParseStore(url)); }
std::string RefusedFile(const std::string& text) { return Refused(ParseStoreFile(text, "s.yaml")); }

TEST(StoreUrl, AFolderIsAFolder) {
  auto config = ParseStore("/srv/backups");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->kind, StoreConfig::Kind::kFolder);
  EXPECT_EQ(config->folder, "/srv/backups");
  EXPECT_THAT(RefusedUrl(""), HasSubstr("--store is empty"));
  EXPECT_THAT(RefusedUrl("gs://bucket"), HasSubstr("local folder, or s3://"));
}

TEST(StoreUrl, TakesItsParts) {
  auto config = ParseStore(
      "s3://backups/clusters/pr%6Fd%20one/?endpoint=minio.local:9000&region=eu-1&bucketLookup=PATH"
      "&insecureTLSSkipVerify=true&dualStack=false&endpointCA=MII+a/=&profile=p"
      "&credentialSecretName=keys&credentialSecretNamespace=ns&requestsPerSecond=2.5"
      "&bytesPerSecond=1000000&attempts=3&leftOverMinutes=0&checksum=md5");
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->kind, StoreConfig::Kind::kS3);
  EXPECT_EQ(config->s3.bucket, "backups");
  EXPECT_EQ(config->s3.folder, "clusters/prod one");
  EXPECT_EQ(config->s3.endpoint, "minio.local:9000");
  EXPECT_EQ(config->s3.region, "eu-1");
  EXPECT_EQ(config->s3.bucket_lookup, BucketLookup::kPath);
  EXPECT_TRUE(config->s3.insecure_tls_skip_verify);
  EXPECT_FALSE(config->s3.dual_stack);
  EXPECT_EQ(config->s3.endpoint_ca, "MII+a/=");
  EXPECT_EQ(config->s3.profile, "p");
  EXPECT_EQ(config->credential_secret_name, "keys");
  EXPECT_EQ(config->credential_secret_namespace, "ns");
  EXPECT_EQ(config->requests_per_second, 2.5);
  EXPECT_EQ(config->bytes_per_second, 1'000'000u);
  EXPECT_EQ(config->attempts, 3);
  EXPECT_EQ(config->s3.checksum, Checksum::kMd5);
  EXPECT_EQ(config->left_over_age.count(), 0);
}

TEST(StoreUrl, Folders) {
  for (auto [url, folder] :
       std::vector<std::pair<const char*, const char*>>{{"s3://b", ""},
                                                        {"s3://b/", ""},
                                                        {"s3://b//a/b/", "a/b"},
                                                        {"s3://b///", ""},
                                                        {"s3://b/a..b/...", "a..b/..."}}) {
    auto config = ParseStore(url);
    ASSERT_TRUE(config) << url;
    EXPECT_EQ(config->s3.folder, folder);
  }
  for (const char* url : {"s3://b/..", "s3://b/a/../c", "s3://b/%2e%2e/c", "s3://b/./a",
                          "s3://b/a//b", "s3://b/a%0ab", "s3://b/a%00b"}) {
    EXPECT_THAT(RefusedUrl(url), HasSubstr("folder")) << url;
  }
}

TEST(StoreUrl, NeverTakesOrShowsKeys) {
  for (const char* url :
       {"s3://user:pass-word@b/f", "s3://user:pass-word@/f", "s3://b/f?secretKey=pass-word",
        "s3://b/f?AWS_SECRET_ACCESS_KEY=pass-word", "s3://b?session-token=pass-word",
        "s3://b?X-Amz-Credential=pass-word", "s3://b?endpoint=http://user:pass-word@h",
        "s3://b?endpoint=user%3Apass-word%40h"}) {
    EXPECT_THAT(RefusedUrl(url), Not(HasSubstr("pass-word"))) << url;
  }
  EXPECT_THAT(RefusedUrl("s3://user:pw@b/f"),
              AllOf(HasSubstr("no password"), HasSubstr("AWS_SECRET_ACCESS_KEY")));
}

TEST(StoreUrl, NamesWhatIsWrong) {
  EXPECT_THAT(RefusedUrl("s3://"), HasSubstr("no bucket"));
  EXPECT_THAT(RefusedUrl("s3:///folder"), HasSubstr("no bucket"));
  EXPECT_THAT(RefusedUrl("s3://b?regoin=x"),
              AllOf(HasSubstr("\"regoin\" is not known"), HasSubstr("region")));
  EXPECT_THAT(RefusedUrl("s3://b?region"), HasSubstr("\"region\" has no value"));
  EXPECT_THAT(RefusedUrl("s3://b?region=a&region=b"), HasSubstr("\"region\" is given twice"));
  EXPECT_THAT(RefusedUrl("s3://b?insecureTLSSkipVerify=yes"),
              AllOf(HasSubstr("insecureTLSSkipVerify"), HasSubstr("true or false")));
  EXPECT_THAT(RefusedUrl("s3://b?attempts=0"), HasSubstr("from 1 to 100"));
  EXPECT_THAT(RefusedUrl("s3://b?bytesPerSecond=1MB"), HasSubstr("bytesPerSecond"));
  EXPECT_THAT(RefusedUrl("s3://b?requestsPerSecond=nan"), HasSubstr("requestsPerSecond"));
  EXPECT_THAT(RefusedUrl("s3://b/%4"), HasSubstr("hex digits"));
  EXPECT_THAT(RefusedUrl("s3://b/f#x"), HasSubstr("%23"));
  EXPECT_THAT(RefusedUrl("s3://localhost:9000/b"), HasSubstr("endpoint=HOST:PORT"));
  EXPECT_THAT(RefusedUrl("s3://b?credentialSecretNamespace=x"), HasSubstr("credentialSecretName"));
}

TEST(StoreFile, TakesTheFieldsOfABackup) {
  const char* text =
      "s3:\n  credentialSecretName: keys\n  credentialSecretNamespace: default\n"
      "  bucketName: rancher-backups\n  folder: /rancher/\n  region: us-west-2\n"
      "  endpoint: s3.us-west-2.amazonaws.com\n  endpointCA: TUlJ\n"
      "  insecureTLSSkipVerify: false\n"
      "  clientConfig: {aws: {dualStack: false}, bucketLookup: dns}\n";
  auto config = ParseStoreFile(text, "s.yaml");
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->s3.bucket, "rancher-backups");
  EXPECT_EQ(config->s3.folder, "/rancher/") << "the store knows both forms";
  EXPECT_EQ(config->s3.region, "us-west-2");
  EXPECT_EQ(config->s3.endpoint_ca, "TUlJ");
  EXPECT_FALSE(config->s3.dual_stack);
  EXPECT_EQ(config->s3.bucket_lookup, BucketLookup::kDns);
  EXPECT_EQ(config->credential_secret_name, "keys");
}

TEST(StoreFile, JsonAndNullsAndClientConfigAsText) {
  auto config = ParseStoreFile(
      R"({"bucketName":"b","endpoint":"","clientConfig":null,"region":null})", "s.json");
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_TRUE(config->s3.dual_stack);
  config = ParseStoreFile(
      R"({"bucketName":"b","clientConfig":"{\"aws\":{\"dualStack\":false},\"bucketLookup\":\"dns\"}"})",
      "s.json");
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_FALSE(config->s3.dual_stack);
  config = ParseStoreFile("bucketName: b\nclientConfig: ''\n", "s.yaml");
  EXPECT_TRUE(config);
  config = ParseStoreFile("bucketName: b\nclientConfig: {aws: {}}\n", "s.yaml");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->s3.dual_stack);
}

TEST(StoreFile, TakesWhatProtects) {
  auto config = ParseStoreFile(
      "bucketName: b\nserverSideEncryption: {algorithm: 'aws:kms', kmsKeyId: k}\n"
      "storageClass: STANDARD_IA\ntags: {team: a, cost: '1'}\n"
      "objectLock: {mode: COMPLIANCE, days: 30}\nattempts: 2\n",
      "s.yaml");
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->s3.encryption, ServerSideEncryption::kKms);
  EXPECT_EQ(config->s3.kms_key_id, "k");
  EXPECT_EQ(config->s3.storage_class, "STANDARD_IA");
  EXPECT_EQ(config->s3.tags.at("cost"), "1");
  EXPECT_EQ(config->s3.lock_mode, ObjectLockMode::kCompliance);
  EXPECT_EQ(config->s3.lock_for, std::chrono::hours(720));
}

TEST(StoreFile, NamesThePlace) {
  EXPECT_THAT(RefusedFile("bucketName: b\nbukcet: x\n"),
              AllOf(HasSubstr("s.yaml:2: unknown field bukcet"), HasSubstr("bucketName")));
  EXPECT_THAT(RefusedFile("s3:\n  bucketName: b\n  clientConfig:\n    aws: {dualstack: true}\n"),
              HasSubstr("s.yaml:4: unknown field clientConfig.aws.dualstack"));
  EXPECT_THAT(RefusedFile("bucketName: b\ninsecureTLSSkipVerify: 'true'\n"),
              HasSubstr("s.yaml:2: insecureTLSSkipVerify must be true or false, without quotes"));
  EXPECT_THAT(RefusedFile("bucketName: b\nregion: [a]\n"), HasSubstr("s.yaml:2: region"));
  EXPECT_THAT(RefusedFile("bucketName: b\nbucketName: c\n"), HasSubstr("given twice"));
  EXPECT_THAT(RefusedFile("bucketName: b\nfolder: ../x\n"), HasSubstr("\"..\""));
  EXPECT_THAT(RefusedFile("region: r\n"), HasSubstr("bucketName"));
  EXPECT_THAT(RefusedFile("- a\n"), HasSubstr("must be a map"));
  EXPECT_THAT(RefusedFile(""), HasSubstr("s.yaml"));
  EXPECT_THAT(RefusedFile("a: b\n---\nc: d\n"), HasSubstr("one YAML document"));
  EXPECT_THAT(RefusedFile("a: [\n"), HasSubstr("s.yaml:"));
  EXPECT_THAT(RefusedFile(std::string(70'000, ' ')), HasSubstr("64 KiB"));
  EXPECT_THAT(RefusedFile("bucketName: b\nobjectLock: {mode: COMPLIANCE}\n"), HasSubstr("days"));
  EXPECT_THAT(RefusedFile("bucketName: b\nobjectLock: {mode: x, days: 1}\n"),
              HasSubstr("GOVERNANCE"));
  EXPECT_THAT(RefusedFile("bucketName: b\nserverSideEncryption: {kmsKeyId: k}\n"),
              HasSubstr("algorithm"));
  // A file is no place for keys either: Secrets and the environment are.
  EXPECT_THAT(RefusedFile("bucketName: b\nsecretKey: pass-word\n"),
              AllOf(HasSubstr("secretKey"), Not(HasSubstr("pass-word"))));
  EXPECT_THAT(RefusedFile("bucketName: b\nendpoint: 'http://u:pass-word@h'\n"),
              AllOf(HasSubstr("s.yaml:2: endpoint"), Not(HasSubstr("pass-word"))));
}

TEST(StoreFile, MissingFile) {
  auto config = ReadStoreFile("/nonexistent/s.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(config.error().ToString(), HasSubstr("/nonexistent/s.yaml"));
}

TEST(OpenStore, AsksForTheSecret) {
  auto config = ParseStore("s3://bucket?credentialSecretName=n&credentialSecretNamespace=ns");
  ASSERT_TRUE(config);
  std::string asked;
  auto opened = OpenStore(std::move(*config), [&](const std::string& ns, const std::string& name) {
    asked = ns + "/" + name;
    return Fail(ErrorKind::kNotFound, "secrets \"n\" not found");
  });
  ASSERT_FALSE(opened);
  EXPECT_EQ(asked, "ns/n");
  EXPECT_THAT(opened.error().ToString(), HasSubstr("secrets \"n\" not found"));
}

TEST(OpenStore, AFolderNeedsNothing) {
  auto opened = OpenStore(*ParseStore("/nonexistent/x"), nullptr);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->s3, nullptr);
  EXPECT_EQ(opened->store->Describe(), "folder /nonexistent/x");
}

}  // namespace
}  // namespace holdfast::storage
