// What the writer lets into an archive is what readers take out of it.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_for_test.h"
#include "archive/limits.h"
#include "archive/read_back.h"
#include "archive/verify.h"

namespace holdfast::archive {
namespace {

using ::testing::HasSubstr;

struct Made {
  Result<ArchiveSummary> summary;
  std::string bytes;
};

Made Make(const Entries& entries, const ArchiveLimits& limits) {
  stream::StringSink out;
  Writer writer(out, Clock::Wall{}, limits);
  auto write = [&]() -> Result<ArchiveSummary> {
    HF_TRY(writer.AddFilters("{\"a\":1}"));
    for (const auto& [path, body] : entries) HF_TRY(writer.Add(path, body));
    return writer.Finish(TestInfo());
  };
  auto summary = write();
  return {std::move(summary), out.bytes()};
}

Entries Many(int count) {
  Entries entries;
  for (int i = 0; i < count; ++i) {
    std::string name = "n" + std::to_string(i);
    entries.push_back({"secrets.#v1/ns/" + name + ".json", ObjectJson("v1", "Secret", "ns", name)});
  }
  return entries;
}

Result<VerifyReport> VerifyBytes(const std::string& bytes, const ScanOptions& options) {
  stream::StringSource source(bytes);
  return Verify(source, nullptr, options);
}

// Few enough digests are listed that the manifest fits into an entry; else it would be the entry
// that no reader takes.
TEST(WriterLimits, TheManifestOfAnyNumberOfEntriesCanBeRead) {
  ArchiveLimits limits;
  limits.tar.max_entry = 4096;  // as many as 70 digests beside the rest
  limits.max_listed_digests = 40;
  ScanOptions options;
  options.tar = limits.tar;
  for (int count : {10, 39, 40, 500}) {
    Made made = Make(Many(count), limits);
    ASSERT_TRUE(made.summary) << made.summary.error().ToString();
    auto report = VerifyBytes(made.bytes, options);
    ASSERT_TRUE(report) << report.error().ToString();
    EXPECT_TRUE(report->ok());
    EXPECT_EQ(report->manifest->entries, static_cast<uint64_t>(count) + 1);
    EXPECT_EQ(report->manifest->format_version, count < 40 ? 1 : 2);
  }
  limits.max_listed_digests = 1000;
  Made made = Make(Many(500), limits);
  ASSERT_FALSE(made.summary);
  EXPECT_THAT(made.summary.error().ToString(), HasSubstr("filters/manifest.json"));
}

TEST(WriterLimits, TheDigestOfAllDigestsIsChecked) {
  ArchiveLimits limits;
  limits.max_listed_digests = 1;
  Entries entries = TestEntries();
  Made good = Make(entries, limits);
  std::string digest = [&] {
    stream::StringSource source(good.bytes);
    std::string tar(100'000, '\0');
    stream::GunzipSource gunzip(source);
    size_t size = 0;
    while (size_t got = *gunzip.Read(tar.data() + size, tar.size() - size)) size += got;
    tar.resize(size);
    return tar.substr(tar.find("digestsSHA256\":\"") + 16, 64);
  }();
  // Of the same entries, as an independent calculation has it.
  std::string all(reinterpret_cast<const char*>(stream::Sha256::Of("{\"a\":1}").data()), 32);
  for (const auto& [path, body] : entries)
    all.append(reinterpret_cast<const char*>(stream::Sha256::Of(body).data()), 32);
  EXPECT_EQ(digest, stream::Hex(stream::Sha256::Of(all)));
}

TEST(WriterLimits, WhatNoReaderTakesIsRefusedAndNamed) {
  auto error = [](const Entries& entries, const ArchiveLimits& limits) {
    Made made = Make(entries, limits);
    if (made.summary) return std::string("no error");
    EXPECT_EQ(made.summary.error().kind(), ErrorKind::kInvalid);
    return made.summary.error().ToString();
  };
  ArchiveLimits limits;
  limits.tar.max_entry = 5000;
  Entries entries = Many(3);
  EXPECT_EQ(error(entries, limits), "no error");
  entries[1].second.append(5000, ' ');
  EXPECT_THAT(error(entries, limits), HasSubstr("entry \"secrets.#v1/ns/n1.json\" has 5"));
  limits = {};
  limits.tar.max_path = 22;
  EXPECT_EQ(error(Many(10), limits), "no error");
  EXPECT_THAT(error(Many(11), limits), HasSubstr("n10.json"));
  limits = {};
  limits.max_objects = 10;
  EXPECT_EQ(error(Many(10), limits), "no error");
  EXPECT_THAT(error(Many(11), limits), HasSubstr("more than 10 objects"));
  limits = {};
  limits.tar.max_entries = 12;  // the ResourceSet and the manifest are two
  EXPECT_EQ(error(Many(10), limits), "no error");
  EXPECT_THAT(error(Many(11), limits), HasSubstr("more than 12 entries"));
  limits = {};
  limits.max_tar = 10'000;
  EXPECT_EQ(error(Many(4), limits), "no error");
  EXPECT_THAT(error(Many(10), limits), HasSubstr("more than 10000 bytes"));
}

// The writer and the reader of one program have the same limits; if they had not, reading back must
// find it before the archive gets its name.
TEST(WriterLimits, ReadingBackFindsWhatAReaderWouldRefuse) {
  Made made = Make(Many(20), {});
  ASSERT_TRUE(made.summary);
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool && spool->Append(made.bytes) && spool->Flush());
  EXPECT_TRUE(ReadBack(*spool, *made.summary));
  ArchiveLimits limits;
  limits.tar.max_entry = 1000;  // the manifest is longer
  EXPECT_THAT(ReadBack(*spool, *made.summary, limits).error().ToString(),
              HasSubstr("filters/manifest.json"));
  EXPECT_FALSE(BackgroundReadBack(*spool, limits).Finish(*made.summary));
  limits = {};
  limits.max_tar = 10'000;
  EXPECT_FALSE(ReadBack(*spool, *made.summary, limits));
  limits = {};
  limits.tar.max_entries = 10;
  EXPECT_FALSE(ReadBack(*spool, *made.summary, limits));

  // A path that is no object's.
  made = Make({{"notes.txt", "{}"}}, {});
  ASSERT_TRUE(made.summary);
  ASSERT_TRUE(spool->Truncate() && spool->Append(made.bytes) && spool->Flush());
  EXPECT_THAT(ReadBack(*spool, *made.summary).error().ToString(), HasSubstr("notes.txt"));
}

}  // namespace
}  // namespace holdfast::archive
