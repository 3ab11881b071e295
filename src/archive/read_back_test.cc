#include "archive/read_back.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "archive/archive_for_test.h"
#include "stream/gzip_seal.h"
#include "stream/hash128.h"

namespace holdfast::archive {
namespace {

using ::testing::HasSubstr;

TEST(ReadBack, ComparesWithWhatWasWritten) {
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool);
  TestArchive archive = MakeArchive(TestEntries());
  ASSERT_TRUE(spool->Append(archive.bytes) && spool->Flush());
  auto digest = ReadBack(*spool, archive.summary);
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, stream::FastHash::Of(archive.bytes));

  ArchiveSummary other = archive.summary;
  other.tar_hash[0] ^= 1;
  EXPECT_EQ(ReadBack(*spool, other).error().kind(), ErrorKind::kCorrupt);
  other = archive.summary;
  ++other.tar_bytes;
  EXPECT_FALSE(ReadBack(*spool, other));
  other = archive.summary;
  ++other.gzip_bytes;
  EXPECT_FALSE(ReadBack(*spool, other));

  for (size_t at = 0; at < archive.bytes.size(); at += 5) {
    std::string bad = archive.bytes;
    bad[at] = char(bad[at] ^ 4);
    ASSERT_TRUE(spool->Truncate() && spool->Append(bad) && spool->Flush());
    EXPECT_FALSE(ReadBack(*spool, archive.summary)) << at;
  }
  // Without its seal, but otherwise whole.
  std::string unsealed = archive.bytes.substr(0, archive.bytes.size() - stream::kSealSize);
  ASSERT_TRUE(spool->Truncate() && spool->Append(unsealed) && spool->Flush());
  archive.summary.gzip_bytes = unsealed.size();
  EXPECT_THAT(ReadBack(*spool, archive.summary).error().ToString(), HasSubstr("seal"));
}

TEST(BackgroundReadBack, FollowsTheWriter) {
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool);
  BackgroundReadBack reading(*spool);
  stream::SpoolSink sink(*spool);
  Writer writer(sink, Clock::Wall{});
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string body;
    while (body.size() < 4000) body += std::to_string(random());
    ASSERT_TRUE(writer.Add("a.#v1/" + std::to_string(i) + ".json", body));
    if (i % 7 == 0) {
      ASSERT_TRUE(spool->Flush());
    }
  }
  auto summary = writer.Finish(TestInfo());
  ASSERT_TRUE(summary);
  ASSERT_TRUE(sink.Close());
  auto good = reading.Finish(*summary);
  ASSERT_TRUE(good) << good.error().ToString();
  std::string file(summary->gzip_bytes, '\0');
  ASSERT_EQ(*spool->Read(0, file.data(), file.size()), file.size());
  EXPECT_EQ(*good, stream::FastHash::Of(file));
}

TEST(BackgroundReadBack, FindsDamage) {
  TestArchive archive = MakeArchive(TestEntries());
  for (size_t at = 0; at < archive.bytes.size(); at += 101) {
    auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
    ASSERT_TRUE(spool);
    BackgroundReadBack reading(*spool);
    std::string bad = archive.bytes;
    bad[at] = char(bad[at] ^ 1);
    ASSERT_TRUE(spool->Append(bad) && spool->Flush());
    EXPECT_FALSE(reading.Finish(archive.summary)) << at;
  }
}

TEST(BackgroundReadBack, MayBeGivenUp) {
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool && spool->Append("\x1f\x8b") && spool->Flush());
  BackgroundReadBack reading(*spool);
}

}  // namespace
}  // namespace holdfast::archive
