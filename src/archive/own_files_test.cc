#include "archive/own_files.h"

#include <gtest/gtest.h>

namespace holdfast::archive {
namespace {

constexpr char kBackupUid[] = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef";
constexpr char kOtherUid[] = "7bb7f5cd-ad7b-4e91-9c29-68bf38b618ef";

bool Owns(const std::string& backup, const std::string& file) {
  return OwnedBy(file, backup, kBackupUid).has_value();
}

TEST(OwnFiles, ExactlyTheBackupsOwn) {
  std::string rest = std::string("-") + kBackupUid + "-2026-01-27T02-00-00";
  EXPECT_TRUE(Owns("backup", "backup" + rest + "Z.tar.gz"));
  EXPECT_TRUE(Owns("backup", "backup" + rest + "Z.tar.gz.enc"));
  EXPECT_TRUE(Owns("backup", "backup" + rest + "-07-00.tar.gz"));
  EXPECT_TRUE(Owns("backup", "backup" + rest + "+02-00.tar.gz.enc"));
  EXPECT_FALSE(Owns("backup", "daily-backup" + rest + "Z.tar.gz"));
  EXPECT_FALSE(Owns("backup", "backup-2" + rest + "Z.tar.gz"));
  EXPECT_FALSE(Owns("backup", "Backup" + rest + "Z.tar.gz"));
  EXPECT_FALSE(Owns("b.ckup", "backup" + rest + "Z.tar.gz")) << "a name is no pattern";
  EXPECT_FALSE(Owns("backup", "backup" + rest + "Z.tar.gz.enc.tmp"));
  EXPECT_FALSE(Owns("backup", "x/backup" + rest + "Z.tar.gz"));
  EXPECT_FALSE(Owns("backup", "backup" + rest + "Z-2.tar.gz"));
  EXPECT_FALSE(Owns("backup", std::string("backup-") + kOtherUid + "-2026-01-27T02-00-00Z.tar.gz"));
  EXPECT_FALSE(
      Owns("backup", std::string("backup-") + kBackupUid + "-2026-01-27T02#00#00Z.tar.gz"));
  // A backup whose name ends like an archive of another: each owns its own only.
  std::string nested = std::string("a-") + kBackupUid;
  EXPECT_TRUE(Owns(nested, nested + rest + "Z.tar.gz"));
  EXPECT_FALSE(Owns("a", nested + rest + "Z.tar.gz"));
}

}  // namespace
}  // namespace holdfast::archive
