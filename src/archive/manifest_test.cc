#include "archive/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive_for_test.h"
#include "base/json_scan.h"

namespace holdfast::archive {
namespace {

using ::testing::HasSubstr;

std::string Text(const ManifestInfo& info, const std::vector<stream::Digest>& digests) {
  ManifestText text = FormatManifest(info, digests.size(), stream::Sha256::Of("tar"), 4096);
  size_t size = digests.size() * sizeof(stream::Digest);
  std::string base64(crypto::Base64Size(size), '\0');
  crypto::Base64Encode(reinterpret_cast<const char*>(digests.data()), size, base64.data());
  return text.head + base64 + text.tail;
}

std::vector<stream::Digest> SomeDigests(size_t count) {
  std::vector<stream::Digest> digests;
  for (size_t i = 0; i < count; ++i) digests.push_back(stream::Sha256::Of(std::to_string(i)));
  return digests;
}

TEST(Manifest, BothWays) {
  for (size_t count : {0, 1, 2, 3, 4, 10'000}) {
    std::string text = Text(TestInfo(), SomeDigests(count));
    ASSERT_TRUE(json::Validate(text));
    auto manifest = ParseManifest(text);
    ASSERT_TRUE(manifest) << manifest.error().ToString();
    EXPECT_EQ(manifest->format_version, 1);
    EXPECT_EQ(manifest->entries, count);
    EXPECT_EQ(manifest->entry_sha256, SomeDigests(count));
    EXPECT_EQ(manifest->tar_sha256, stream::Sha256::Of("tar"));
    EXPECT_EQ(manifest->tar_size, 4096u);
    EXPECT_EQ(manifest->info.rancher_version, "v2.14.1");
    EXPECT_EQ(manifest->info.kinds[0].kind, "events.#v1");
    EXPECT_FALSE(manifest->info.kinds[0].pinned);
  }
}

TEST(Manifest, WithOneDigestOfAllDigests) {
  auto of_digests = stream::Sha256::Of("digests");
  ManifestText parts =
      FormatManifest(TestInfo(), 7'000'000, stream::Sha256::Of("tar"), 4096, of_digests);
  std::string text = parts.head + parts.tail;
  ASSERT_TRUE(json::Validate(text));
  auto manifest = ParseManifest(text);
  ASSERT_TRUE(manifest) << manifest.error().ToString();
  EXPECT_EQ(manifest->format_version, 2);
  EXPECT_EQ(manifest->entries, 7'000'000u);
  EXPECT_EQ(manifest->digests_sha256, of_digests);
  EXPECT_TRUE(manifest->entry_sha256.empty());
  text.replace(text.find("digestsSHA256"), 6, "nodige");
  EXPECT_EQ(ParseManifest(text).error().kind(), ErrorKind::kCorrupt);
}

TEST(Manifest, LeavesOutWhatIsNotThere) {
  ManifestInfo info = TestInfo();
  info.rancher_version.clear();
  std::string text = Text(info, {});
  EXPECT_EQ(text.find("rancherVersion"), std::string::npos);
  EXPECT_EQ(ParseManifest(text)->info.rancher_version, "");
}

TEST(Manifest, UnknownFieldsAreIgnored) {
  std::string text = Text(TestInfo(), SomeDigests(1));
  text.insert(1, "\"new\":{\"formatVersion\":[9]},");
  EXPECT_TRUE(ParseManifest(text));
}

TEST(Manifest, AFormatFromTheFuture) {
  std::string text = Text(TestInfo(), SomeDigests(1));
  text.replace(text.find(":1,"), 3, ":3,");
  auto manifest = ParseManifest(text);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().kind(), ErrorKind::kInvalid);
  EXPECT_THAT(manifest.error().ToString(), HasSubstr("format version is 3"));
  EXPECT_THAT(manifest.error().ToString(), HasSubstr("use a newer holdfast"));
}

TEST(Manifest, DamageIsNamed) {
  std::string good = Text(TestInfo(), SomeDigests(2));
  auto with = [&](std::string from, std::string to) {
    std::string text = good;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    auto manifest = ParseManifest(text);
    if (manifest) return std::string("no error");
    EXPECT_EQ(manifest.error().kind(), ErrorKind::kCorrupt);
    return manifest.error().ToString();
  };
  EXPECT_THAT(with("{", ""), HasSubstr("not JSON"));
  EXPECT_THAT(with("\"formatVersion\"", "\"x\""), HasSubstr("formatVersion"));
  EXPECT_THAT(with("\"formatVersion\":1", "\"formatVersion\":0"), HasSubstr("formatVersion"));
  EXPECT_THAT(with("\"formatVersion\":1", "\"formatVersion\":-1"), HasSubstr("formatVersion"));
  EXPECT_THAT(with("\"revision\":\"", "\"revision\":1,\"x\":\""), HasSubstr("revision"));
  EXPECT_THAT(with("2026-01-27T", "2026-01-99T"), HasSubstr("startTime"));
  EXPECT_THAT(with("\"objects\":0", "\"objects\":1.5"), HasSubstr("kind \"events.#v1\""));
  EXPECT_THAT(with("\"pinned\":true", "\"pinned\":1"), HasSubstr("pinned"));
  EXPECT_THAT(with("\"kinds\":[", "\"kinds\":{},\"x\":["), HasSubstr("kinds"));
  EXPECT_THAT(with("\"bytes\":4096", "\"bytes\":\"4096\""), HasSubstr("bytes"));
  EXPECT_THAT(with("\"tar\":{\"sha256\":\"", "\"tar\":{\"sha256\":\"AB"),
              HasSubstr("digest of the tar"));
  EXPECT_THAT(with("\"count\":2", "\"count\":3"), HasSubstr("do not match their count"));
  EXPECT_THAT(with("\"count\":2", "\"count\":999999999999999999"), HasSubstr("do not match"));
  EXPECT_THAT(with("\"count\":2,\"sha256\":\"", "\"count\":2,\"sha256\":\"\\u0041"),
              HasSubstr("do not match"));
  EXPECT_THAT(with("\"count\":2,\"sha256\":\"X", "\"count\":2,\"sha256\":\"!"),
              HasSubstr("not base64"));
}

}  // namespace
}  // namespace holdfast::archive
