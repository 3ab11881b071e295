// The program with a bucket as its store: the whole commands, against MinIO.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/temp_folder_for_test.h"
#include "testbed/control_plane.h"
#include "testbed/kubeconfig.h"
#include "tests/program.h"
#include "tests/storage/big_archive.h"
#include "tests/storage/s3_places.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPlain[] = "plain-2ceb1cf4-a425-43ca-a857-d83ad9cbff29-2026-11-21T04-56-07Z.tar.gz";
constexpr char kSecretbox[] =
    "secretbox-all-2ceb1cf4-a425-43ca-a857-d83ad9cbff29-2026-11-21T04-56-10Z.tar.gz.enc";

class CliStore : public ::testing::Test {
 protected:
  CliStore() : bucket_(NewBucketName()) {
    root_ = TempFolderForTest();
    Must(minio_.MakeBucket(bucket_));
    Must(testbed::WriteFile(root_ / "ca.pem", minio_.ca_pem()));
    Use(minio_.root());
  }
  ~CliStore() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) ::unsetenv(name);
    fs::remove_all(root_);
  }
  // Keys reach the program by its environment alone.
  static void Use(const testbed::S3Keys& keys) {
    ::setenv("AWS_ACCESS_KEY_ID", keys.access_key.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key.c_str(), 1);
  }
  std::string Url(const std::string& folder, const std::string& more = "") {
    return "s3://" + bucket_ + "/" + folder + "?endpoint=" + minio_.endpoint() +
           "&region=us-east-1&bucketLookup=path&endpointCA=" + (root_ / "ca.pem").string() + more;
  }
  static std::string Archives() { return std::string(HOLDFAST_FIXTURES) + "/reference/archives"; }

  testbed::Minio& minio_ = MinioTls();
  std::string bucket_;
  fs::path root_;
};

TEST_F(CliStore, CopiesListsShowsAndVerifies) {
  for (const char* archive : {kPlain, kSecretbox}) {
    auto copied = Holdfast({"copy", archive, "--from", Archives(), "--to", Url("prod")});
    ASSERT_EQ(copied.code, 0) << ToText(copied);
    EXPECT_THAT(copied.out, HasSubstr("in both stores"));
  }
  EXPECT_THAT(Must(minio_.Objects(bucket_)),
              ElementsAre(std::string("prod/") + kPlain, std::string("prod/") + kSecretbox));
  auto listed = Holdfast({"list", "--store", Url("/prod/")});
  EXPECT_EQ(listed.code, 0) << ToText(listed);
  EXPECT_THAT(listed.out, AllOf(HasSubstr(kPlain), HasSubstr(kSecretbox)));
  for (const char* command : {"verify", "show"}) {
    auto outcome = Holdfast({command, kPlain, "--store", Url("prod")});
    EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  }
  // By a file, and to a folder again.
  std::ofstream(root_ / "store.yaml")
      << "s3:\n  bucketName: " << bucket_
      << "\n  folder: prod\n  region: us-east-1\n  endpoint: " << minio_.endpoint()
      << "\n  endpointCA: " << (root_ / "ca.pem").string()
      << "\n  clientConfig: {bucketLookup: path}\n";
  auto back = Holdfast({"copy", kPlain, "--from-config", root_ / "store.yaml", "--to",
                        root_ / "back", "-o", "json"});
  ASSERT_EQ(back.code, 0) << ToText(back);
  EXPECT_THAT(back.out, HasSubstr("\"wasThere\": false"));
  EXPECT_EQ(testbed::ReadFile(root_ / "back" / kPlain).value(),
            testbed::ReadFile(fs::path(Archives()) / kPlain).value());
  // Once more: compared, not overwritten.
  auto again = Holdfast({"copy", kPlain, "--from", root_ / "back", "--to", Url("prod")});
  EXPECT_EQ(again.code, 0) << ToText(again);
  EXPECT_THAT(again.out, HasSubstr("was there already"));
}

TEST_F(CliStore, CopyRefusesDamage) {
  std::string bytes = testbed::ReadFile(fs::path(Archives()) / kPlain).value();
  bytes[bytes.size() / 2] ^= 1;
  Must(testbed::WriteFile(root_ / "damaged" / kPlain, bytes));
  auto refused = Holdfast({"copy", kPlain, "--from", root_ / "damaged", "--to", Url("prod")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("hint: "));
  EXPECT_THAT(Must(minio_.Objects(bucket_)), ElementsAre());
  // Another file of that name is there.
  Must(testbed::WriteFile(root_ / "other", "something else"));
  Must(minio_.Mc({"cp", root_ / "other", "m/" + bucket_ + "/prod/" + kPlain}));
  refused = Holdfast({"copy", kPlain, "--from", Archives(), "--to", Url("prod")});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("already"));
}

TEST_F(CliStore, PrunesItsOwn) {
  auto put = [&](const std::string& backup, int day) {
    std::string name = backup + "-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-0" +
                       std::to_string(day) + "T02-00-00Z.tar.gz";
    Must(testbed::WriteFile(root_ / "file", "x"));
    Must(minio_.Mc({"cp", root_ / "file", "m/" + bucket_ + "/" + name}));
    return name;
  };
  std::vector<std::string> all;
  for (int day = 1; day <= 4; ++day) all.push_back(put("backup", day));
  all.push_back(put("daily-backup", 1));
  auto plan = Holdfast({"prune", "--name", "backup", "--keep", "2", "--plan", "--store", Url("")});
  EXPECT_EQ(plan.code, 0) << ToText(plan);
  EXPECT_THAT(plan.out, HasSubstr("2 of 4 would be deleted"));
  EXPECT_THAT(plan.out, Not(HasSubstr("daily-backup")));
  EXPECT_EQ(Must(minio_.Objects(bucket_)).size(), 5u);
  auto done = Holdfast({"prune", "--name", "backup", "--keep", "2", "--store", Url("")});
  EXPECT_EQ(done.code, 0) << ToText(done);
  EXPECT_THAT(Must(minio_.Objects(bucket_)), ElementsAre(all[2], all[3], all[4]));
  auto none = Holdfast({"prune", "--name", "backups", "--keep", "2", "--store", Url("")});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("there are those of backup, daily-backup"));
}

TEST_F(CliStore, CheckTellsWhatIsMissing) {
  auto good = Holdfast({"store", "check", "--store", Url("prod")});
  EXPECT_EQ(good.code, 0) << ToText(good);
  EXPECT_THAT(good.out, AllOf(HasSubstr("multipart  ok"), Not(HasSubstr("failed"))));
  EXPECT_THAT(Must(minio_.Objects(bucket_)), ElementsAre());
  Use(Must(minio_.MakeUser(R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::*"]}]})")));
  auto bad = Holdfast({"store", "check", "--store", Url("prod")});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, AllOf(HasSubstr("delete     failed"), HasSubstr("s3:DeleteObject"),
                             HasSubstr("put        ok")));
  auto local = Holdfast({"store", "check", "--store", root_ / "folder"});
  EXPECT_EQ(local.code, 0) << ToText(local);
}

TEST_F(CliStore, FailuresNameTheCure) {
  auto outcome = Holdfast({"list", "--store", "s3://user:pass-word@b/f"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("hint: "), Not(HasSubstr("pass-word"))));
  outcome = Holdfast({"list", "--store",
                      "s3://no-such-bucket?region=us-east-1&bucketLookup=path"
                      "&endpoint=" +
                          minio_.endpoint() + "&endpointCA=" + (root_ / "ca.pem").string()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no-such-bucket"), HasSubstr("hint: ")));
  outcome = Holdfast({"verify", "none.tar.gz", "--store", Url("prod")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("none.tar.gz"), HasSubstr("holdfast list")));
}

// Killed in the middle of an upload: no object; and the next run leaves no upload open.
TEST_F(CliStore, KilledInTheMiddleOfAnUpload) {
  std::string name = Must(MakeBigArchive(root_ / "big", 25'000'000));
  testbed::Toxiproxy& proxy = TheToxiproxy();
  uint16_t port = Must(proxy.AddProxy(bucket_, minio_.port()));
  Must(proxy.AddToxic(bucket_, "bandwidth", "upstream", R"({"rate": 2000})"));
  std::string slow =
      "s3://" + bucket_ + "/prod?endpoint=127.0.0.1:" + std::to_string(port) +
      "&region=us-east-1&bucketLookup=path&endpointCA=" + (root_ / "ca.pem").string();
  size_t before = Must(minio_.OpenUploads());
  {
    Program upload({HOLDFAST_PROGRAM, "copy", name, "--from", root_ / "big", "--to", slow});
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (Must(minio_.OpenUploads()) == before) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the upload does not begin";
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    upload.Signal(SIGKILL);
    EXPECT_EQ(upload.Wait().signal, SIGKILL);
  }
  EXPECT_THAT(Must(minio_.Objects(bucket_)), ElementsAre());
  EXPECT_EQ(Must(minio_.OpenUploads()), before + 1);
  // A run that may still live is not touched.
  auto next = Holdfast({"copy", name, "--from", root_ / "big", "--to", Url("other")});
  EXPECT_EQ(next.code, 0) << ToText(next);
  EXPECT_EQ(Must(minio_.OpenUploads()), before + 1);
  next =
      Holdfast({"copy", name, "--from", root_ / "big", "--to", Url("prod", "&leftOverMinutes=0")});
  EXPECT_EQ(next.code, 0) << ToText(next);
  EXPECT_EQ(Must(minio_.OpenUploads()), before);
  EXPECT_EQ(Must(minio_.Objects(bucket_)).size(), 2u);
  (void)proxy.Reset();
}

// What Holdfast puts another client reads, and the other way round; from moto and from MinIO.
TEST_F(CliStore, OtherClients) {
  testbed::Moto& moto = TheMoto();
  std::string name = Must(MakeBigArchive(root_ / "big", 25'000'000));
  auto copied = Holdfast({"copy", name, "--from", root_ / "big", "--to", Url("prod")});
  ASSERT_EQ(copied.code, 0) << ToText(copied);
  Must(minio_.Mc({"cp", "m/" + bucket_ + "/prod/" + name, root_ / "by-mc"}));
  EXPECT_TRUE(testbed::ReadFile(root_ / "by-mc").value() ==
              testbed::ReadFile(root_ / "big" / name).value());
  auto said = moto.Python(
      "import boto3, sys\n"
      "url, ca, key, secret, bucket, big, read, plain, name = sys.argv[1:]\n"
      "s3 = boto3.client('s3', endpoint_url=url, verify=ca, region_name='us-east-1',\n"
      "                  aws_access_key_id=key, aws_secret_access_key=secret)\n"
      "s3.download_file(bucket, 'prod/' + big, read)\n"
      "s3.upload_file(plain, bucket, 'boto/' + name)\n",
      {minio_.url(), root_ / "ca.pem", minio_.root().access_key, minio_.root().secret_key, bucket_,
       name, root_ / "by-boto", fs::path(Archives()) / kPlain, kPlain});
  ASSERT_TRUE(said) << said.error().ToString();
  EXPECT_TRUE(testbed::ReadFile(root_ / "by-boto").value() ==
              testbed::ReadFile(root_ / "big" / name).value());
  auto verified = Holdfast({"verify", kPlain, "--store", Url("boto")});
  EXPECT_EQ(verified.code, 0) << ToText(verified);
  Must(minio_.Mc({"cp", root_ / "big" / name, "m/" + bucket_ + "/mc/" + name}));
  verified = Holdfast({"verify", name, "--store", Url("mc")});
  EXPECT_EQ(verified.code, 0) << ToText(verified);
}

// As the operator's chart brings it, less its schema: the archives hold a ResourceSet.
void CreateResourceSetCrd(testbed::ControlPlane& plane) {
  auto made = Must(plane.Request(
      "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{
"name":"resourcesets.resources.cattle.io"},"spec":{"group":"resources.cattle.io","scope":"Cluster",
"names":{"kind":"ResourceSet","plural":"resourcesets"},"versions":[{"name":"v1","served":true,
"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object",
"x-kubernetes-preserve-unknown-fields":true}}}]}})"));
  ASSERT_EQ(made.code, 201) << made.body;
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (Must(plane.Request("GET", "/apis/resources.cattle.io/v1/resourcesets")).code != 200) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the CRD is not served";
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// Archives of the operator itself, restored from a bucket with keys from a Secret in the cluster.
TEST_F(CliStore, ReferenceArchivesAreRestoredFromABucket) {
  auto plane = Must(testbed::ControlPlane::Start());
  std::vector<std::string> archives;
  for (const auto& entry : fs::directory_iterator(Archives()))
    archives.push_back(entry.path().filename());
  for (const std::string& archive : archives) {
    Must(minio_.Mc({"cp", fs::path(Archives()) / archive, "m/" + bucket_ + "/ref/" + archive}));
    auto verified = Holdfast({"verify", archive, "--store", Url("ref")});
    EXPECT_EQ(verified.code, 0) << ToText(verified);
  }
  EXPECT_EQ(archives.size(), 6u);
  auto created = Must(plane->Request(
      "POST", "/api/v1/namespaces/default/secrets",
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"keys"},"stringData":{"accessKey":")" +
          minio_.root().access_key + R"(","secretKey":")" + minio_.root().secret_key + "\"}}"));
  ASSERT_EQ(created.code, 201) << created.body;
  CreateResourceSetCrd(*plane);
  Use({"", ""});
  auto restore = [&](const std::string& secret, const std::string& archive,
                     std::vector<std::string> more) {
    std::vector<std::string> argv = {
        "restore",
        archive,
        "--store",
        Url("ref", "&credentialSecretName=" + secret + "&credentialSecretNamespace=default"),
        "--kubeconfig",
        plane->kubeconfig()};
    argv.insert(argv.end(), more.begin(), more.end());
    return Holdfast(argv);
  };
  std::string keys = std::string(HOLDFAST_FIXTURES) + "/reference/encryption/secretbox-all.yaml";
  auto restored = restore("keys", kSecretbox, {"--encryption-config", keys});
  EXPECT_EQ(restored.code, 0) << ToText(restored);
  // The plain one of the same cluster finds all of it there.
  restored = restore("keys", kPlain, {});
  EXPECT_EQ(restored.code, 0) << ToText(restored);
  EXPECT_THAT(restored.out, HasSubstr("Nothing to do"));
  auto missing = restore("none", kPlain, {"--plan"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("secrets \"none\" not found"));
}

}  // namespace
}  // namespace holdfast::tests
