#include "archive/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_for_test.h"
#include "archive/testdata/reference_archives.h"

namespace holdfast::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

crypto::Transformers Keys(std::string text) {
  auto config = crypto::EncryptionConfig::Parse(text, "enc.yaml");
  EXPECT_TRUE(config) << config.error().ToString();
  return crypto::Transformers::Build(std::move(*config)).value();
}

Result<VerifyReport> VerifyBytes(std::string_view bytes, const crypto::Transformers* keys) {
  stream::StringSource source(bytes);
  return Verify(source, keys);
}

TEST(CheckObject, TellsWhatIsWrong) {
  EntryName name = EntryName::Parse("deployments.apps#v1/ns/a.json").value();
  EXPECT_TRUE(CheckObject(name, ObjectJson("apps/v1", "Deployment", "ns", "a")));
  auto error = [&](std::string_view json) {
    auto status = CheckObject(name, json);
    if (status) return std::string("no error");
    EXPECT_THAT(status.error().ToString(), HasSubstr("\"deployments.apps#v1/ns/a.json\""));
    return status.error().ToString();
  };
  EXPECT_THAT(error("hello"), HasSubstr("not JSON"));
  EXPECT_THAT(error("{\"a\":1} x"), HasSubstr("not JSON"));
  EXPECT_THAT(error("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error("{}"), HasSubstr("no apiVersion or kind"));
  EXPECT_THAT(error(R"({"apiVersion":"apps/v1","kind":"Deployment"})"), HasSubstr("no metadata"));
  EXPECT_THAT(error(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":"x"})"),
              HasSubstr("no metadata"));
  EXPECT_THAT(error(ObjectJson("apps/v1", "", "ns", "a")), HasSubstr("no apiVersion or kind"));
  EXPECT_THAT(error(ObjectJson("apps/v2", "Deployment", "ns", "a")),
              HasSubstr("another object: apps/v2 Deployment ns/a"));
  EXPECT_THAT(error(ObjectJson("apps/v1", "Deployment", "other", "a")), HasSubstr("other/a"));
  EXPECT_THAT(error(ObjectJson("apps/v1", "Deployment", "", "a")), HasSubstr("another object"));
  EXPECT_THAT(error(ObjectJson("apps/v1", "Deployment", "ns", "b")), HasSubstr("ns/b"));
}

TEST(Verify, PlainArchive) {
  auto report = VerifyBytes(MakeArchive(TestEntries()).bytes, nullptr);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->entries, 4u);
  EXPECT_EQ(report->plain, 4u);
  EXPECT_EQ(report->checked, 4u);
  EXPECT_EQ(report->encrypted, 0u);
  EXPECT_TRUE(report->has_filters);
  EXPECT_TRUE(report->manifest);
  EXPECT_EQ(report->kinds["secrets.#v1"].objects, 2u);
}

TEST(Verify, PlainArchiveOfTheReference) {
  auto report = VerifyBytes(FromBase64(testdata::kPlainArchive), nullptr);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->ok()) << report->problems.front();
  EXPECT_EQ(report->checked, 6u);
  EXPECT_FALSE(report->manifest);
}

TEST(Verify, CountsWhatItCannotCheck) {
  auto report = VerifyBytes(FromBase64(testdata::kAesGcmArchive), nullptr);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->encrypted, 2u);
  EXPECT_EQ(report->unchecked, 2u);
  EXPECT_EQ(report->plain, 1u);
  EXPECT_EQ(report->checked, 1u);
  EXPECT_THAT(report->keys_needed, ElementsAre(Pair("aesgcm key key1", 2)));
}

TEST(Verify, DecryptsWithTheKeys) {
  auto keys = Keys(testdata::kAesGcmConfig);
  auto report = VerifyBytes(FromBase64(testdata::kAesGcmArchive), &keys);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->ok()) << report->problems.front();
  EXPECT_EQ(report->checked, 3u);
  EXPECT_EQ(report->unchecked, 0u);
}

TEST(Verify, WrongKeyIsAProblemOfEveryEntry) {
  std::string config = testdata::kAesGcmConfig;
  size_t at = config.find("D473");
  config.replace(at, 4, "E473");
  auto keys = Keys(config);
  auto report = VerifyBytes(FromBase64(testdata::kAesGcmArchive), &keys);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_FALSE(report->ok());
  EXPECT_EQ(report->problem_count, 2u);
  EXPECT_THAT(report->problems.front(),
              HasSubstr("configmaps.v1 cattle-system/filters-in-front-a"));
}

TEST(Verify, ProblemsNameTheEntry) {
  Entries entries = TestEntries();
  entries[0].second = "hello";
  entries[2].second = "\"not base64!\"";
  entries[3].second = TestEntries()[2].second;
  auto report = VerifyBytes(MakeArchive(entries).bytes, nullptr);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->problem_count, 3u);
  ASSERT_EQ(report->problems.size(), 3u);
  EXPECT_THAT(report->problems[0], HasSubstr("namespaces.#v1/local.json"));
  EXPECT_THAT(report->problems[1], HasSubstr("secrets.v1 ns/a"));
  EXPECT_THAT(report->problems[2], HasSubstr("holds another object: v1 Secret ns/a"));
  EXPECT_EQ(report->checked, 1u);
}

TEST(Verify, DescribesAtMostAHundredProblems) {
  Entries entries;
  for (int i = 0; i < 150; ++i) entries.emplace_back("a.#v1/" + std::to_string(i) + ".json", "x");
  auto report = VerifyBytes(MakeArchive(entries).bytes, nullptr);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problem_count, 150u);
  EXPECT_EQ(report->problems.size(), 100u);
}

TEST(Verify, DamagedContainerIsAnError) {
  std::string bytes = MakeArchive(TestEntries()).bytes;
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 1);
  auto report = VerifyBytes(bytes, nullptr);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace holdfast::archive
