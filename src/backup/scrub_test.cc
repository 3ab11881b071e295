#include "backup/scrub.h"

#include <gtest/gtest.h>

#include "base/json_scan.h"

namespace holdfast::backup {
namespace {

kube::ResourceType Type(std::string group, std::string version, std::string plural,
                        std::string kind) {
  kube::ResourceType type;
  type.gv = {std::move(group), std::move(version)};
  type.plural = std::move(plural);
  type.kind = std::move(kind);
  return type;
}

const kube::ResourceType kSecrets = Type("", "v1", "secrets", "Secret");
const kube::ResourceType kNamespaces = Type("", "v1", "namespaces", "Namespace");
const kube::ResourceType kWidgets = Type("x.io", "v1", "widgets", "Widget");

struct ScrubCase {
  std::string_view what;
  const kube::ResourceType* type;
  std::string_view object, entry;
};

class ScrubTest : public ::testing::TestWithParam<ScrubCase> {};

TEST_P(ScrubTest, GivesTheEntry) {
  const ScrubCase& c = GetParam();
  ObjectScan scan;
  auto read = scan.Read(c.object);
  ASSERT_TRUE(read) << c.what << ": " << read.error().ToString();
  std::string entry = Scrubber::Scrub(*c.type, scan);
  EXPECT_EQ(entry, c.entry) << c.what;
  EXPECT_TRUE(json::Validate(entry)) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScrubTest,
    ::testing::Values(
        ScrubCase{
            "an item of a built-in list", &kSecrets,
            R"({"metadata":{"name":"s","namespace":"n","uid":"u","resourceVersion":"1"},"data":{}})",
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"n"},"data":{}})"},
        ScrubCase{
            "a custom resource has both already", &kWidgets,
            R"({"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"w","uid":"u"},"spec":{"big":12345678901234567890.10}})",
            R"({"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"big":12345678901234567890.10}})"},
        ScrubCase{"kind only is missing", &kWidgets,
                  R"({"apiVersion":"x.io/v1","metadata":{"name":"w"}})",
                  R"({"kind":"Widget","apiVersion":"x.io/v1","metadata":{"name":"w"}})"},
        ScrubCase{
            "type and kind after metadata are found", &kWidgets,
            R"({"metadata":{"name":"w"},"spec":{"kind":"x"},"kind":"Widget","apiVersion":"x.io/v1"})",
            R"({"metadata":{"name":"w"},"spec":{"kind":"x"},"kind":"Widget","apiVersion":"x.io/v1"})"},
        ScrubCase{
            "an inner kind is not the object's", &kSecrets,
            R"({"metadata":{"name":"w"},"subjects":[{"kind":"User","apiVersion":"q"}]})",
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"w"},"subjects":[{"kind":"User","apiVersion":"q"}]})"},
        ScrubCase{
            "every field that goes, wherever it stands", &kWidgets,
            R"({"apiVersion":"a","kind":"b","metadata":{"uid":"u","selfLink":"/x","name":"w","resourceVersion":"9","creationTimestamp":"t","labels":{"uid":"stays"},"deletionTimestamp":null,"generation":7,"deletionGracePeriodSeconds":30}})",
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w","labels":{"uid":"stays"},"generation":7}})"},
        ScrubCase{
            "what stays in metadata", &kWidgets,
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w","managedFields":[{"time":"t"}],"finalizers":["f"],"annotations":{"a":"1"},"ownerReferences":[{"uid":"o"}]},"status":{"uid":"s"}})",
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w","managedFields":[{"time":"t"}],"finalizers":["f"],"annotations":{"a":"1"},"ownerReferences":[{"uid":"o"}]},"status":{"uid":"s"}})"},
        ScrubCase{
            "top-level fields before metadata", &kWidgets,
            R"({"apiVersion":"a","displayName":"d","enabled":true,"kind":"b","metadata":{"uid":"u","name":"w"}})",
            R"({"apiVersion":"a","displayName":"d","enabled":true,"kind":"b","metadata":{"name":"w"}})"},
        ScrubCase{
            "text is not touched", &kWidgets,
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w","uid":"u"},"t":"\u003c \"metadata\":{\"uid\":1} é 𝄞"})",
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w"},"t":"\u003c \"metadata\":{\"uid\":1} é 𝄞"})"},
        ScrubCase{
            "pretty-printed text becomes one line", &kWidgets,
            "{\n  \"apiVersion\": \"a\",\n  \"kind\": \"b\",\n  \"metadata\": {\n    \"name\": "
            "\"w\",\n    \"uid\": \"u\"\n  },\n  \"t\": \"a b\\n\"\n}\n",
            R"({"apiVersion":"a","kind":"b","metadata":{"name":"w"},"t":"a b\n"})"}));

TEST(IsLeftOutTest, FollowsTheRulesForTerminatingObjects) {
  struct Case {
    const kube::ResourceType* type;
    std::string_view object;
    bool left_out;
  };
  for (
      const Case& c : std::initializer_list<Case>{
          {&kSecrets, R"({"metadata":{"name":"s"}})", false},
          {&kSecrets, R"({"metadata":{"name":"s","deletionTimestamp":"t"}})", true},
          {&kSecrets, R"({"metadata":{"name":"s","deletionTimestamp":null}})", false},
          {&kSecrets, R"({"metadata":{"name":"s","deletionTimestamp":"t","finalizers":["f"]}})",
           false},
          {&kNamespaces, R"({"metadata":{"name":"n","deletionTimestamp":"t"}})", true},
          {&kNamespaces,
           R"({"metadata":{"name":"n","deletionTimestamp":"t","finalizers":["f"]},"spec":{}})",
           true},
          {&kNamespaces,
           R"({"metadata":{"name":"n","deletionTimestamp":"t"},"spec":{"finalizers":[]}})", true},
          {&kNamespaces,
           R"({"metadata":{"name":"n","deletionTimestamp":"t"},"spec":{"finalizers":["kubernetes"]}})",
           false},
          {&kNamespaces, R"({"metadata":{"name":"n"},"spec":{}})", false}}) {
    ObjectScan scan;
    ASSERT_TRUE(scan.Read(c.object));
    EXPECT_EQ(IsLeftOut(*c.type, scan), c.left_out) << c.object;
  }
}

TEST(ObjectScanTest, ReadsWhatSelectionAndSettlingNeed) {
  ObjectScan scan;
  ASSERT_TRUE(scan.Read(
      R"({"metadata":{"labels":{"a":"b"},"namespace":"n","resourceVersion":"18446744073709551615","name":"x\u003cy"},"s":1})"));
  EXPECT_EQ(scan.name(), "x<y");
  EXPECT_EQ(scan.ns(), "n");
  EXPECT_EQ(scan.revision(), UINT64_MAX);
  EXPECT_EQ(scan.selection_metadata(), R"({"name":"x\u003cy","namespace":"n","labels":{"a":"b"}})");
  // Nothing of the object before is left.
  ASSERT_TRUE(scan.Read(R"({"metadata":{"name":"x"}})"));
  EXPECT_EQ(scan.ns(), "");
  EXPECT_FALSE(scan.revision());
  EXPECT_EQ(scan.selection_metadata(), R"({"name":"x"})");
}

TEST(ObjectScanTest, RefusesWhatIsNoObjectWithAName) {
  ObjectScan scan;
  for (std::string_view text :
       {"", "1", "[]", "{}", "{\"metadata\":null}", "{\"metadata\":{}}",
        "{\"metadata\":{\"name\":\"\"}}", "{\"metadata\":{\"name\":5}}",
        "{\"metadata\":{\"name\":\"a/b\"}}", "{\"metadata\":{\"name\":\"..\"}}",
        "{\"metadata\":{\"name\":\"a\",\"namespace\":\"../x\"}}",
        "{\"metadata\":{\"name\":\"a\\u0000\"}}"}) {
    auto read = scan.Read(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind(), ErrorKind::kInternal);
  }
}

TEST(ParseRevisionTest, TakesWholeDecimalNumbersOnly) {
  EXPECT_EQ(ParseRevision("1"), 1u);
  EXPECT_EQ(ParseRevision("0"), 0u);
  EXPECT_EQ(ParseRevision("18446744073709551615"), UINT64_MAX);
  for (std::string_view text : {"", "01", "-1", "+1", "1a", " 1", "18446744073709551616", "1.0"})
    EXPECT_FALSE(ParseRevision(text)) << text;
}

}  // namespace
}  // namespace holdfast::backup
