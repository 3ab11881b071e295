#include "resourceset/rendered.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kManifest[] = R"(---
# Source: chart/templates/b.yaml
apiVersion: resources.cattle.io/v1
kind: ResourceSet
metadata: {name: b}
resourceSelectors:
- {apiVersion: v1, kindsRegexp: "^secrets$"}
- apiVersion: "v1"
  kinds: [configmaps]
- {apiVersion: v1, kinds: [configmaps]}
- {apiVersion: v1, kinds: [pods]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-a-set}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: resources.cattle.io/v1, kind: ResourceSet, metadata: {name: a},
   resourceSelectors: [{apiVersion: v1, kinds: [configmaps]}]}
- {apiVersion: example.com/v1, kind: ResourceSet, metadata: {name: of-others}}
)";

ChartFiles Files() {
  return {{"files/1.yaml",
           "- apiVersion: v1\n  kindsRegexp: ^secrets$\n"
           "- kinds: ['configmaps']\n  apiVersion: v1\n"},
          {"files/2.yaml", "- {apiVersion: v1, kinds: [configmaps]}\n"},
          {"files/list-of-objects.yaml",
           "- {apiVersion: v1, kind: Pod, kinds: [pods]}\n- {apiVersion: v1, kinds: [pods]}\n"},
          {"broken.yaml", "a: [b"},
          {"values.yaml", "a: b\n"}};
}

TEST(Rendered, FindsTheSetsByName) {
  auto sets = ReadRenderedSets(kManifest, "chart");
  ASSERT_TRUE(sets) << sets.error().ToString();
  ASSERT_EQ(sets->size(), 2u);
  EXPECT_EQ((*sets)[0].set.name, "a");
  EXPECT_EQ((*sets)[1].set.name, "b");
  EXPECT_THAT((*sets)[0].selector_json,
              ElementsAre(R"({"apiVersion":"v1","kinds":["configmaps"]})"));
  EXPECT_THAT((*sets)[1].sources, ElementsAre("", "", "", ""));
}

TEST(Rendered, SourcesAreTheFilesThatHoldTheSelectors) {
  auto sets = ReadRenderedSets(kManifest, "chart");
  ASSERT_TRUE(sets);
  FindSources(*sets, Files());
  EXPECT_THAT((*sets)[0].sources, ElementsAre("files/1.yaml"));
  // Spelling and order of keys do not matter; the n-th twin comes from the n-th file.
  EXPECT_THAT((*sets)[1].sources, ElementsAre("files/1.yaml", "files/1.yaml", "files/2.yaml", ""));
}

TEST(Rendered, BareListsWhereAskedFor) {
  const char* list = "- {apiVersion: v1, kinds: [secrets]}\n";
  auto sets = ReadRenderedSets(list, "f.yaml", true);
  ASSERT_TRUE(sets) << sets.error().ToString();
  ASSERT_EQ(sets->size(), 1u);
  EXPECT_THAT((*sets)[0].set.selectors[0].kinds, ElementsAre("secrets"));
  EXPECT_THAT(ReadRenderedSets(list, "f.yaml")->size(), 0u);
}

TEST(Rendered, WhatIsWrongIsNamed) {
  auto sets = ReadRenderedSets("a: [b", "f.yaml");
  ASSERT_FALSE(sets);
  EXPECT_THAT(sets.error().ToString(), HasSubstr("f.yaml"));
  sets = ReadRenderedSets(
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: a}\n"
      "resourceSelectors: [{apiVersion: v1, kindsRegexp: '('}]\n",
      "chart");
  ASSERT_FALSE(sets);
  EXPECT_THAT(sets.error().ToString(), HasSubstr("kindsRegexp"));
  EXPECT_THAT(ReadRenderedSets(std::string(kMaxResourceSetBytes + 1, ' '), "big").error().message(),
              HasSubstr("longer"));
}

}  // namespace
}  // namespace holdfast::resourceset
