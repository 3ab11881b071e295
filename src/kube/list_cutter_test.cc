#include "kube/list_cutter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::kube {
namespace {

const RequestFacts kFacts{"GET", "/api/v1/secrets", ""};

struct Cut {
  Status status;  // of Feed or Finish
  ListEnd end;
  std::vector<std::string> objects;
};

Cut CutInPieces(std::string_view text, size_t piece, CutterLimits limits = {}) {
  Cut cut;
  ObjectSink sink = [&](std::string_view object) -> Status {
    cut.objects.emplace_back(object);
    return {};
  };
  ListCutter cutter(sink, limits);
  for (size_t at = 0; at < text.size() && cut.status; at += piece) {
    // A copy of exactly the piece, so that ASan sees reads beyond it.
    std::vector<char> exact(
        text.begin() + static_cast<ptrdiff_t>(at),
        text.begin() + static_cast<ptrdiff_t>(std::min(text.size(), at + piece)));
    cut.status = cutter.Feed({exact.data(), exact.size()});
  }
  if (!cut.status) return cut;
  Result<ListEnd> end = cutter.Finish(kFacts);
  if (end)
    cut.end = *end;
  else
    cut.status = Fail(end.error());
  return cut;
}

// Strings that end in backslashes, hold brackets and quotes, and lie across block borders.
std::vector<std::string> Objects() {
  std::vector<std::string> objects = {"{}", R"({"a":"}"})", R"({"a":"\\"})", R"({"a":"\"}{\\\"]"})",
                                      R"({"a":[[{"b":[]}],"[{"]})"};
  for (size_t n = 0; n < 140; ++n)
    objects.push_back(R"({"name":")" + std::string(n, 'x') + R"(\\\"}]\\","n":[1,2,{"q":")" +
                      std::string(n % 7, '\\') + std::string(n % 7, '\\') + R"("}]})");
  return objects;
}

std::string Join(const std::vector<std::string>& objects, const std::string& between) {
  std::string text;
  for (const std::string& object : objects) text += (text.empty() ? "" : between) + object;
  return text;
}

TEST(ListCutter, CutsAtAnyBorderWithMetadataBeforeOrAfter) {
  const std::vector<std::string> objects = Objects();
  const std::string metadata =
      R"("metadata":{"resourceVersion":"12","continue":"a\"b","remainingItemCount":7})";
  const std::string before = R"({"kind":"SecretList","apiVersion":"v1",)" + metadata +
                             R"(,"items":[)" + Join(objects, ",") + "]}\n";
  const std::string after = R"({"apiVersion":"x/v1","items":[)" + Join(objects, ",") +
                            R"(],"kind":"XList",)" + metadata + "}";
  const std::string pretty = "{\n  \"kind\" : \"L\",\n  " + metadata + " ,\r\n\t\"items\" : [ \n " +
                             Join(objects, " ,\n ") + "\n ]\n}\n\n";
  for (const std::string& text : {before, after, pretty}) {
    for (size_t piece : {1, 2, 3, 7, 31, 63, 64, 65, 100, 1000, 1000000}) {
      Cut cut = CutInPieces(text, piece);
      ASSERT_TRUE(cut.status) << piece << ": " << cut.status.error().ToString();
      ASSERT_EQ(cut.objects, objects) << piece;
      EXPECT_EQ(cut.end.items, static_cast<int64_t>(objects.size()));
      EXPECT_EQ(cut.end.bytes, text.size());
      EXPECT_EQ(cut.end.resource_version, "12");
      EXPECT_EQ(cut.end.continue_token, "a\"b");
      EXPECT_EQ(cut.end.remaining_item_count, 7);
    }
  }
}

TEST(ListCutter, EmptyLists) {
  for (std::string items : {"[]", "[ \n ]", "null"}) {
    Cut cut = CutInPieces(R"({"metadata":{"resourceVersion":"1"},"items":)" + items + "}", 1);
    ASSERT_TRUE(cut.status) << items << cut.status.error().ToString();
    EXPECT_EQ(cut.objects.size(), 0u);
    EXPECT_EQ(cut.end.resource_version, "1");
    EXPECT_EQ(cut.end.continue_token, "");
    EXPECT_FALSE(cut.end.remaining_item_count);
  }
}

TEST(ListCutter, EveryTruncationIsSeen) {
  const std::string text =
      R"({"kind":"L","metadata":{"resourceVersion":"1"},"items":[{"a":"\"}"},{"b":[1]}],"x":1})";
  for (size_t size = 0; size < text.size(); ++size) {
    Cut cut = CutInPieces(std::string_view(text).substr(0, size), 5);
    ASSERT_FALSE(cut.status) << size;
    EXPECT_EQ(cut.status.error().kind(), ErrorKind::kUnavailable) << size;
  }
  EXPECT_TRUE(CutInPieces(text, 5).status);
}

TEST(ListCutter, WhatIsNoListIsRefused) {
  const std::vector<std::string> texts = {"<html>",
                                          "[]",
                                          "{\"items\":{}}",
                                          R"({"items":[1]})",
                                          R"({"items":[{}{"a":1}]})",
                                          R"({"items":[{},]})",
                                          R"({"items":[,{}]})",
                                          R"({"items":[{}],})",
                                          R"({"items":[{}]}{})",
                                          R"({"items":[{]})",
                                          R"({items:[]})",
                                          R"({"kind":"Pod"})",
                                          R"({"items":"x"})",
                                          R"({"a" "b"})",
                                          R"({"a":})",
                                          R"({"items":[[]]})"};
  for (const std::string& text : texts) {
    Cut cut = CutInPieces(text, 3);
    ASSERT_FALSE(cut.status) << text;
    EXPECT_TRUE(cut.status.error().kind() == ErrorKind::kInternal ||
                text == R"({"items":[{}{"a":1}]})")
        << text << cut.status.error().ToString();
  }
}

TEST(ListCutter, AStatusInsteadOfOrWithinTheList) {
  const std::string status =
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old",)"
      R"("reason":"Expired","code":410})";
  Cut cut = CutInPieces(status, 4);
  ASSERT_FALSE(cut.status);
  EXPECT_EQ(cut.status.error().kind(), ErrorKind::kExpired);
  EXPECT_EQ(cut.status.error().message(), "too old");

  cut = CutInPieces(R"({"kind":"L","items":[{"a":1})" + status + "\n", 4);
  ASSERT_FALSE(cut.status);
  EXPECT_EQ(cut.status.error().kind(), ErrorKind::kExpired);
  cut = CutInPieces(R"({"kind":"L","items":[{"a":1},{"b":)" + status, 4);
  ASSERT_FALSE(cut.status);
  EXPECT_EQ(cut.status.error().kind(), ErrorKind::kUnavailable);
}

TEST(ListCutter, Limits) {
  CutterLimits limits;
  limits.max_object = 20;
  limits.max_depth = 3;
  limits.max_other = 40;
  for (size_t piece : {1, 1000}) {
    EXPECT_TRUE(CutInPieces(R"({"items":[{"a":[{"b":12345}]}]})", piece, limits).status);
    EXPECT_FALSE(CutInPieces(R"({"items":[{"a":"1234567890123456"}]})", piece, limits).status);
    EXPECT_FALSE(CutInPieces(R"({"items":[{"a":[[[]]]}]})", piece, limits).status);
    EXPECT_FALSE(CutInPieces(R"({"x":[[[[]]]],"items":[]})", piece, limits).status);
    for (std::string value :
         {R"("12345678901234567890123456789012345")", R"([1234567890123456789012345678901234567])",
          R"(12345678901234567890123456789012345678)"})
      EXPECT_FALSE(CutInPieces("{\"x\":" + value + ",\"items\":[]}", piece, limits).status)
          << value;
  }
}

TEST(ListCutter, NamesTheObjectThatIsBeyondALimit) {
  const std::string deep = std::string(300, '[') + std::string(300, ']');
  const std::string meta = R"("metadata":{"name":"abyss","namespace":"team"})";
  CutterLimits limits;
  limits.max_depth = 256;
  for (size_t piece : {1, 7, 5000}) {
    for (const std::string& object : {R"({"kind":"Deep","a":)" + deep + "," + meta + "}",
                                      R"({"kind":"Deep",)" + meta + R"(,"spec":)" + deep + "}"}) {
      Cut cut = CutInPieces(R"({"items":[{"metadata":{}},)" + object + "]}", piece, limits);
      ASSERT_FALSE(cut.status);
      EXPECT_EQ(cut.status.error().kind(), ErrorKind::kInvalid);
      EXPECT_EQ(cut.status.error().message(),
                "the Deep team/abyss is nested deeper than 256 levels");
    }
  }
  limits.max_object = 200;
  Cut cut = CutInPieces(R"({"items":[{)" + meta + R"(,"x":")" + std::string(300, 'x') + "\"}]}", 9,
                        limits);
  ASSERT_FALSE(cut.status);
  EXPECT_EQ(cut.status.error().message(), "the object team/abyss is longer than 200 bytes");
}

TEST(ListCutter, TakesObjectsAsDeepAsAnApiServerDoes) {
  const std::string object =
      R"({"a":)" + std::string(9999, '[') + std::string(9999, ']') + R"(,"metadata":{}})";
  for (size_t piece : {size_t{100}, object.size() + 100})
    EXPECT_TRUE(CutInPieces("{\"items\":[" + object + "]}", piece).status);
  EXPECT_FALSE(CutInPieces("{\"items\":[{\"a\":" + object + "}]}", 100).status);
}

TEST(ListCutter, AnErrorOfTheSinkIsReturnedAsItIs) {
  ObjectSink sink = [](std::string_view) -> Status { return Fail(ErrorKind::kConflict, "mine"); };
  ListCutter cutter(sink);
  Status status = cutter.Feed(R"({"items":[{}]})");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "mine");
  EXPECT_TRUE(cutter.sink_failed());
}

}  // namespace
}  // namespace holdfast::kube
