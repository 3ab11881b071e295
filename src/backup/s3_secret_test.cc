#include "backup/s3_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::backup {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Refused(const std::string& secret) {
  auto keys = ParseS3Secret(secret, "ns", "n");
  EXPECT_FALSE(keys);
  return keys ? "" : keys.error().ToString();
}

TEST(S3Secret, ReadsKeys) {
  auto keys = ParseS3Secret(
      R"({"data":{"accessKey":"QUs=","secretKey":"c2VjcmV0Cg==","other":"eA=="}})", "ns", "n");
  ASSERT_TRUE(keys) << keys.error().ToString();
  EXPECT_EQ(keys->access_key, "AK");
  EXPECT_EQ(keys->secret_key.view(), "secret") << "without the line feed at its end";
  EXPECT_TRUE(keys->session_token.empty());
  keys = ParseS3Secret(R"({"data":{"accessKey":"QUs=","secretKey":"eA==","sessionToken":"dA=="}})",
                       "ns", "n");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->session_token.view(), "t");
  // Both empty: the machine's role is meant.
  EXPECT_TRUE(ParseS3Secret(R"({"data":{"accessKey":"","secretKey":""}})", "ns", "n"));
}

TEST(S3Secret, SaysWhatIsWrong) {
  EXPECT_THAT(Refused("{}"), HasSubstr("malformed secret [n] in namespace [ns], unable to read the "
                                       "data field"));
  EXPECT_THAT(Refused(R"({"data":{}})"),
              HasSubstr("the following keys were not found in the data field: "
                        "[accessKey,secretKey]"));
  EXPECT_THAT(Refused(R"({"data":{"secretKey":"eA=="}})"), HasSubstr("[accessKey]"));
  std::string text = Refused(R"({"data":{"accessKey":"QUs=","secretKey":"not-base64!"}})");
  EXPECT_THAT(text, HasSubstr("secretKey could not be base64 decoded"));
  EXPECT_THAT(text, Not(HasSubstr("not-base64")));
  EXPECT_THAT(Refused(R"({"data":{"accessKey":1,"secretKey":"eA=="}})"), HasSubstr("accessKey"));
  EXPECT_THAT(Refused(R"({"data":{"accessKey":"QUs=","secretKey":""}})"), HasSubstr("empty"));
  EXPECT_THAT(Refused("{"), HasSubstr("malformed secret [n]"));
}

}  // namespace
}  // namespace holdfast::backup
