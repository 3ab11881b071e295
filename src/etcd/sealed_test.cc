#include "etcd/sealed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/encryption_config.h"

namespace holdfast::etcd {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kConfig = R"(
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aesgcm: {keys: [{name: one, secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}]}
)";

crypto::Transformers Keys(std::string config = std::string(kConfig)) {
  auto parsed = crypto::EncryptionConfig::Parse(config, "test");
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  auto built = crypto::Transformers::Build(std::move(*parsed));
  EXPECT_TRUE(built) << built.error().ToString();
  return std::move(*built);
}

std::string Plain(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

std::string Seal(const crypto::Transformers& keys, const std::string& plain) {
  auto key = NewSealKey();
  EXPECT_TRUE(key);
  auto header = SealHeader(keys, *key);
  EXPECT_TRUE(header) << header.error().ToString();
  stream::StringSink out;
  SealSink sink(out, *key, *header);
  for (size_t at = 0; at < plain.size(); at += 10'007)
    EXPECT_TRUE(sink.Write(std::string_view(plain).substr(at, 10'007)));
  EXPECT_TRUE(sink.Close());
  return out.Take();
}

Result<std::string> Unseal(const crypto::Transformers& keys, std::string sealed) {
  HF_ASSIGN(auto file, OpenSealed(FileOfBytes(std::move(sealed), "snap"), keys));
  std::string plain(file->size(), '\0');
  HF_TRY(file->ReadAt(0, plain.data(), plain.size()));
  return plain;
}

TEST(Sealed, EveryLengthComesBack) {
  auto keys = Keys();
  for (size_t size : {size_t{0}, size_t{1}, kSealChunk - 1, kSealChunk, kSealChunk + 1,
                      2 * kSealChunk, 5 * kSealChunk + 77}) {
    std::string plain = Plain(size);
    auto back = Unseal(keys, Seal(keys, plain));
    ASSERT_TRUE(back) << size << back.error().ToString();
    EXPECT_EQ(*back, plain) << size;
  }
}

TEST(Sealed, CanBeReadAnywhere) {
  auto keys = Keys();
  std::string plain = Plain(40 * kSealChunk + 5);
  auto file = OpenSealed(FileOfBytes(Seal(keys, plain), "snap"), keys);
  ASSERT_TRUE(file);
  std::string got(1000, '\0');
  for (size_t at :
       {plain.size() - 1000, size_t{0}, 17 * kSealChunk - 500, 3 * kSealChunk, size_t{5}}) {
    ASSERT_TRUE((*file)->ReadAt(at, got.data(), got.size()));
    EXPECT_EQ(got, plain.substr(at, 1000)) << at;
  }
  EXPECT_FALSE((*file)->ReadAt(plain.size() - 999, got.data(), got.size()));
}

TEST(Sealed, NoByteCanBeChangedAndNoneCutOff) {
  auto keys = Keys();
  std::string plain = Plain(2 * kSealChunk + 100), sealed = Seal(keys, plain);
  for (size_t at = 0; at < sealed.size(); at += at < 400 ? 1 : 4'099) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    // Bits of base64 that mean nothing may change.
    auto got = Unseal(keys, changed);
    EXPECT_TRUE(!got || (at < 400 && *got == plain)) << at;
  }
  for (size_t size = 0; size < sealed.size(); size += size < 400 ? 1 : 4'099)
    EXPECT_FALSE(Unseal(keys, sealed.substr(0, size))) << size;
  // Whole chunks gone from the end, or swapped.
  size_t front = sealed.size() - (100 + kSealTag) - 2 * (kSealChunk + kSealTag);
  size_t chunk = kSealChunk + kSealTag;
  EXPECT_FALSE(Unseal(keys, sealed.substr(0, front + chunk)));
  EXPECT_FALSE(Unseal(keys, sealed.substr(0, front) + sealed.substr(front + chunk, chunk) +
                                sealed.substr(front, chunk) + sealed.substr(front + 2 * chunk)));
}

TEST(Sealed, SaysWhichKeyIsMissing) {
  auto keys = Keys();
  std::string sealed = Seal(keys, "text");
  EXPECT_THAT(*SealedBy(sealed), HasSubstr("aesgcm, key \"one\""));
  std::string other(kConfig);
  other.replace(other.find("AAEC"), 4, "BBBB");
  auto wrong = Unseal(Keys(other), sealed);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind(), ErrorKind::kCorrupt);
  other = kConfig;
  other.replace(other.find("name: one"), 9, "name: two");
  auto missing = Unseal(Keys(other), sealed);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().ToString(), HasSubstr("one"));
  EXPECT_FALSE(Unseal(crypto::Transformers::None(), sealed));
  EXPECT_FALSE(SealHeader(crypto::Transformers::None(), *NewSealKey()));
}

}  // namespace
}  // namespace holdfast::etcd
