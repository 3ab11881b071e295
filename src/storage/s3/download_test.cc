#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/s3/fake_s3_for_test.h"

namespace holdfast::storage::s3 {
namespace {

using net::TestReply;
using net::TestRequest;
using ::testing::HasSubstr;

class S3Download : public ::testing::Test {
 protected:
  void Keep(const std::string& bytes, const std::string& checksum = "", size_t part_size = 0) {
    s3_.objects["a"] = {bytes, "m", checksum.empty() ? ChecksumOf(bytes) : checksum,
                        part_size ? std::to_string(part_size) : "", "\"e\""};
  }
  Result<std::string> Get(uint64_t offset = 0, Waits waits = {}) {
    if (!store_) {
      auto made = NewS3Store(std::move(config_));
      if (!made) return Fail(std::move(made).error());
      store_ = std::move(*made);
    }
    HF_ASSIGN(auto source, store_->Open("a", offset, waits));
    return stream::ReadAll(*source, 1 << 28);
  }
  static std::string Bytes(size_t size) {
    std::string bytes;
    for (size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i);
    bytes.resize(size);
    return bytes;
  }
  // Answers a GET with a head for all of it, and only some of the bytes.
  void CutOff(const TestRequest& request, TestReply& reply, size_t keep) {
    std::string range = FakeS3::HeaderOf(request, "range");
    size_t begin = std::stoul(range.substr(6)), end = std::stoul(range.substr(range.find('-') + 1));
    auto lock = s3_.Lock();
    const std::string& bytes = s3_.objects.at("a").bytes;
    reply.Raw("HTTP/1.1 206 X\r\nContent-Range: bytes " + std::to_string(begin) + "-" +
              std::to_string(end) + "/" + std::to_string(bytes.size()) +
              "\r\nContent-Length: " + std::to_string(end - begin + 1) + "\r\n\r\n" +
              bytes.substr(begin, std::min(keep, end - begin + 1)));
    reply.Close(true);
  }

  std::atomic<int> hits_{0};
  FakeS3 s3_;
  S3Config config_ = s3_.Config();
  std::unique_ptr<S3Store> store_;
};

TEST_F(S3Download, ManyRangesInOrder) {
  std::string bytes = Bytes(12'000'000);
  Keep(bytes);
  EXPECT_EQ(Get().value(), bytes);
  EXPECT_GT(s3_.Count("GET /bkt/a"), 5u);
  EXPECT_EQ(Get(11'999'990).value(), bytes.substr(11'999'990));
}

TEST_F(S3Download, ReadsLittleForThoseWhoStopEarly) {
  Keep(Bytes(12'000'000));
  auto store = NewS3Store(std::move(config_));
  auto source = (*store)->Open("a", 0, {});
  ASSERT_TRUE(source);
  char byte;
  ASSERT_EQ((*source)->Read(&byte, 1).value(), 1u);
  source->reset();
  EXPECT_LE(s3_.Count("GET /bkt/a"), 3u);
}

TEST_F(S3Download, GoesOnWhereTheConnectionBroke) {
  std::string bytes = Bytes(500'000);
  Keep(bytes);
  // Every attempt gets a bit further; there are more of them than attempts without progress.
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET" || ++hits_ > 6) return false;
    CutOff(request, reply, 50'000);
    return true;
  };
  auto got = Get();
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(*got, bytes);
  EXPECT_EQ(hits_, 7);
}

TEST_F(S3Download, GivesUpWithoutProgress) {
  Keep(Bytes(500'000));
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET") return false;
    ++hits_;
    CutOff(request, reply, 0);
    return true;
  };
  auto got = Get();
  ASSERT_FALSE(got);
  EXPECT_EQ(hits_, 3);
  EXPECT_EQ(got.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(got.error().ToString(), HasSubstr("reading \"a\" from s3://bkt at http://127.0.0.1"));
}

TEST_F(S3Download, AFileThatIsReplacedMeanwhileIsNoMixture) {
  Keep(Bytes(500'000));
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET" || ++hits_ > 1) return false;
    CutOff(request, reply, 100'000);
    auto lock = s3_.Lock();
    s3_.objects["a"].etag = "\"other\"";
    return true;
  };
  auto got = Get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(got.error().ToString(), HasSubstr("replaced"));
}

TEST_F(S3Download, DamagedBytesAreFound) {
  Keep(Bytes(3'000'000), ChecksumOf("other"));
  auto got = Get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kCorrupt);
  EXPECT_TRUE(Get(1)) << "a part of a file has no checksum";
}

TEST_F(S3Download, DamagedPartsAreFound) {
  std::string bytes = Bytes(2500);
  Hash all(Hash::Kind::kSha256);
  for (size_t at = 0; at < bytes.size(); at += 1000)
    all.Update(FromBase64(ChecksumOf(bytes.substr(at, 1000))).value());
  std::string sum = Base64(all.Final()) + "-3";
  Keep(bytes, sum, 1000);
  EXPECT_EQ(Get().value(), bytes);
  bytes[1500] ^= 1;
  Keep(bytes, sum, 1000);
  auto got = Get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::kCorrupt);
  Keep(bytes, sum, 700);  // parts that are not ours say nothing
  EXPECT_TRUE(Get());
  // Stores that give the number of parts in the ETag alone.
  Keep(bytes, sum.substr(0, sum.size() - 2), 1000);
  s3_.objects["a"].etag = "\"0123456789abcdef0123456789abcdef-3\"";
  EXPECT_EQ(Get().error().kind(), ErrorKind::kCorrupt);
  bytes[1500] ^= 1;
  s3_.objects["a"].bytes = bytes;
  EXPECT_EQ(Get().value(), bytes);
}

TEST_F(S3Download, DamageIsFoundByOurOwnCrc) {
  std::string bytes = Bytes(3'000'000);
  Keep(bytes);
  s3_.objects["a"].checksum = "";
  char crc[17];
  std::snprintf(crc, sizeof crc, "%016llx", static_cast<unsigned long long>(Crc64(0, bytes)));
  s3_.objects["a"].crc = crc;
  EXPECT_EQ(Get().value(), bytes);
  s3_.objects["a"].bytes[2'999'999] ^= 1;
  EXPECT_EQ(Get().error().kind(), ErrorKind::kCorrupt);
}

TEST_F(S3Download, DamageIsFoundByTheETagOfWhatWeSentWithMd5s) {
  std::string bytes = Bytes(2500);
  Keep(bytes);
  auto& object = s3_.objects["a"];
  auto md5 = [](std::string_view text) {
    Hash hash(Hash::Kind::kMd5);
    hash.Update(text);
    return hash.Final();
  };
  object.checksum = "";
  object.etag = "\"" + HexOf(md5(bytes)) + "\"";
  EXPECT_EQ(Get().value(), bytes);
  object.bytes[7] ^= 1;
  EXPECT_EQ(Get().error().kind(), ErrorKind::kCorrupt);
  object.mark = "";
  EXPECT_TRUE(Get()) << "others' ETags may be anything";
  object.mark = "m";
  object.bytes = bytes;
  object.part_size = "1000";
  object.etag = "\"" +
                HexOf(md5(md5(bytes.substr(0, 1000)) + md5(bytes.substr(1000, 1000)) +
                          md5(bytes.substr(2000)))) +
                "-3\"";
  EXPECT_EQ(Get().value(), bytes);
  object.bytes[2400] ^= 1;
  EXPECT_EQ(Get().error().kind(), ErrorKind::kCorrupt);
}

// The connection breaks at each single byte of an answer, head and body.
TEST_F(S3Download, ABodyCutOffAtAnyByte) {
  std::string bytes = Bytes(150);
  Keep(bytes);
  std::string head =
      "HTTP/1.1 206 X\r\nContent-Range: bytes 0-149/150\r\nContent-Length: 150\r\n\r\n";
  std::string whole = head + bytes;
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    hits_ = 0;
    s3_.hook = [&, cut](const TestRequest& request, TestReply& reply) {
      if (request.method != "GET" || ++hits_ > 1) return false;
      reply.Raw(whole.substr(0, cut));
      reply.Close(cut % 2 == 1);
      return true;
    };
    auto got = Get();
    ASSERT_TRUE(got) << cut << ": " << got.error().ToString();
    EXPECT_EQ(*got, bytes) << cut;
    EXPECT_GE(hits_, 2) << cut;
    // And for ever: an error, not a short file.
    s3_.hook = [&, cut](const TestRequest& request, TestReply& reply) {
      if (request.method != "GET" || cut % 10 != 0) return false;
      std::string range = FakeS3::HeaderOf(request, "range");
      if (range.starts_with("bytes=0-")) reply.Raw(whole.substr(0, cut));
      reply.Close();
      return true;
    };
    if (cut % 10 != 0) continue;
    got = Get();
    ASSERT_FALSE(got) << cut;
    EXPECT_EQ(got.error().kind(), ErrorKind::kUnavailable) << got.error().ToString();
  }
}

TEST_F(S3Download, StoresWithoutRanges) {
  std::string bytes = Bytes(3'000'000);
  Keep(bytes);
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET") return false;
    reply.Respond(200, bytes);
    return true;
  };
  EXPECT_EQ(Get().value(), bytes);
  EXPECT_EQ(Get(2'000'001).value(), bytes.substr(2'000'001));
}

TEST_F(S3Download, AnotherRangeThanAskedForIsRefused) {
  Keep(Bytes(1000));
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET") return false;
    reply.Respond(206, Bytes(1000), "Content-Range: bytes 5-1004/2000\r\n");
    return true;
  };
  EXPECT_THAT(Get().error().ToString(), HasSubstr("another range"));
}

TEST_F(S3Download, StopsWhileItWaits) {
  Keep(Bytes(1000));
  std::stop_source stop;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET") return false;
    stop.request_stop();
    reply.WaitForHangUp();
    return true;
  };
  Waits waits;
  waits.stop = stop.get_token();
  EXPECT_EQ(Get(0, waits).error().kind(), ErrorKind::kCancelled);
}

}  // namespace
}  // namespace holdfast::storage::s3
