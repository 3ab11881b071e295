// Expected values are those that AWS publishes: the SigV4 test suite ("get-vanilla" and others; key
// AKIDEXAMPLE, 2015-08-30) and the examples of the S3 documentation (2013-05-24).
#include "storage/s3/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "storage/s3/digest.h"
#include "storage/s3/sigv4_chunked.h"

namespace holdfast::storage::s3 {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SigningKey kSuite{"AKIDEXAMPLE", kSecret, "", "us-east-1", "service"};
constexpr std::string_view kSuiteDate = "20150830T123600Z";

ToSign SuiteRequest(std::string_view method, std::string_view path, std::string_view query) {
  static const std::string empty = Sha256Hex("");
  return {method,
          path,
          query,
          {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", std::string(kSuiteDate)}},
          empty};
}

TEST(SigV4, SuiteGetVanilla) {
  ToSign request = SuiteRequest("GET", "/", "");
  EXPECT_EQ(Sha256Hex(CanonicalRequest(request)),
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
  EXPECT_EQ(Signature(request, kSuiteDate, kSuite),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, SuitePostVanilla) {
  EXPECT_EQ(Signature(SuiteRequest("POST", "/", ""), kSuiteDate, kSuite),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, SuiteQueryOrder) {
  std::string query = CanonicalQuery({{"Param2", "value2"}, {"Param1", "value1"}});
  EXPECT_EQ(query, "Param1=value1&Param2=value2");
  EXPECT_EQ(Signature(SuiteRequest("GET", "/", query), kSuiteDate, kSuite),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(SigV4, SuiteUtf8Path) {
  EXPECT_EQ(EncodePath("/\u1234"), "/%E1%88%B4");
  EXPECT_EQ(Signature(SuiteRequest("GET", EncodePath("/\u1234"), ""), kSuiteDate, kSuite),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(SigV4, PathsAreNotNormalized) {
  EXPECT_EQ(EncodePath("//a/./b/../c d+e"), "//a/./b/../c%20d%2Be");
  EXPECT_EQ(EncodePath("/a~b-_."), "/a~b-_.");
}

TEST(SigV4, HeadersAreTrimmedSortedAndJoined) {
  ToSign request{"GET", "/", "", {{"My-B", "  a   b  "}, {"A", "2"}, {"a", "1"}}, "x"};
  EXPECT_EQ(CanonicalRequest(request), "GET\n/\n\na:2,1\nmy-b:a b\n\na;my-b\nx");
}

// The S3 documentation's examples.
const SigningKey kDocs{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                       "us-east-1", "s3"};
const std::string kBucketHost = "examplebucket.s3.amazonaws.com";

std::string DocsSignature(ToSign request) {
  std::string signature;
  Sign(std::move(request), *ParseRfc3339("2013-05-24T00:00:00Z"), kDocs, &signature);
  return signature;
}

TEST(SigV4, DocsGetObject) {
  std::string hash = Sha256Hex("");
  EXPECT_EQ(DocsSignature(
                {"GET", "/test.txt", "", {{"Host", kBucketHost}, {"Range", "bytes=0-9"}}, hash}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, DocsPutObject) {
  std::string hash = Sha256Hex("Welcome to Amazon S3.");
  EXPECT_EQ(DocsSignature({"PUT",
                           EncodePath("/test$file.text"),
                           "",
                           {{"Host", kBucketHost},
                            {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                            {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                           hash}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, DocsSubresourceWithoutValue) {
  std::string hash = Sha256Hex("");
  EXPECT_EQ(DocsSignature(
                {"GET", "/", CanonicalQuery({{"lifecycle", ""}}), {{"Host", kBucketHost}}, hash}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, DocsListWithQuery) {
  std::string hash = Sha256Hex("");
  std::string query = CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}});
  EXPECT_EQ(DocsSignature({"GET", "/", query, {{"Host", kBucketHost}}, hash}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, AddsHeaders) {
  SigningKey key = kDocs;
  key.session_token = "TOKEN";
  auto headers = Sign({"GET", "/", "", {{"Host", "h"}}, kUnsignedPayload}, Clock::Wall{}, key);
  std::string all;
  for (const auto& h : headers) all += h.name + ": " + h.value + "\n";
  EXPECT_THAT(all, HasSubstr("X-Amz-Date: 19700101T000000Z\n"));
  EXPECT_THAT(all, HasSubstr("X-Amz-Security-Token: TOKEN\n"));
  EXPECT_THAT(all, HasSubstr("X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\n"));
  EXPECT_THAT(all, HasSubstr("Credential=AKIAIOSFODNN7EXAMPLE/19700101/us-east-1/s3/aws4_request, "
                             "SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                             "x-amz-security-token, Signature="));
}

class Chunked : public ::testing::Test {
 protected:
  Chunked() {
    ToSign head{"PUT",
                "/examplebucket/chunkObject.txt",
                "",
                {{"Host", "s3.amazonaws.com"},
                 {"Content-Encoding", "aws-chunked"},
                 {"Content-Length", "66824"},
                 {"x-amz-decoded-content-length", "66560"},
                 {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                kChunkedPayload};
    Sign(head, *ParseRfc3339("2013-05-24T00:00:00Z"), kDocs, &chain_.seed);
    chain_.amz_date = "20130524T000000Z";
    chain_.scope = Scope(chain_.amz_date, kDocs);
    chain_.derived_key = DeriveKey(chain_.amz_date, kDocs);
    plain_.size = body_.size();
    plain_.read_at = [this](uint64_t offset, char* out, size_t size) -> Result<size_t> {
      return body_.copy(out, std::min<size_t>(size, 1000), offset);
    };
  }
  static std::string All(const net::Upload& upload) {
    std::string wire;
    while (wire.size() < upload.size) {
      char buffer[777];
      auto got = upload.read_at(wire.size(), buffer, sizeof buffer);
      if (!got || *got == 0) return wire + "<ended>";
      wire.append(buffer, *got);
    }
    return wire;
  }
  const std::string body_ = std::string(66560, 'a');
  ChunkChain chain_;
  net::Upload plain_;
};

TEST_F(Chunked, DocsExample) {
  EXPECT_EQ(chain_.seed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  net::Upload upload = SignChunks(plain_, chain_, 65536);
  EXPECT_EQ(upload.size, 66824u);
  std::string wire = All(upload);
  std::string expected =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
      body_.substr(0, 65536) +
      "\r\n400;chunk-signature="
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
      body_.substr(65536) +
      "\r\n0;chunk-signature="
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  EXPECT_EQ(wire, expected);
  EXPECT_EQ(All(upload), expected) << "it can be sent again";
}

TEST_F(Chunked, CannotStartInTheMiddle) {
  net::Upload upload = SignChunks(plain_, chain_, 65536);
  char c;
  EXPECT_EQ(upload.read_at(5, &c, 1).error().kind(), ErrorKind::kInternal);
}

TEST_F(Chunked, Empty) {
  plain_.size = 0;
  net::Upload upload = SignChunks(plain_, chain_, 65536);
  std::string wire = All(upload);
  EXPECT_EQ(wire.size(), upload.size);
  EXPECT_TRUE(wire.starts_with("0;chunk-signature=")) << wire;
}

TEST(S3Digest, Base64) {
  for (std::string_view text : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(FromBase64(Base64(text)), std::string(text));
  }
  EXPECT_EQ(FromBase64("YW\nJj"), "abc");
  for (std::string_view bad : {"YWJ", "Y===", "Y=Jj", "Y*Jj", "====", "YWJj=="}) {
    EXPECT_EQ(FromBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace holdfast::storage::s3
