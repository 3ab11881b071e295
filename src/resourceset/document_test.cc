#include "resourceset/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/resource_set.h"

namespace holdfast::resourceset {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string ToJson(std::string_view yaml) {
  auto documents = ParseYaml(yaml);
  if (!documents) return documents.error().ToString();
  std::string out;
  for (const Document& document : *documents) {
    if (!out.empty()) out += "\n";
    AppendJson(out, *document.root);
  }
  return out;
}

TEST(Document, YamlToJson) {
  EXPECT_EQ(ToJson("a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: ~, e: yes}\nf: 1.50\n"),
            R"({"a":1,"b":["x","y","z\n"],"c":{"d":null,"e":true},"f":1.50})");
  EXPECT_EQ(ToJson("a: '1'\nb: !!str 2\nc: \"\"\nd:\n"), R"({"a":"1","b":"2","c":"","d":null})");
  EXPECT_EQ(ToJson("a: |\n  x\n  y\nb: >-\n  x\n  y\n"), R"({"a":"x\ny\n","b":"x y"})");
  EXPECT_EQ(ToJson("1: x\nübung: <ü>\n"), "{\"1\":\"x\",\"übung\":\"\\u003cü\\u003e\"}");
  EXPECT_EQ(ToJson("a: 1\n---\n# nothing\n---\n- b\n"), "{\"a\":1}\nnull\n[\"b\"]");
  EXPECT_EQ(ToJson("\xEF\xBB\xBF"
                   "a: 1"),
            "{\"a\":1}");
  EXPECT_EQ(ToJson(""), "");
}

TEST(Document, AliasesAndMergeKeys) {
  EXPECT_EQ(ToJson("a: &x [1]\nb: *x\nc: &y s\nd: *y\n"), R"({"a":[1],"b":[1],"c":"s","d":"s"})");
  EXPECT_EQ(ToJson("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n"),
            R"({"a":{"k":1,"l":2},"b":{"l":3,"k":1}})");
  EXPECT_EQ(ToJson("- &x {k: 1}\n- &y {k: 2, l: 2}\n- {<<: [*x, *y]}\n"),
            R"([{"k":1},{"k":2,"l":2},{"k":1,"l":2}])");
  EXPECT_THAT(ToJson("a: &x [*x]\n"), HasSubstr("1:8: "));
  EXPECT_THAT(ToJson("a: *x\n"), StartsWith("1:4: "));
  EXPECT_THAT(ToJson("<<: 3\n"), HasSubstr("merge key"));
}

TEST(Document, RemembersPlacesAndDoubleKeys) {
  auto documents = ParseYaml("a:\n  - b: 1\n    c: x\n    b: 2\nd: .inf\n");
  ASSERT_TRUE(documents);
  const Document& document = documents->front();
  const Node& item = *document.root->Find("a")->items[0];
  EXPECT_EQ(item.mark.line, 2);
  EXPECT_EQ(item.mark.column, 5);
  EXPECT_EQ(item.Find("b")->text, "2");
  EXPECT_EQ(item.Find("c")->mark.line, 3);
  EXPECT_EQ(item.Find("c")->mark.column, 8);
  ASSERT_EQ(document.faults.size(), 2u);
  EXPECT_EQ(document.faults[0].message, "key \"b\" is given twice, first in line 2");
  EXPECT_EQ(document.faults[0].mark.line, 4);
  EXPECT_EQ(document.faults[1].message, "JSON has no number .inf");
}

TEST(Document, JsonWithPlaces) {
  auto document = ParseJson("{\"a\": [1,\n  {\"b\": \"x\\u0041\"}],\n \"a\": true, \"c\": 1e400}");
  ASSERT_TRUE(document);
  std::string out;
  AppendJson(out, *document->root);
  EXPECT_EQ(out, R"({"a":true,"c":1e400})");
  ASSERT_EQ(document->faults.size(), 1u);
  EXPECT_EQ(document->faults[0].message, "key \"a\" is given twice, first in line 1");
  EXPECT_EQ(document->faults[0].mark.line, 3);
  EXPECT_EQ(document->faults[0].mark.column, 2);
  EXPECT_FALSE(ParseJson("{a: 1}"));
}

TEST(Document, Limits) {
  const std::string fits =
      std::string(kMaxResourceSetDepth, '[') + std::string(kMaxResourceSetDepth, ']');
  EXPECT_EQ(ToJson(fits), fits);
  EXPECT_TRUE(ParseJson(fits));
  EXPECT_FALSE(ParseJson("[" + fits + "]"));
  EXPECT_THAT(ToJson("[" + fits + "]"), HasSubstr("nested deeper than 64 levels"));
  EXPECT_FALSE(ParseYaml(std::string(100'000, '[')));

  std::string laughs = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    laughs += "- &a" + std::to_string(i) + " [" + below;
    for (int j = 1; j < 10; ++j) laughs += ", " + below;
    laughs += "]\n";
  }
  EXPECT_THAT(ToJson(laughs), HasSubstr("more than 200000 values"));
  std::string many = "[1";
  for (size_t i = 0; i < kMaxResourceSetNodes; ++i) many += ",1";
  auto too_many = ParseJson(many + "]");
  ASSERT_FALSE(too_many);
  EXPECT_THAT(too_many.error().message(), HasSubstr("more than 200000 values"));

  // Deep only by way of aliases.
  std::string tower = "- &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    tower += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_THAT(ToJson(tower), HasSubstr("nested deeper"));

  EXPECT_THAT(ToJson(std::string(kMaxResourceSetBytes + 1, ' ')), HasSubstr("longer than"));
}

TEST(Document, WhatIsNotYaml) {
  EXPECT_THAT(ToJson("a: b: c\n"), AllOf(StartsWith("1:"), HasSubstr("is not YAML")));
  EXPECT_THAT(ToJson("a: [1\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(ToJson("{a: 1}}\n"), HasSubstr("is not YAML"));
  // Without the check in OnDocumentStart this one never ends.
  EXPECT_THAT(ToJson("{a: 1},\n"), HasSubstr("1:7: is not YAML: there is more text"));
  EXPECT_THAT(ToJson("\x1f\x8b\x08\xff"), HasSubstr("is not UTF-8 text"));
  EXPECT_THAT(ToJson(std::string_view("a\0b", 3)), HasSubstr("is not UTF-8 text"));
  EXPECT_THAT(ToJson("? [a]\n: b\n"), HasSubstr("cannot be a key"));
  EXPECT_THAT(ToJson("yes: b\n"), HasSubstr("quote it"));
  EXPECT_THAT(ToJson("a: !!binary eA==\n"), HasSubstr("not supported"));
}

TEST(Document, Utf8) {
  EXPECT_TRUE(IsUtf8("aü€\xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xC3"));
  EXPECT_FALSE(IsUtf8("\xC0\x80"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(IsUtf8("\x80"));
}

}  // namespace
}  // namespace holdfast::resourceset
