// ResourceSets that cannot be used: found, with their place, before anything is listed.
#include "testbed/jsonl.h"
#include "tests/cli_rig.h"
#include "tests/plane_client.h"
#include "tests/stalling_proxy.h"

namespace holdfast::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct BadSet {
  const char* what;
  const char* text;
  Words words;
};

constexpr char kHead[] =
    "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: test}\n";

std::vector<BadSet> BadSets() {
  return {
      {"not YAML", "resourceSelectors: [a", {":1:", "not YAML"}},
      {"not YAML on line 3", "kind: ResourceSet\nmetadata:\n  name: a\n bad: b\n", {":4:"}},
      {"bytes", "\xff\xfe\x01", {"not UTF-8"}},
      {"empty", "", {"ResourceSet is needed"}},
      {"another document", "just text", {"ResourceSet is needed"}},
      {"unknown field",
       "resourceSelectors:\n- apiVersion: v1\n  kindRegexp: ^configmaps$\n",
       {":6:3: resourceSelectors[0].kindRegexp", "unknown field", "kindsRegexp"}},
      {"bad regexp",
       "resourceSelectors:\n- {apiVersion: v1, kinds: [secrets]}\n"
       "- apiVersion: v1\n  kindsRegexp: '('\n",
       {":7:16: resourceSelectors[1].kindsRegexp", "missing closing )"}},
      {"no apiVersion",
       "resourceSelectors:\n- kinds: [configmaps]\n",
       {":5:3: resourceSelectors[0].apiVersion", "missing"}},
      {"a wrong type",
       "resourceSelectors:\n- {apiVersion: v1, kinds: configmaps}\n",
       {"resourceSelectors[0].kinds"}},
  };
}

TEST_F(CliTest, AResourceSetThatCannotBeUsedIsAnErrorAtItsPlace) {
  StallingProxy proxy(server_port(), 1 << 30);
  std::string config = KubeconfigWithServer(proxy.url());
  for (const BadSet& bad : BadSets()) {
    SCOPED_TRACE(bad.what);
    bool selectors = std::string_view(bad.text).starts_with("resourceSelectors:\n");
    std::string file =
        folder().Write("bad.yaml", selectors ? kHead + std::string(bad.text) : bad.text);
    for (const Words& args : {BackupArgs(file, config), Words{"resource-set", "lint", file},
                              Words{"resource-set", "explain", file, "--kubeconfig", config}}) {
      Outcome outcome = Holdfast(args);
      EXPECT_EQ(outcome.code, 1) << ToText(outcome);
      EXPECT_EQ(outcome.out, "");
      EXPECT_THAT(outcome.err, HasSubstr("error: " + file));
      for (const std::string& word : bad.words) EXPECT_THAT(outcome.err, HasSubstr(word));
    }
  }
  EXPECT_EQ(proxy.connections(), 0u);
  EXPECT_THAT(StoreFiles(), IsEmpty());
  // The proxy would have counted.
  EXPECT_EQ(Backup(Set("configmaps", "small"), config).code, 0);
  EXPECT_GT(proxy.connections(), 0u);
}

TEST_F(CliTest, AResourceSetFileThatIsNotThereIsNamed) {
  Outcome outcome = Backup("no/such/file.yaml");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no/such/file.yaml: No such file"));
  EXPECT_THAT(StoreFiles(), IsEmpty());
}

TEST_F(CliTest, AResourceSetOfTheClusterIsCheckedBeforeTheFirstList) {
  auto client = ClientOf(plane().kubeconfig());
  Must(testbed::InstallOperatorDefinitions(*client));
  const std::string sets = "/apis/resources.cattle.io/v1/resourcesets";
  Create(sets, R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":
{"name":"bad"},"resourceSelectors":[{"apiVersion":"v1","kinds":["configmaps"]},
{"apiVersion":"v1","kindsRegexp":"[z-a]"}]})");
  size_t lists = Lists("admin");
  Outcome outcome = Backup("bad");
  EXPECT_EQ(outcome.code, 1) << ToText(outcome);
  for (const char* word : {"bad", "resourceSelectors[1].kindsRegexp", "[z-a]"})
    EXPECT_THAT(outcome.err, HasSubstr(word));
  EXPECT_EQ(Lists("admin"), lists);

  outcome = Backup("missing");
  ExpectFailure(outcome, {"missing", "not found"});
  lists = Lists("admin");
  EXPECT_THAT(StoreFiles(), IsEmpty());
  Create(sets, R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":
{"name":"good"},"resourceSelectors":[{"apiVersion":"v1","kinds":["configmaps"],
"namespaces":["small"]}]})");
  EXPECT_EQ(Backup("good").code, 0);
  EXPECT_GT(Lists("admin"), lists);
}

}  // namespace
}  // namespace holdfast::tests
