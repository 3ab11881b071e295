// Encrypted archives and keys that do not fit, on the command line.
#include "tests/cli_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kKeyA[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr char kKeyB[] = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string Config(const std::string& provider, const std::string& key_name,
                   const std::string& key) {
  return "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
         "- resources: [secrets]\n  providers:\n  - " +
         provider + ":\n      keys:\n      - {name: " + key_name + ", secret: " + key + "}\n";
}

class CliKeysTest : public CliTest {
 protected:
  void SetUp() override {
    right_ = folder().Write("right.yaml", Config("aescbc", "key-a", kKeyA));
    Words args = BackupArgs(Set("configmaps, secrets", "small"));
    args.insert(args.end(), {"--encryption-config", right_});
    Outcome outcome = Holdfast(args);
    ASSERT_EQ(outcome.code, 0) << ToText(outcome);
    archive_ = outcome.out.substr(0, outcome.out.size() - 1);
    ASSERT_TRUE(archive_.ends_with(".tar.gz.enc")) << archive_;
  }
  Outcome Run(const std::string& command, Words more, const std::string& keys) {
    Words args = {command, archive_};
    args.insert(args.end(), more.begin(), more.end());
    args.insert(args.end(), {"--store", store()});
    if (command == "restore") args.insert(args.end(), {"--kubeconfig", plane().kubeconfig()});
    if (!keys.empty()) args.insert(args.end(), {"--encryption-config", keys});
    Outcome outcome = Holdfast(args);
    for (const char* secret : {kKeyA, kKeyB}) {
      EXPECT_THAT(outcome.err, Not(HasSubstr(secret)));
      EXPECT_THAT(outcome.out, Not(HasSubstr(secret)));
    }
    return outcome;
  }

  std::string right_, archive_;
};

TEST_F(CliKeysTest, TheRightKeyReads) {
  EXPECT_THAT(Run("verify", {}, right_).out, HasSubstr("good"));
  EXPECT_THAT(Run("show", {"secrets/small/one"}, right_).out, HasSubstr("\"Secret\""));
  Outcome outcome = Run("restore", {"--plan"}, right_);
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
}

TEST_F(CliKeysTest, AnyOtherKeyIsRefusedAndTheOneNeededIsNamed) {
  struct {
    const char* what;
    std::string keys;
    Words words;
  } cases[] = {
      {"wrong key", Config("aescbc", "key-a", kKeyB), {"small/one", "key-a"}},
      {"key of another name", Config("aescbc", "key-b", kKeyA), {"small/one", "aescbc", "key-a"}},
      {"another provider", Config("secretbox", "key-a", kKeyA), {"small/one", "aescbc", "key-a"}},
      {"another provider of the same cipher",
       Config("aesgcm", "key-a", kKeyA),
       {"small/one", "aescbc", "key-a"}},
  };
  size_t writes = Writes();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    std::string keys = folder().Write("wrong.yaml", c.keys);
    for (const auto& [command, more] : {std::pair<std::string, Words>{"verify", {}},
                                        {"show", {"secrets/small/one"}},
                                        {"restore", {"--plan"}},
                                        {"restore", {}}}) {
      Outcome outcome = Run(command, more, keys);
      EXPECT_EQ(outcome.code, 1) << command << ToText(outcome);
      std::string all = outcome.out + outcome.err;
      for (const std::string& word : c.words) {
        if (command == "show" && word.starts_with("small/")) continue;  // was asked for by name
        EXPECT_THAT(all, HasSubstr(word)) << command;
      }
    }
  }
  EXPECT_EQ(Writes(), writes);
}

TEST_F(CliKeysTest, WithoutAKeyItIsSaidWhichOneIsNeeded) {
  // verify proves the container, and says what it could not look into.
  Outcome outcome = Run("verify", {}, "");
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("1 encrypted objects were not looked into"),
                                 HasSubstr("aescbc key key-a"), HasSubstr("--encryption-config")));
  size_t writes = Writes();
  for (const auto& [command, more] : {std::pair<std::string, Words>{"show", {"secrets/small/one"}},
                                      {"restore", {"--plan"}},
                                      {"restore", {}}})
    ExpectFailure(Run(command, more, ""), {"aescbc", "key-a", "--encryption-config"});
  EXPECT_EQ(Writes(), writes);
}

TEST_F(CliKeysTest, AConfigurationThatCannotBeUsedFailsBeforeAnythingElse) {
  struct {
    const char* what;
    std::string text;
    Words words;
  } cases[] = {
      {"not YAML", "resources: [a", {"keys.yaml"}},
      {"empty", "", {"keys.yaml"}},
      {"not base64", Config("aescbc", "key-a", "'no base64!'"), {"keys.yaml", "base64"}},
      {"too short", Config("aescbc", "key-a", "c2hvcnQ="), {"keys.yaml", "length"}},
      {"unknown provider", Config("rot13", "key-a", kKeyA), {"keys.yaml", "rot13"}},
  };
  Words before = StoreFiles();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    std::string keys = folder().Write("keys.yaml", c.text);
    Words args = BackupArgs(Set("configmaps, secrets", "small"));
    args.insert(args.end(), {"--encryption-config", keys});
    for (const Outcome& outcome :
         {Holdfast(args), Run("verify", {}, keys), Run("restore", {"--plan"}, keys)}) {
      EXPECT_EQ(outcome.code, 1) << ToText(outcome);
      EXPECT_EQ(outcome.out, "");
      for (const std::string& word : c.words) EXPECT_THAT(outcome.err, HasSubstr(word));
      EXPECT_THAT(outcome.err, Not(HasSubstr("no base64!")));
    }
    EXPECT_EQ(StoreFiles(), before);
  }
  Outcome outcome = Run("verify", {}, folder().path() / "missing.yaml");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("missing.yaml"));
}

}  // namespace
}  // namespace holdfast::tests
