#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::json {
namespace {

TEST(JsonText, QuotesAsTheArchiveFormatSays) {
  EXPECT_EQ(Quote("a<b>&\"\\\n\t\x01"), R"("a\u003cb\u003e\u0026\"\\\n\t\u0001")");
  EXPECT_EQ(Quote("\xe2\x80\xa8\xe2\x80\xa9 ünï"), "\"\\u2028\\u2029 ünï\"");
  EXPECT_EQ(Quote("\xff"), "\"\xef\xbf\xbd\"");
}

TEST(JsonText, Unescapes) {
  EXPECT_EQ(Unescape(R"(a\u003cb\n\/\ud83d\ude00)"), "a<b\n/\xf0\x9f\x98\x80");
  EXPECT_EQ(Unescape(R"(\ud83d!)"), "\xef\xbf\xbd!");
  EXPECT_TRUE(RawEquals(R"(\u0061b)", "ab"));
  EXPECT_FALSE(RawEquals("ab", "abc"));
}

TEST(JsonScan, ValidatesStrictly) {
  for (const char* good :
       {"{}", " [1,-0.5e+3,\"x\"] ", "null", R"({"a":{"b":[{}]},"c":"\u00ff"})", "0"})
    EXPECT_TRUE(Validate(good)) << good;
  for (const char* bad :
       {"", "{", "{]", "[1,]", "{\"a\":1,}", "{\"a\"}", "01", "1.", "-", "\"\x01\"", "\"\\x\"",
        "\"\\u12g4\"", "nul", "{}{}", "\"\xff\"", "\"\xed\xa0\x80\"", "\"a", "[1 2]", "{1:2}"})
    EXPECT_FALSE(Validate(bad)) << bad;
  std::string deep(300, '[');
  deep += std::string(300, ']');
  EXPECT_FALSE(Validate(deep));
  EXPECT_TRUE(Validate(deep, {.max_depth = 300}));
}

TEST(JsonScan, ValidationNeverReadsBeyondAnyPrefix) {
  std::string text = R"({"k\u00e9y":[true,{"x":-1.5e3,"é":"\\\""}],"z":null})";
  ASSERT_TRUE(Validate(text));
  for (size_t size = 0; size < text.size(); ++size) {
    std::string prefix = text.substr(0, size);  // own buffer: ASan sees any read past it
    prefix.shrink_to_fit();
    EXPECT_FALSE(Validate(prefix)) << size;
    for (ObjectReader reader(prefix); reader.Next();) {
    }
    Canonical(prefix);
  }
}

TEST(JsonScan, ReadsMembersAndElements) {
  std::string text = R"( { "a" : 1 , "b":"x,}\"", "c":[1,{"d":[]}], "e":{} } )";
  std::vector<std::string> seen;
  for (ObjectReader reader(text); auto m = reader.Next();)
    seen.push_back(std::string(m->key) + "=" + std::string(m->value));
  EXPECT_THAT(seen, testing::ElementsAre("a=1", R"(b="x,}\"")", R"(c=[1,{"d":[]}])", "e={}"));
  std::vector<std::string> elements;
  for (ArrayReader reader(*Find(text, {"c"})); auto e = reader.Next();) elements.emplace_back(*e);
  EXPECT_THAT(elements, testing::ElementsAre("1", R"({"d":[]})"));
  EXPECT_EQ(FindString(text, {"b"}), "x,}\"");
  EXPECT_FALSE(Find(text, {"c", "d"}));
  EXPECT_EQ(Find(R"({"a":1,"a":2})", {"a"}), "2");
}

TEST(JsonScan, FindsStringEndsAcrossBlocks) {
  for (size_t pad = 0; pad < 40; ++pad) {
    std::string text = "[\"" + std::string(pad, 'x') + "\\\"" + std::string(pad, '{') + "\",7]";
    std::vector<std::string> elements;
    for (ArrayReader reader(text); auto e = reader.Next();) elements.emplace_back(*e);
    ASSERT_EQ(elements.size(), 2u) << pad;
    EXPECT_EQ(elements[1], "7");
    EXPECT_EQ(SkipValue(text, 0), text.size());
  }
}

TEST(JsonEdit, RemovesAndSetsAndKeepsTheRest) {
  std::string text =
      R"({"metadata":{"uid":"u","name":"n","resourceVersion":"5"},"n":9007199254740993})";
  EXPECT_EQ(RemovePath(text, {"metadata", "uid"}),
            R"({"metadata":{"name":"n","resourceVersion":"5"},"n":9007199254740993})");
  EXPECT_EQ(RemoveKeys(R"({"a":1,"b":2,"c":3})", {"a", "c"}), R"({"b":2})");
  EXPECT_EQ(RemoveKeys(R"({"a":1})", {"a"}), "{}");
  EXPECT_EQ(RemoveKeys("{ \"a\":1 }", {"b"}), "{ \"a\":1 }");
  EXPECT_EQ(SetPath(text, {"metadata", "resourceVersion"}, "\"7\""),
            R"({"metadata":{"uid":"u","name":"n","resourceVersion":"7"},"n":9007199254740993})");
  EXPECT_EQ(SetPath("{}", {"a", "b"}, "1"), R"({"a":{"b":1}})");
  EXPECT_EQ(SetPath(R"({"a":null})", {"a", "b"}, "1"), R"({"a":{"b":1}})");
  EXPECT_EQ(SetPath(R"({"a":"text"})", {"a", "b"}, "1"), R"({"a":"text"})");
  EXPECT_EQ(SetKey(R"({"x":1 })", "y", "2"), R"({"x":1 ,"y":2})");
}

TEST(JsonCanonical, OneSpellingForEqualValues) {
  EXPECT_EQ(Canonical(R"( {"b" : [1, {"d":null,"c":"\u0061<"}], "a":1.50} )"),
            R"({"a":1.50,"b":[1,{"c":"a\u003c","d":null}]})");
  EXPECT_TRUE(Equal(R"({"a":1,"b":2})", R"({"b":2,"a":1})"));
  EXPECT_TRUE(Equal(R"({"\u0061":"é"})", "{\"a\":\"\\u00e9\"}"));
  EXPECT_FALSE(Equal("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(Equal("1", "1.0"));
  EXPECT_FALSE(Equal(R"(["a","b"])", R"(["b","a"])"));
}

}  // namespace
}  // namespace holdfast::json
