#include "resourceset/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

class ExplainTest : public testing::Test {
 protected:
  void Use(const std::string& selectors) {
    auto set = ParseResourceSet(
        "kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"
        "metadata: {name: s}\nresourceSelectors: [" +
            selectors + "]\n",
        "set.yaml");
    ASSERT_TRUE(set) << set.error().ToString();
    set_ = std::move(*set);
    auto selection = Selection::Build(set_, discovery_, log_);
    ASSERT_TRUE(selection);
    selection_.emplace(std::move(*selection));
  }

  ObjectExplanation Explain(std::string_view api_version, std::string_view plural,
                            std::string_view id, std::vector<size_t> server_matched = {}) {
    for (const FakeObject& object : FakeObjects()) {
      if (object.api_version != api_version || object.plural != plural || object.id != id) continue;
      return ExplainObject(set_, *selection_,
                           *discovery_.ByPlural(*kube::GroupVersion::Parse(api_version), plural),
                           object.json, server_matched);
    }
    ADD_FAILURE() << "no object " << id;
    return {};
  }

  kube::Discovery discovery_ = FakeDiscovery();
  Logger log_ = Logger::Quiet();
  ResourceSet set_;
  std::optional<Selection> selection_;
};

TEST_F(ExplainTest, EveryReason) {
  Use("{apiVersion: v1, kinds: [ConfigMap]},"
      "{apiVersion: v1, kindsRegexp: ^conf},"
      "{apiVersion: v1, kindsRegexp: ., excludeKinds: [Secret]},"
      "{apiVersion: v1, kinds: [Secret], namespaces: [b], namespaceRegexp: ^c},"
      "{apiVersion: v1, kinds: [Secret], resourceNames: [s2, s3]},"
      "{apiVersion: v1, kinds: [Secret], resourceNames: [s2], resourceNameRegexp: ^x},"
      "{apiVersion: v1, kinds: [Secret], excludeResourceNameRegexp: ^s},"
      "{apiVersion: v1, kinds: [Secret], labelSelectors: {matchLabels: {app: 'z'}}},"
      "{apiVersion: v1, kinds: [Secret], fieldSelectors: {type: T}},"
      "{apiVersion: x.io/v1}");
  const ObjectExplanation one = Explain("v1", "secrets", "a/s1");
  EXPECT_FALSE(one.taken_by);
  std::vector<std::string> reasons;
  for (const SelectorVerdict& verdict : one.verdicts) reasons.push_back(verdict.reason);
  EXPECT_THAT(
      reasons,
      testing::ElementsAre(
          "kinds [ConfigMap] has neither Secret nor secrets",
          "kindsRegexp \"^conf\" matches neither Secret nor secrets",
          "secrets is excluded by excludeKinds [Secret]",
          "namespace \"a\" is not in namespaces [b] and not matched by namespaceRegexp \"^c\"",
          "name \"s1\" is not in resourceNames [s2, s3]",
          "name \"s1\" is not matched by resourceNameRegexp \"^x\" and not in resourceNames",
          "name \"s1\" is excluded by excludeResourceNameRegexp \"^s\"",
          "label app is \"x\", and matchLabels wants \"z\"",
          "field type is \"Opaque\", and fieldSelectors wants \"T\""));
  EXPECT_THAT(one.ToString(set_), testing::StartsWith("not selected\n  resourceSelectors[0] (v1, "
                                                      "kinds [ConfigMap]): kinds [ConfigMap] has"));
}

TEST_F(ExplainTest, NamesTheFirstThatTakesIt) {
  Use("{apiVersion: v1, kinds: [Secret], namespaces: [b]}, {apiVersion: v1, kinds: [Secret]},"
      "{apiVersion: v1}");
  const ObjectExplanation one = Explain("v1", "secrets", "a/s1");
  EXPECT_EQ(one.taken_by, 1u);
  EXPECT_EQ(
      one.ToString(set_),
      "selected by resourceSelectors[1] (v1, kinds [Secret])\n"
      "  resourceSelectors[0] (v1, kinds [Secret], namespaces [b]): namespace \"a\" is not in "
      "namespaces [b]\n"
      "  resourceSelectors[2] (v1): selects it too\n");
}

TEST_F(ExplainTest, OtherVersionsAndGroups) {
  Use("{apiVersion: x.io/v2, kinds: [Widget]}, {apiVersion: v1}");
  const ObjectExplanation one = Explain("x.io/v1", "widgets", "a/w1");
  ASSERT_EQ(one.verdicts.size(), 1u);
  EXPECT_EQ(one.verdicts[0].reason, "it selects x.io/v2, not x.io/v1");
  Use("{apiVersion: v1}");
  EXPECT_EQ(Explain("x.io/v1", "widgets", "a/w1").ToString(set_),
            "not selected\n  no selector names its API group\n");
}

TEST_F(ExplainTest, FieldsOfTheServer) {
  Use("{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: a}}");
  const ObjectExplanation no = Explain("x.io/v1", "widgets", "a/w1");
  EXPECT_FALSE(no.taken_by);
  EXPECT_EQ(no.verdicts[0].reason, "the server does not select it by fieldSelectors spec.q=a");
  EXPECT_EQ(Explain("x.io/v1", "widgets", "a/w1", {0}).taken_by, 0u);
}

TEST_F(ExplainTest, ReadByName) {
  Use("{apiVersion: x.io/v1, kinds: [Probe], resourceNameRegexp: .},"
      "{apiVersion: x.io/v1, kinds: [Probe], resourceNames: [other]}");
  const ObjectExplanation one = Explain("x.io/v1", "probes", "p1");
  EXPECT_FALSE(one.taken_by);
  EXPECT_THAT(one.verdicts[0].reason, testing::HasSubstr("the selector has no resourceNames"));
  EXPECT_THAT(one.verdicts[1].reason, testing::HasSubstr("is read by name, and this one is not"));
  Use("{apiVersion: x.io/v1, resourceNames: [p1]}");
  EXPECT_EQ(Explain("x.io/v1", "probes", "p1").taken_by, 0u);
}

}  // namespace
}  // namespace holdfast::resourceset
