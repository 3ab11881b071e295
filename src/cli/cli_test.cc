#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "cli/call_for_test.h"
#include "cli/cli.h"
#include "cli/field_diff.h"
#include "cli/object_ref.h"
#include "cli/output.h"
#include "cli/suggest.h"

namespace holdfast::cli {
namespace {

using testing::HasSubstr;

TEST(Cli, WrongUsageIsTwoWithAHint) {
  Outcome outcome = Call({"bakcup"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"backup\"?"));
  EXPECT_EQ(Call({}).code, 2);
  EXPECT_EQ(Call({"backup"}).code, 2);
  EXPECT_EQ(Call({"restore"}).code, 2);
  EXPECT_EQ(Call({"restore", "a", "--abort"}).code, 2);
  EXPECT_EQ(Call({"verify", "a", "-o", "xml"}).code, 2);
  EXPECT_EQ(Call({"restore", "a", "--delete-timeout", "-1"}).code, 2);
}

TEST(Cli, HelpAndVersionAreZero) {
  EXPECT_EQ(Call({"--help"}).code, 0);
  EXPECT_THAT(Call({"restore", "--help"}).out, HasSubstr("--plan"));
  EXPECT_THAT(Call({"--version"}).out, HasSubstr(HOLDFAST_VERSION));
  EXPECT_THAT(Call({"version"}).out, HasSubstr(HOLDFAST_VERSION));
}

TEST(Cli, FailuresAreOneAndSayWhatToDo) {
  Outcome outcome = Call({"verify", "x.tar.gz", "--store", "/nonexistent/folder"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nonexistent/folder"));
  EXPECT_THAT(outcome.err, HasSubstr("hint: "));
  outcome = Call({"list", "--store", "gs://bucket"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("local folder"));
}

TEST(Cli, CompletionNamesEveryCommandAndOption) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    std::string script = Call({"completion", shell}).out;
    for (const char* word : {"backup", "restore", "resource-set", "explain", "delete-timeout"})
      EXPECT_THAT(script, HasSubstr(word)) << shell;
  }
  EXPECT_EQ(Call({"completion", "tcsh"}).code, 2);
}

TEST(Output, WritesYamlThatKeepsNumbersAndTexts) {
  std::string json =
      R"({"a":9007199254740993,"b":"yes","c":"plain-text","d":[],"e":[{"x":1,"y":["p","q"]},2],"f":{},"g":{"h":"a: b"},"12":1.50})";
  EXPECT_EQ(
      ToYaml(json),
      "a: 9007199254740993\nb: \"yes\"\nc: plain-text\nd: []\ne:\n- x: 1\n  \"y\":\n  - p\n  - "
      "q\n- 2\nf: {}\n"
      "g:\n  h: \"a: b\"\n\"12\": 1.50");
  EXPECT_EQ(ToYaml("{}"), "{}");
  EXPECT_EQ(PrettyJson(R"({"a":[1,{}],"b":[]})"),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST(Output, HumanBytes) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.0 kB");
  EXPECT_EQ(HumanBytes(999'960), "1.0 MB");
}

TEST(ObjectRef, Parses) {
  ObjectRef ref = *ObjectRef::Parse("secrets/cattle-system/tls-ca");
  EXPECT_EQ(ref.plural, "secrets");
  EXPECT_EQ(ref.group, "");
  EXPECT_EQ(ref.ns, "cattle-system");
  ref = *ObjectRef::Parse("clusters.management.cattle.io#v3/local");
  EXPECT_EQ(ref.group, "management.cattle.io");
  EXPECT_EQ(ref.version, "v3");
  EXPECT_TRUE(ref.Names({"clusters", "management.cattle.io", "v3", "", "local"}));
  EXPECT_FALSE(ref.Names({"clusters", "management.cattle.io", "v3", "x", "local"}));
  for (const char* bad : {"secrets", "", "a//b", "/a", ".x/a", "a/b/c/d"})
    EXPECT_FALSE(ObjectRef::Parse(bad)) << bad;
}

TEST(FieldDiff, NamesEveryPath) {
  auto changes = DiffFields(
      R"({"a":1,"l":{"x.y/z":"1"},"s":[1,2,3],"t":"x","big":9007199254740993})",
      R"({"l":{"x.y/z":"2"},"s":[1,5],"t":{"u":1},"n":null,"big":9007199254740992})", 20);
  std::vector<std::string> lines;
  for (const auto& c : changes) lines.push_back(c.path + " " + c.left + " " + c.right);
  EXPECT_THAT(lines, testing::ElementsAre("a 1 ", "big 9007199254740993 9007199254740992",
                                          "l[\"x.y/z\"] \"1\" \"2\"", "n  null", "s[1] 2 5",
                                          "s[2] 3 ", "t \"x\" {\"u\":1}"));
  EXPECT_TRUE(DiffFields(R"({"a":"\u0062"})", R"({ "a" : "b" })", 20).empty());
  EXPECT_EQ(DiffFields("[1,2,3]", "[4,5,6]", 2).size(), 2u);
}

TEST(Output, ValuesOfAnyDepth) {
  std::string deep = R"({"spec":)";
  for (int i = 0; i < 4999; ++i) deep += R"({"a":[)";
  deep += "{\"x\": [1]}";
  for (int i = 0; i < 4999; ++i) deep += "]}";
  deep += "}";
  for (const std::string& text : {PrettyJson(deep), ToYaml(deep)}) {
    EXPECT_LT(text.size(), 100'000u);
    EXPECT_NE(text.find("{\"a\":[{\"a\":["), std::string::npos);
    EXPECT_NE(text.find("{\"x\":[1]}"), std::string::npos);
  }
  EXPECT_TRUE(json::Equal(PrettyJson(deep), deep));
}

TEST(Suggest, Distance) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

}  // namespace
}  // namespace holdfast::cli
