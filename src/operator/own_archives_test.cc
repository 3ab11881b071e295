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
  std::string sha256 = stream::Hex(stream::Sha256::Of(bytes));
  auto write = [&] { std::ofstream(folder / "f.tar.gz", std::ios::binary) << bytes; };

  EXPECT_EQ(VerifyNew(store, "f.tar.gz", "Quick", sha256, keys, {}).error().kind(),
            ErrorKind::kNotFound);
  write();
  Status good = VerifyNew(store, "f.tar.gz", "Quick", sha256, keys, {});
  EXPECT_TRUE(good) << good.error().ToString();
  // It is no archive: "Full" unpacks it, "None" does not look.
  EXPECT_FALSE(VerifyNew(store, "f.tar.gz", "Full", sha256, keys, {}));
  EXPECT_TRUE(VerifyNew(store, "f.tar.gz", "None", "", keys, {}));
  bytes.back() = 'b';
  write();
  Status bad = VerifyNew(store, "f.tar.gz", "Quick", sha256, keys, {});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ErrorKind::kCorrupt);
  EXPECT_THAT(bad.error().ToString(), HasSubstr(sha256));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace holdfast::op
