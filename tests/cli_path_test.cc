// ARCHIVE as the path of a file instead of a name in a store.
#include <filesystem>

#include "tests/cli_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class CliPathTest : public CliTest {
 protected:
  Outcome InCluster(Words words) const {
    words.insert(words.end(), {"--kubeconfig", plane().kubeconfig().string()});
    return Holdfast(words);
  }
};

TEST_F(CliPathTest, EveryReadingCommandTakesOne) {
  ASSERT_EQ(Backup(Set("configmaps", "small")).code, 0);
  ASSERT_THAT(StoreFiles(), SizeIs(1));
  const std::string name = StoreFiles()[0];
  // Names that no store takes, or that no backup has.
  fs::path elsewhere = folder().path() / "else where";
  fs::create_directory(elsewhere);
  for (const char* file : {"my backup (1).tgz", ".hidden", "-x", "ünï.tar.gz"}) {
    std::string path = elsewhere / file;
    fs::copy_file(fs::path(store()) / name, path);
    // With a store that is not there, which is not looked at.
    for (const Words& words : {Words{"verify", path},
                               {"show", path},
                               {"show", path, "configmaps/small/one"},
                               {"verify", path, "--store", "/none"}}) {
      Outcome outcome = Holdfast(words);
      EXPECT_EQ(outcome.code, 0) << words[0] << ToText(outcome);
    }
    if (std::string_view(file) != "-x") continue;
    for (const Words& words : {Words{"restore", path, "--plan"},
                               {"restore", path},
                               {"diff", path},
                               {"diff", path, path}}) {
      Outcome outcome = InCluster(words);
      EXPECT_EQ(outcome.code, 0) << words[0] << ToText(outcome);
    }
  }
  // One of each.
  Outcome outcome = InCluster({"diff", name, elsewhere / "-x", "--store", store()});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(outcome.out, HasSubstr("0 changed"));

  std::string to = folder().path() / "to";
  outcome = Holdfast({"copy", elsewhere / "my backup (1).tgz", "--to", to});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(folder().Names("to"), ElementsAre("my backup (1).tgz"));
  outcome = Holdfast({"verify", "my backup (1).tgz", "--store", to});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_EQ(Holdfast({"copy", elsewhere / "-x", "--from", to, "--to", to}).code, 2);
  ExpectFailure(Holdfast({"copy", elsewhere / ".hidden", "--to", to}), {".hidden"});
}

TEST_F(CliPathTest, NeitherAPathNorAName) {
  std::string missing = folder().path() / "none.tar.gz", dir = folder().path();
  for (const char* command : {"verify", "show"}) {
    ExpectFailure(Holdfast({command, missing}), {"there is no file " + missing});
    ExpectFailure(Holdfast({command, dir}), {dir, "not a regular file"});
  }
  ExpectFailure(InCluster({"restore", missing, "--plan"}), {"there is no file " + missing});
  ExpectFailure(InCluster({"diff", missing}), {"there is no file " + missing});
  ExpectFailure(Holdfast({"copy", missing, "--to", store()}), {"there is no file " + missing});
  ExpectFailure(Holdfast({"etcd", "copy", missing, "--to", store()}),
                {"there is no file " + missing});
}

}  // namespace
}  // namespace holdfast::tests
