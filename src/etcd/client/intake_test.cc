#include "etcd/client/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder_for_test.h"
#include "crypto/encryption_config.h"
#include "etcd/database_for_test.h"
#include "etcd/spool_image.h"
#include "storage/local_store.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;

crypto::Transformers Keys() {
  auto parsed = crypto::EncryptionConfig::Parse(R"(
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: one, secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}]}
)",
                                                "test");
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  return std::move(*crypto::Transformers::Build(std::move(*parsed)));
}

std::string AllOf(const File& file) {
  std::string bytes(file.size(), '\0');
  EXPECT_TRUE(file.ReadAt(0, bytes.data(), bytes.size()));
  return bytes;
}

TEST(Intake, EveryFormComesBack) {
  fs::path dir = TempFolderForTest();
  storage::LocalStore store(dir);
  crypto::Transformers keys = Keys();
  std::string snapshot = TestDatabase::Store(7000).BuildSnapshot();
  ASSERT_GT(snapshot.size(), 3u << 20) << "several blocks";
  for (Compression how :
       {Compression::kNone, Compression::kGzip, Compression::kZstd, Compression::kZip}) {
    for (const crypto::Transformers* encryption :
         {(const crypto::Transformers*)nullptr, (const crypto::Transformers*)&keys}) {
      std::string what = CompressionName(how) + (encryption ? ".enc" : "");
      auto intake =
          Intake::Begin(store, {.compression = how, .encryption = encryption, .name = "s.db"});
      ASSERT_TRUE(intake) << intake.error().ToString();
      for (size_t at = 0; at < snapshot.size(); at += 32'768)
        ASSERT_TRUE((*intake)->Take(std::string_view(snapshot).substr(at, 32'768)));
      Status finished = (*intake)->Finish();
      ASSERT_TRUE(finished) << finished.error().ToString();
      EXPECT_TRUE((*intake)->digest_matches());
      EXPECT_EQ((*intake)->size(), snapshot.size());
      EXPECT_EQ((*intake)->encryption().empty(), encryption == nullptr);
      auto image = (*intake)->Image();
      ASSERT_TRUE(image);
      EXPECT_EQ(AllOf(**image), snapshot) << what;
      ASSERT_TRUE(store.Put((*intake)->product(), what, {}));
      auto stored = OpenStoredSnapshot(store, what, {.scratch = dir, .keys = encryption}, {});
      ASSERT_TRUE(stored) << what << stored.error().ToString();
      EXPECT_EQ(AllOf(**stored), snapshot) << what;
      // Cut off anywhere it is refused (a plain file by its own checksum, elsewhere).
      if (how == Compression::kNone && encryption == nullptr) continue;
      std::string bytes(fs::file_size(dir / what), '\0');
      std::ifstream(dir / what, std::ios::binary)
          .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      for (size_t cut : {size_t{1}, size_t{40}, bytes.size() / 2, bytes.size() - 20}) {
        auto cut_off = Unwrap(FileOfBytes(bytes.substr(0, bytes.size() - cut), what),
                              {.scratch = dir, .keys = encryption});
        bool plain = cut_off && AllOf(**cut_off) == bytes.substr(0, bytes.size() - cut);
        EXPECT_TRUE(!cut_off || plain) << what << " " << cut << ": taken for something else";
        if (bytes.size() - cut > 100) {
          EXPECT_FALSE(cut_off) << what << " " << cut;
        }
      }
      if (encryption == nullptr) continue;
      EXPECT_EQ(bytes.find("consistent_index"), std::string::npos);
      EXPECT_FALSE(OpenStoredSnapshot(store, what, {.scratch = dir}, {})) << "without the key";
    }
  }
  // Nothing unpacked or half received is left.
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 8);
  fs::remove_all(dir);
}

TEST(Intake, AWrongOrMissingDigestIsNoticed) {
  fs::path dir = TempFolderForTest();
  storage::LocalStore store(dir);
  std::string snapshot = TestDatabase::Store(10).BuildSnapshot();
  auto matches = [&](std::string_view bytes, size_t piece) {
    auto intake = Intake::Begin(store, {});
    EXPECT_TRUE(intake);
    for (size_t at = 0; at < bytes.size(); at += piece)
      EXPECT_TRUE((*intake)->Take(bytes.substr(at, piece)));
    EXPECT_TRUE((*intake)->Finish());
    return (*intake)->digest_matches();
  };
  for (size_t piece : {size_t{1}, size_t{7}, size_t{31}, size_t{32}, size_t{33}, size_t{4096}})
    EXPECT_TRUE(matches(snapshot, piece)) << piece;
  std::string_view view = snapshot;
  EXPECT_FALSE(matches(view.substr(0, view.size() - 1), 100));
  EXPECT_FALSE(matches(view.substr(0, view.size() - 32), 100));
  EXPECT_FALSE(matches(view.substr(0, 20), 100));
  snapshot[500] = static_cast<char>(snapshot[500] ^ 1);
  EXPECT_FALSE(matches(snapshot, 100));
  fs::remove_all(dir);
}

}  // namespace
}  // namespace holdfast::etcd
