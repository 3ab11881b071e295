#include "storage/s3/part_digests.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/workers.h"
#include "storage/s3/digest.h"
#include "stream/sha256_streams.h"

namespace holdfast::storage::s3 {
namespace {

std::string Bytes(size_t size) {
  std::string bytes;
  for (uint32_t i = 12345; bytes.size() < size; i = i * 1664525 + 1013904223)
    bytes += static_cast<char>(i >> 24);
  return bytes;
}

std::string Plain(std::string_view bytes, Hash::Kind kind = Hash::Kind::kSha256) {
  Hash hash(kind);
  hash.Update(bytes);
  return hash.Final();
}

class PartDigestsTest : public ::testing::TestWithParam<std::pair<size_t, uint64_t>> {};

TEST_P(PartDigestsTest, AreThoseOfTheParts) {
  auto [size, part_size] = GetParam();
  std::string bytes = Bytes(size);
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool && spool->Append(bytes) && spool->Flush());
  auto plan = PlanParts(size, part_size);
  ASSERT_TRUE(plan);
  for (bool sha256 : {true, false}) {
    PartDigests digests(*spool, *plan, sha256);
    auto status = ParallelFor(plan->count, 4, {}, [&](size_t i, std::stop_token stop) -> Status {
      HF_ASSIGN(std::string digest, digests.Of(i, stop));
      auto kind = sha256 ? Hash::Kind::kSha256 : Hash::Kind::kMd5;
      if (digest == Plain(std::string_view(bytes).substr(plan->Begin(i), plan->Size(i)), kind))
        return {};
      return Fail(ErrorKind::kCorrupt, "part " + std::to_string(i));
    });
    EXPECT_TRUE(status) << status.error().ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, PartDigestsTest,
                         ::testing::Values(std::pair(1, 1000), std::pair(3'000, 1000),
                                           std::pair(8'500, 1000), std::pair(16'000, 1000),
                                           std::pair(17'001, 1000), std::pair(50'000, 1001),
                                           std::pair(2'500'000, 130'000)));

TEST(PartDigests, AStopEndsTheWork) {
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool && spool->Append(std::string(20'000, 'x')) && spool->Flush());
  PartDigests digests(*spool, *PlanParts(20'000, 1000), true);
  std::stop_source stop;
  stop.request_stop();
  if (stream::Sha256Streams::AtOnce() == 1)
    GTEST_SKIP() << "this CPU digests one part at a time: nothing is done ahead";
  auto digest = digests.Of(0, stop.get_token());
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().kind(), ErrorKind::kCancelled);
}

TEST(S3Digest, Crc64) {
  EXPECT_EQ(Crc64(0, "123456789"), 0x995dc9bbdf1939faull);  // the check value of CRC-64/XZ
  EXPECT_EQ(Crc64(Crc64(0, "1234"), "56789"), 0x995dc9bbdf1939faull);
  EXPECT_EQ(Crc64(0, ""), 0u);
}

}  // namespace
}  // namespace holdfast::storage::s3
