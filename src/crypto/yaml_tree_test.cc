#include "crypto/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::crypto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ParseError(std::string_view text) {
  auto tree = YamlTree::Parse(text);
  return tree ? "no error" : tree.error().ToString();
}

TEST(YamlTree, KeepsStructureLinesAndQuoting) {
  auto tree = YamlTree::Parse("a: 1\nb:\n- \"1\"\n- ~\nc: {d: !!str 2}\n");
  ASSERT_TRUE(tree) << tree.error().ToString();
  const YamlNode& root = tree->root();
  ASSERT_EQ(root.fields.size(), 3u);
  EXPECT_EQ(root.fields[0].first, "a");
  EXPECT_EQ(ScalarType(*root.fields[0].second), "number");
  const YamlNode& list = *root.fields[1].second;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(ScalarType(*list.items[0]), "string");
  EXPECT_EQ(list.items[0]->line, 3);
  EXPECT_EQ(list.items[1]->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(ScalarType(*root.fields[2].second->fields[0].second), "string");
}

TEST(YamlTree, ReadsJson) {
  auto tree = YamlTree::Parse("{\"a\":{\"b\":[\"x\\/y\",\"\\u0041\"]},\n\t\"c\":true}");
  ASSERT_TRUE(tree) << tree.error().ToString();
  const YamlNode& list = *tree->root().fields[0].second->fields[0].second;
  EXPECT_EQ(list.items[0]->text.view(), "x/y");
  EXPECT_EQ(list.items[1]->text.view(), "A");
  EXPECT_EQ(ScalarType(*tree->root().fields[1].second), "boolean");
}

TEST(YamlTree, FollowsAliases) {
  auto tree = YamlTree::Parse("a: &x [1]\nb: *x\n");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_EQ(tree->root().fields[0].second, tree->root().fields[1].second);
}

TEST(YamlTree, TellsOfDuplicates) {
  auto tree = YamlTree::Parse("a: 1\nb: {c: 1, c: 2}\na: 2\n");
  ASSERT_TRUE(tree) << tree.error().ToString();
  EXPECT_THAT(tree->duplicates(), ElementsAre("line 2: key \"c\" already set in map",
                                              "line 3: key \"a\" already set in map"));
}

TEST(YamlTree, Refuses) {
  EXPECT_THAT(ParseError("a: [1\n"), HasSubstr("yaml: line"));
  EXPECT_THAT(ParseError("a: *secret-looking\n"), HasSubstr("line 1: unknown alias"));
  EXPECT_THAT(ParseError("a: *secret-looking\n"), ::testing::Not(HasSubstr("secret-looking")));
  EXPECT_THAT(ParseError("a: 1\n---\nb: 2\n"), HasSubstr("more than one document"));
  EXPECT_THAT(ParseError("a: !!binary YQ==\n"), HasSubstr("tags are not supported"));
  EXPECT_THAT(ParseError("[a]: 1\n"), HasSubstr("a key must be a string"));
  EXPECT_THAT(ParseError("&a x: 1\n*a : 2\n"), HasSubstr("alias"));
  EXPECT_THAT(ParseError("# nothing\n"), HasSubstr("empty"));
  // yaml-cpp would take this byte for the end.
  EXPECT_THAT(ParseError("a: 1\n\x04\nb: 2\n"), HasSubstr("line 2: control characters"));
  EXPECT_THAT(ParseError(std::string("a: 1\0", 5)), HasSubstr("control characters"));
}

TEST(YamlTree, HasLimits) {
  std::string deep = std::string(32, '[') + std::string(32, ']');
  EXPECT_TRUE(YamlTree::Parse(deep));
  EXPECT_THAT(ParseError("[" + deep + "]"), HasSubstr("nested too deeply"));
  EXPECT_THAT(ParseError(std::string(100'000, '[')), HasSubstr("yaml: line 1: "));
  std::string many;
  for (int i = 0; i < 9'999; ++i) many += "- \n";
  EXPECT_TRUE(YamlTree::Parse(many));
  EXPECT_THAT(ParseError(many + "- \n"), HasSubstr("too many values"));
}

TEST(YamlTree, AcceptsAnEmptySecondDocument) {
  EXPECT_TRUE(YamlTree::Parse("a: 1\n---\n"));
  EXPECT_TRUE(YamlTree::Parse("---\na: 1\n...\n"));
}

TEST(YamlTree, KnowsWhatKubernetesTakesForNumbersAndBooleans) {
  auto type = [](std::string text) {
    auto tree = YamlTree::Parse("- " + text);
    return std::string(tree ? ScalarType(*tree->root().items.at(0)) : "error");
  };
  for (const char* text : {"1", "-1", "+1.5", ".5", "1.", "1e3", "1E-3", "0x1F", "0b01", "0o17",
                           "1_000", ".inf", "-.INF", ".nan"})
    EXPECT_EQ(type(text), "number") << text;
  for (const char* text : {"yes", "No", "TRUE", "off", "y"}) EXPECT_EQ(type(text), "boolean");
  for (const char* text : {"key1", "1a", "0x", "1e", ".", "-", "yEs", "'1'", "\"yes\"", "1.2.3",
                           "YWJj+/==", "0b2", "e1"})
    EXPECT_EQ(type(text), "string") << text;
}

}  // namespace
}  // namespace holdfast::crypto
