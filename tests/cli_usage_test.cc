// Every command's help and results, and the scripts for shells.
#include <sstream>

#include <yaml-cpp/yaml.h>

#include "base/json_scan.h"
#include "tests/cli_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

// The words after "Subcommands:".
Words CommandsIn(const std::string& help) {
  Words commands;
  std::istringstream lines(help.substr(std::min(help.find("\nSubcommands:\n"), help.size())));
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  ")) {
    if (line[2] != ' ') commands.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return commands;
}

void ExpectHelp(const Words& command) {
  Words args = command;
  args.push_back("--help");
  Outcome outcome = Holdfast(args);
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Usage: holdfast"), HasSubstr("--help")));
  for (const std::string& below : CommandsIn(outcome.out)) {
    Words next = command;
    next.push_back(below);
    ExpectHelp(next);
  }
}

TEST(CliUsage, EveryCommandHasHelp) {
  Words commands = CommandsIn(Holdfast({"--help"}).out);
  for (const char* command : {"backup", "restore", "list", "show", "verify", "diff", "resource-set",
                              "completion", "version"})
    EXPECT_THAT(commands, Contains(command));
  ExpectHelp({});
}

TEST(CliUsage, WrongUsageIsTwoAndTouchesNothing) {
  Folder folder;
  std::string store = folder.path() / "store";
  for (const Words& args :
       {Words{}, Words{"bakcup"}, Words{"backup"}, Words{"backup", "--resource-set"},
        Words{"backup", "--resource-set", "a.yaml", "--nope"}, Words{"verify"}, Words{"show"},
        Words{"diff"}, Words{"restore"}, Words{"restore", "a", "--delete-timeout", "x"},
        Words{"resource-set"}, Words{"resource-set", "explain"}, Words{"list", "-o", "xml"},
        Words{"completion", "tcsh"}}) {
    Words with = args;
    if (!args.empty() && args[0] != "completion" && args[0] != "resource-set")
      with.insert(with.end(), {"--store", store});
    Outcome outcome = Holdfast(with);
    EXPECT_EQ(outcome.code, 2) << (args.empty() ? "no command" : args[0]) << ToText(outcome);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err, "");
  }
  EXPECT_THAT(folder.Names(), ::testing::IsEmpty());
}

TEST(CliUsage, ShellsTakeTheirCompletion) {
  Folder folder;
  for (const auto& [shell, check] : {std::pair<std::string, std::string>{"bash", "-n"},
                                     {"zsh", "-n"},
                                     {"fish", "--no-execute"}}) {
    Outcome script = Holdfast({"completion", shell});
    EXPECT_EQ(script.code, 0) << ToText(script);
    EXPECT_THAT(script.out, HasSubstr("resource-set"));
    std::string file = folder.Write(shell, script.out);
    if (Program({"sh", "-c", "command -v " + shell}).Wait().code != 0) {
      std::cout << shell << " is not installed: its completion was not tried\n";
      continue;
    }
    Outcome outcome = Program({shell, check, file}).Wait();
    EXPECT_EQ(outcome.code, 0) << shell << ToText(outcome);
    EXPECT_EQ(outcome.err, "");
  }
  // bash completes a command's name.
  Outcome outcome = Program({"bash", "-c", R"(source "$1"; f=$(complete -p holdfast) || exit 3
f=${f##*-F }; COMP_WORDS=(holdfast ver); COMP_CWORD=1; ${f%% *} holdfast ver holdfast
echo "${COMPREPLY[*]}")",
                             "bash", folder.path() / "bash"})
                        .Wait();
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_EQ(outcome.out, "verify version\n");
}

class CliResultTest : public CliTest {
 protected:
  // The result as JSON and as YAML: both are read by a parser and have these keys.
  void ExpectResult(const Words& args, const Words& keys, int code = 0) {
    SCOPED_TRACE(args[0] + " " + (args.size() > 1 ? args[1] : ""));
    for (const char* format : {"json", "yaml"}) {
      Words with = args;
      with.insert(with.end(), {"-o", format});
      Outcome outcome = Holdfast(with);
      EXPECT_EQ(outcome.code, code) << ToText(outcome);
      if (format == std::string("json")) {
        auto valid = json::Validate(outcome.out);
        EXPECT_TRUE(valid) << valid.error().ToString() << outcome.out;
      }
      YAML::Node root;  // JSON is YAML
      ASSERT_NO_THROW(root = YAML::Load(outcome.out)) << outcome.out;
      ASSERT_TRUE(root.IsMap()) << outcome.out;
      for (const std::string& key : keys) EXPECT_TRUE(root[key].IsDefined()) << key << outcome.out;
    }
  }
};

TEST_F(CliResultTest, EveryResultIsJsonOrYaml) {
  const std::string config = plane().kubeconfig();
  std::string set = Set("configmaps, secrets", "small");
  ExpectResult(BackupArgs(set), {"archive", "revision", "objects", "kinds", "warnings"});
  Words archives = StoreFiles();
  ASSERT_EQ(archives.size(), 2u);  // one a format
  auto with = [&](Words args, bool store, bool cluster) {
    if (store) args.insert(args.end(), {"--store", this->store()});
    if (cluster) args.insert(args.end(), {"--kubeconfig", config});
    return args;
  };
  ExpectResult(with({"list"}, true, false), {"archives", "otherFiles"});
  ExpectResult(with({"show", archives[0]}, true, false), {"archive", "objects", "kinds"});
  ExpectResult(with({"show", archives[0], "secrets/small/one"}, true, false), {"kind", "metadata"});
  ExpectResult(with({"verify", archives[0]}, true, false), {"ok", "objects", "problems"});
  ExpectResult(with({"restore", archives[0], "--plan"}, true, true),
               {"planOnly", "counts", "plan"});
  ExpectResult(with({"restore", archives[0]}, true, true), {"nothingToDo", "counts"});
  ExpectResult(with({"restore", "--abort"}, false, true), {"done"});
  ExpectResult(with({"diff", archives[0]}, true, true), {"left", "right", "changed"});
  ExpectResult(with({"diff", archives[0], archives[1]}, true, false), {"onlyLeft", "onlyRight"});
  ExpectResult({"resource-set", "lint", set}, {"valid", "selectors", "warnings"});
  ExpectResult(with({"resource-set", "explain", set}, false, true), {"objects", "selectors"});
  ExpectResult(with({"resource-set", "explain", set, "secrets/small/one"}, false, true),
               {"object", "selected", "takenBy", "verdicts"});

  // A result that is not good is a result, too.
  std::string bad = archives[0];
  folder().Write("store/bad.tar.gz", "not an archive");
  Outcome outcome = Holdfast(with({"verify", "bad.tar.gz", "-o", "json"}, true, false));
  EXPECT_EQ(outcome.code, 1);
}

}  // namespace
}  // namespace holdfast::tests
