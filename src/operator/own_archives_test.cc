#include "operator/own_archives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder_for_test.h"
#include "storage/local_store.h"
#include "stream/sha256.h"

namespace holdfast::op {
namespace {

using ::testing::HasSubstr;

TEST(VerifyNew, QuickComparesEveryByte) {
  std::filesystem::path folder = TempFolderForTest();
  storage::LocalStore store(folder);
  crypto::Transformers keys = crypto::Transformers::None();
  std::string bytes(300'000, 'a');
  stream::Hash128 hash = stream::FastHash::Of(bytes);
  auto write = [&] { std::ofstream(folder / "f.tar.gz", std::ios::binary) << bytes; };

  EXPECT_EQ(VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {}).error().kind(),
            ErrorKind::kNotFound);
  write();
  auto good = VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {});
  ASSERT_TRUE(good) << good.error().ToString();
  EXPECT_EQ(*good, stream::Hex(stream::Sha256::Of(bytes)));
  // It is no archive: "Full" unpacks it, "None" does not look.
  EXPECT_FALSE(VerifyNew(store, "f.tar.gz", "Full", hash, keys, {}));
  EXPECT_TRUE(VerifyNew(store, "f.tar.gz", "None", {}, keys, {}));
  bytes.back() = 'b';
  write();
  auto bad = VerifyNew(store, "f.tar.gz", "Quick", hash, keys, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ErrorKind::kCorrupt);
  EXPECT_THAT(bad.error().ToString(), HasSubstr("300000 bytes"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace holdfast::op
