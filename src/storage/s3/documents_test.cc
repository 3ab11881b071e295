#include "storage/s3/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "storage/s3/xml.h"

namespace holdfast::storage::s3 {
namespace {

using ::testing::HasSubstr;

TEST(S3Xml, ReadsElements) {
  auto root = ParseXml(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- c --><s:A xmlns=\"http://x/>\" b='2' >t&amp;&#x41;"
      "<B/>u<![CDATA[<&>]]><B>two</B><!-- d --></s:A >\n");
  ASSERT_TRUE(root) << root.error().ToString();
  EXPECT_EQ(root->name, "A");
  EXPECT_EQ(root->text, "t&Au<&>");
  ASSERT_EQ(root->children.size(), 2u);
  EXPECT_EQ(root->ChildText("B"), "");
  EXPECT_EQ(root->children[1].text, "two");
}

TEST(S3Xml, RefusesWhatIsNotXml) {
  for (std::string_view bad : {"",
                               "x",
                               "<",
                               "<a",
                               "<a>",
                               "<a></b>",
                               "<a/><b/>",
                               "<a>&</a>",
                               "<a>&nbsp;</a>",
                               "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                               "<a b></a>",
                               "<a b=c></a>",
                               "<a>&#0;</a>",
                               "<a>&#xD800;</a>",
                               "<a>&#x110000;</a>",
                               "<a><!-- </a>",
                               "<a><![CDATA[</a>",
                               "<a></a",
                               "< a></a>",
                               "<a>&#99999999999;</a>"}) {
    auto root = ParseXml(bad);
    EXPECT_FALSE(root) << bad;
    if (!root) {
      EXPECT_EQ(root.error().kind(), ErrorKind::kInvalid);
    }
  }
}

TEST(S3Xml, HasLimits) {
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 17; ++i) deep += "</a>";
  EXPECT_THAT(ParseXml(deep).error().ToString(), HasSubstr("too deeply"));
  XmlLimits few;
  few.max_elements = 2;
  EXPECT_TRUE(ParseXml("<a><b/></a>", few));
  EXPECT_FALSE(ParseXml("<a><b/><b/></a>", few));
  few.max_bytes = 5;
  EXPECT_FALSE(ParseXml("<abcd/>", few));
}

TEST(S3Xml, EscapesAndBack) {
  std::string text = "a<b>&\"'\xC3\xA4";
  EXPECT_EQ(ParseXml("<a>" + XmlEscape(text) + "</a>")->text, text);
}

TEST(S3Documents, ListV2) {
  auto page = ParseList(
      "<ListBucketResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
      "<Contents><Key>d/a%2Bb+c</Key><Size>12</Size>"
      "<LastModified>2026-01-27T02:00:00.000Z</LastModified></Contents>"
      "<NextContinuationToken>a+b</NextContinuationToken></ListBucketResult>");
  ASSERT_TRUE(page) << page.error().ToString();
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->next, "a+b");
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].key, "d/a+b c");
  EXPECT_EQ(page->objects[0].size, 12u);
  EXPECT_EQ(page->objects[0].modified, *ParseRfc3339("2026-01-27T02:00:00Z"));
}

TEST(S3Documents, ListV1GoesOnAfterTheLastName) {
  auto page = ParseList(
      "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a+b</Key><Size>1</Size>"
      "<LastModified>2026-01-27T02:00:00Z</LastModified></Contents>"
      "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects[0].key, "a+b");
  EXPECT_EQ(page->next, "b/");
}

TEST(S3Documents, ListsThatMakeNoSense) {
  EXPECT_FALSE(ParseList("<html><body>hello</body></html>"));
  EXPECT_FALSE(ParseList("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
  EXPECT_FALSE(
      ParseList("<ListBucketResult><Contents><Key>a</Key><Size>-1</Size><LastModified>"
                "2026-01-27T02:00:00Z</LastModified></Contents></ListBucketResult>"));
}

TEST(S3Documents, Uploads) {
  auto page = ParseUploads(
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
      "<NextUploadIdMarker>u</NextUploadIdMarker><Upload><Key>a</Key><UploadId>1</UploadId>"
      "<Initiated>2026-01-27T02:00:00Z</Initiated></Upload></ListMultipartUploadsResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->uploads[0].upload_id, "1");
  EXPECT_EQ(page->next_key, "k");
  EXPECT_EQ(page->next_id, "u");
}

TEST(S3Documents, Location) {
  EXPECT_EQ(*ParseLocation("<LocationConstraint/>"), "us-east-1");
  EXPECT_EQ(*ParseLocation("<LocationConstraint>EU</LocationConstraint>"), "eu-west-1");
  EXPECT_EQ(*ParseLocation("<LocationConstraint>eu-north-1</LocationConstraint>"), "eu-north-1");
}

TEST(S3Documents, Errors) {
  auto s3 = ParseErrorDocument(
      "<Error><Code>NoSuchBucket</Code><Message>m</Message>"
      "<RequestId>r</RequestId><Region>x</Region></Error>");
  EXPECT_EQ(s3.code, "NoSuchBucket");
  EXPECT_EQ(s3.request_id, "r");
  EXPECT_EQ(s3.region, "x");
  auto sts = ParseErrorDocument(
      "<ErrorResponse><Error><Code>AccessDenied</Code></Error>"
      "<RequestId>q</RequestId></ErrorResponse>");
  EXPECT_EQ(sts.code, "AccessDenied");
  EXPECT_EQ(sts.request_id, "q");
  EXPECT_EQ(ParseErrorDocument("bad gateway").code, "");
}

TEST(S3Documents, Sts) {
  auto found = ParseStsCredentials(
      "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
      "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
      "</SessionToken><Expiration>2026-01-27T02:00:00Z</Expiration></Credentials>"
      "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->session_token, "T");
  EXPECT_FALSE(ParseStsCredentials("<a/>"));
}

}  // namespace
}  // namespace holdfast::storage::s3
