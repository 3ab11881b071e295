// No room for the archive: the backup fails, names the folder, and leaves it as it was.
#include <fstream>
#include <sstream>

#include "tests/cli_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kMayNotMount = 77;

// Runs holdfast with a tmpfs of its own as the store, and writes what is in there at the end, one
// name a line, and the bytes in use into listing. The mount is gone with the process.
constexpr char kOnTmpfs[] = R"(
size=$1 store=$2 listing=$3
shift 3
mkdir -p "$store"
mount -t tmpfs -o "size=$size" tmpfs "$store" || exit 77
"$@"
code=$?
ls -A "$store" >"$listing"
stat -f -c 'free %f of %b' "$store" >>"$listing"
exit $code
)";

class CliDiskTest : public CliTest {
 protected:
  Outcome BackupOnTmpfs(const std::string& size, const std::string& set) {
    Words argv = {"unshare",       "-m",   "--", "bash",  "-c",
                  kOnTmpfs,        "bash", size, store(), folder().path() / "listing",
                  HOLDFAST_PROGRAM};
    Words args = BackupArgs(set);
    argv.insert(argv.end(), args.begin(), args.end());
    Outcome outcome = Program(argv).Wait();
    std::ifstream listing(folder().path() / "listing");
    listing_.clear();
    for (std::string line; std::getline(listing, line);) listing_.push_back(line);
    return outcome;
  }
  static bool MayNotMount(const Outcome& outcome) {
    return outcome.code == kMayNotMount || outcome.err.find("unshare failed") != std::string::npos;
  }
  Words listing_;
};

TEST_F(CliDiskTest, AFullDiskFailsTheBackupAndStaysEmpty) {
  // A first one, for which there is room, shows that the listing tells.
  Outcome outcome = BackupOnTmpfs("8m", Set("configmaps", "big"));
  if (MayNotMount(outcome)) GTEST_SKIP() << "no tmpfs may be mounted here: " << outcome.err;
  ASSERT_EQ(outcome.code, 0) << ToText(outcome);
  ASSERT_THAT(listing_, SizeIs(2));
  EXPECT_EQ(listing_[0] + "\n", outcome.out);

  // From "full with the first write" to "full with the last".
  for (const char* size : {"16k", "256k", "1m", "4m"}) {
    SCOPED_TRACE(size);
    outcome = BackupOnTmpfs(size, Set("configmaps", "big"));
    ExpectFailure(outcome, {"nothing was stored", "writing the archive", store(), "after ",
                            "No space left on device", "free space"});
    ASSERT_THAT(listing_, SizeIs(1));
    // Nothing without a name holds the space either.
    std::istringstream words(listing_[0]);
    std::string word;
    uint64_t free = 0, all = 1;
    words >> word >> free >> word >> all;
    EXPECT_EQ(free, all) << listing_[0];
  }
}

TEST_F(CliDiskTest, ALimitOfTheFileSizeFailsTheBackup) {
  Words argv = {"bash", "-c", "ulimit -f 1024; exec \"$@\"", "bash", HOLDFAST_PROGRAM};
  Words args = BackupArgs(Set("configmaps", "big"));
  argv.insert(argv.end(), args.begin(), args.end());
  Outcome outcome = Program(argv).Wait();
  ExpectFailure(outcome, {"nothing was stored", "writing the archive", store(), "File too large"});
  EXPECT_THAT(StoreFiles(), IsEmpty());
}

TEST_F(CliDiskTest, AFolderThatCannotBeMadeIsNamed) {
  folder().Write("store", "a file");
  Outcome outcome = Backup(Set("configmaps", "small"));
  EXPECT_EQ(outcome.code, 1) << ToText(outcome);
  EXPECT_THAT(outcome.err, HasSubstr(store()));
  EXPECT_THAT(outcome.err, HasSubstr("Not a directory"));
  EXPECT_THAT(folder().Names(), ::testing::UnorderedElementsAre("store", "set.yaml"));
}

}  // namespace
}  // namespace holdfast::tests
