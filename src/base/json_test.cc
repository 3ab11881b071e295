#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "base/json_diff.h"
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
  auto deep = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(Validate(deep(kMaxNesting)));
  EXPECT_FALSE(Validate(deep(kMaxNesting + 1)));
  EXPECT_TRUE(Validate(deep(300), {.max_depth = 300}));
  EXPECT_FALSE(Validate(deep(300), {.max_depth = 299}));
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

// A value nested `levels` deep, objects and arrays in turn, each object with a member before or
// behind the nested one, with `bottom` innermost. `swapped` writes the objects' members the other
// way round.
std::string Nested(size_t levels, const std::string& bottom, bool swapped) {
  std::string front, back;
  for (size_t i = 0; i < levels; ++i) {
    if (i % 2 == 1) {
      front += '[';
      back.insert(back.begin(), ']');
    } else if (swapped) {
      front += R"({"k\u0065y":)";
      back.insert(0, R"(,"a":1})");
    } else {
      front += R"({"a":1,"key":)";
      back.insert(back.begin(), '}');
    }
  }
  return front + bottom + back;
}

TEST(JsonCanonical, TakesAnyDepthInLinearTime) {
  // Looking at each level's whole text would be 10,000 times 1 MB.
  std::string bottom = "[0";
  for (int i = 0; i < 250'000; ++i) bottom += ",[]";
  bottom += "]";
  const std::string sorted = Nested(kMaxNesting - 2, bottom, false);
  EXPECT_EQ(Canonical(sorted), sorted);
  const std::string small = Nested(kMaxNesting - 2, "{\"b\":[],\"a\":1}", false);
  EXPECT_EQ(Canonical(Nested(kMaxNesting - 2, "{\"a\":2,\"b\":[],\"a\":1}", true)),
            Canonical(small));
  EXPECT_FALSE(Equal(small, Nested(kMaxNesting - 2, "{\"b\":[],\"a\":2}", true)));
  EXPECT_EQ(Canonical(std::string(1'000'000, '[')).size(), 2'000'000u);  // not validated
}

TEST(JsonCanonical, StaysWithinTextThatIsNotJson) {
  for (const char* text : {"",    "{",  "[",     "}",       "]",           ",",         ":",
                           "[}",  "{]", "[1 2]", "{\"a\"}", "{\"a\":}",    "{\"a\":,}", "[,]",
                           "{,}", "\"", "{\"",   "[\"a",    "{\"a\":[}]}", "[:]"}) {
    std::string exact = text;
    exact.shrink_to_fit();
    Canonical(exact);
    Differences(exact, "{\"a\":[1,{}]}", Arrays::kByPosition, 9);
    Differences("[[{\"a\":1}]]", exact, Arrays::kWholeIfLengthsDiffer, 9);
  }
}

std::vector<std::string> DifferencesOf(std::string_view left, std::string_view right, Arrays arrays,
                                       size_t limit = 20) {
  std::vector<std::string> lines;
  std::string a = Canonical(left), b = Canonical(right);
  for (const Difference& d : Differences(a, b, arrays, limit))
    lines.push_back(d.path + " " + std::string(d.left) + " " + std::string(d.right));
  return lines;
}

TEST(JsonDiff, NamesEachPlace) {
  using testing::ElementsAre;
  std::string_view a = R"({"a":1,"c":{"x.y":[1,{"z":true}]},"d":[],"e":"t"})";
  std::string_view b = R"({"b":{"n":1},"c":{"x.y":[2,{"z":null}]},"d":{},"e":"t"})";
  for (Arrays arrays : {Arrays::kByPosition, Arrays::kWholeIfLengthsDiffer})
    EXPECT_THAT(DifferencesOf(a, b, arrays),
                ElementsAre("a 1 ", "b  {\"n\":1}", "c[\"x.y\"][0] 1 2",
                            "c[\"x.y\"][1].z true null", "d [] {}"));
  EXPECT_THAT(DifferencesOf(a, b, Arrays::kByPosition, 2), ElementsAre("a 1 ", "b  {\"n\":1}"));
  EXPECT_THAT(DifferencesOf("1", "2", Arrays::kByPosition), ElementsAre(" 1 2"));
  EXPECT_THAT(DifferencesOf(a, a, Arrays::kByPosition), ElementsAre());
  EXPECT_THAT(DifferencesOf(R"({"a":{"b":1}})", "{}", Arrays::kByPosition),
              ElementsAre("a {\"b\":1} "));
  EXPECT_THAT(DifferencesOf("[]", R"([{"a":1}])", Arrays::kByPosition),
              ElementsAre("[0]  {\"a\":1}"));
}

TEST(JsonDiff, ArraysOfDifferentLength) {
  using testing::ElementsAre;
  std::string_view a = R"({"l":[1,[2,3],4],"m":1})", b = R"({"l":[9,[2],7,8],"m":2})";
  EXPECT_THAT(DifferencesOf(a, b, Arrays::kByPosition),
              ElementsAre("l[0] 1 9", "l[1][1] 3 ", "l[2] 4 7", "l[3]  8", "m 1 2"));
  // With a limit that the elements alone would reach.
  EXPECT_THAT(DifferencesOf(a, b, Arrays::kWholeIfLengthsDiffer, 2),
              ElementsAre("l [1,[2,3],4] [9,[2],7,8]", "m 1 2"));
  EXPECT_THAT(DifferencesOf("[[1,[2,3]]]", "[[2,[2]]]", Arrays::kWholeIfLengthsDiffer),
              ElementsAre("[0][0] 1 2", "[0][1] [2,3] [2]"));
}

TEST(JsonDiff, TakesAnyDepthInLinearTime) {
  std::string bottom = "[0";
  for (int i = 0; i < 250'000; ++i) bottom += ",[]";
  auto value = [&](const char* last) { return Nested(9998, bottom + last, false); };
  for (Arrays arrays : {Arrays::kByPosition, Arrays::kWholeIfLengthsDiffer}) {
    auto found = Differences(value(",1]"), value(",2]"), arrays, 9);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_LT(found[0].path.size(), 300u);
    EXPECT_TRUE(found[0].path.starts_with("key[0].key[0].")) << found[0].path;
    EXPECT_TRUE(found[0].path.ends_with("[0].key[0][250001]")) << found[0].path;
  }
}

}  // namespace
}  // namespace holdfast::json
