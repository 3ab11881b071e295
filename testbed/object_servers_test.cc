// The object stores of the test bed and the proxy in front of them, seen from outside: by mc, boto3
// and plain HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "testbed/http.h"
#include "testbed/minio.h"
#include "testbed/moto.h"
#include "testbed/toxiproxy.h"

namespace holdfast::testbed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kReadOnly[] = R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
  "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]}]})";

TEST(Minio, KeepsObjectsOverTls) {
  auto minio = Minio::Start({.tls = true});
  ASSERT_TRUE(minio) << minio.error().ToString();
  Minio& m = **minio;
  ASSERT_TRUE(m.MakeBucket("plain"));
  ASSERT_TRUE(m.MakeBucket("locked", {.object_lock = true}));
  auto file = m.service().dir() / "file";
  std::ofstream(file) << "text";
  auto put = m.Mc({"cp", file, "m/plain/folder/a"});
  ASSERT_TRUE(put) << put.error().ToString();
  EXPECT_THAT(m.Objects("plain").value(), ElementsAre("folder/a"));
  EXPECT_EQ(m.OpenUploads().value(), 0u);
  auto keys = m.MakeUser(kReadOnly);
  ASSERT_TRUE(keys) << keys.error().ToString();
  EXPECT_FALSE(m.Mc({"ls", "m/nothing"}));
  ASSERT_TRUE(m.service().Kill(9));
  ASSERT_TRUE(m.service().Restart());
  EXPECT_THAT(m.Objects("plain").value(), ElementsAre("folder/a"));
}

TEST(Moto, SpeaksS3AndHasAClient) {
  auto moto = Moto::Start();
  ASSERT_TRUE(moto) << moto.error().ToString();
  ASSERT_TRUE((*moto)->MakeBucket("backups"));
  auto said = (*moto)->Python(
      "import boto3, sys\n"
      "s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1',\n"
      "                  aws_access_key_id='a', aws_secret_access_key='b')\n"
      "s3.put_object(Bucket='backups', Key='k', Body=b'text')\n"
      "print([o['Key'] for o in s3.list_objects_v2(Bucket='backups')['Contents']])\n",
      {(*moto)->url()});
  ASSERT_TRUE(said) << said.error().ToString();
  EXPECT_THAT(*said, HasSubstr("['k']"));
  EXPECT_FALSE((*moto)->Python("raise SystemExit(3)"));
}

TEST(Toxiproxy, PlaysFaults) {
  auto moto = Moto::Start();
  auto proxy = Toxiproxy::Start();
  ASSERT_TRUE(moto && proxy);
  auto port = (*proxy)->AddProxy("p", (*moto)->service().port());
  ASSERT_TRUE(port) << port.error().ToString();
  HttpCall call;
  call.url = "http://127.0.0.1:" + std::to_string(*port) + "/moto-api/data.json";
  EXPECT_TRUE(Http(call));
  ASSERT_TRUE((*proxy)->AddToxic("p", "reset_peer", "downstream", R"({"timeout": 0})"));
  EXPECT_FALSE(Http(call));
  ASSERT_TRUE((*proxy)->Reset());
  EXPECT_TRUE(Http(call));
  ASSERT_TRUE((*proxy)->SetEnabled("p", false));
  EXPECT_FALSE(Http(call));
  ASSERT_TRUE((*proxy)->SetEnabled("p", true));
  EXPECT_TRUE(Http(call));
}

}  // namespace
}  // namespace holdfast::testbed
