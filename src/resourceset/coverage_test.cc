#include "resourceset/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<RenderedSet> Sets(const std::string& selectors) {
  auto sets = ReadRenderedSets(
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: a}\n"
      "resourceSelectors:\n" +
          selectors,
      "chart");
  EXPECT_TRUE(sets) << sets.error().ToString();
  return sets ? std::move(*sets) : std::vector<RenderedSet>();
}

// "selector: caveat; caveat" of each rule that takes it.
std::vector<std::string> Find(const std::string& selectors, const ResourceFacts& facts) {
  auto found = FindCoverage(Sets(selectors), facts);
  EXPECT_TRUE(found) << found.error().ToString();
  std::vector<std::string> texts;
  if (!found) return texts;
  for (const Coverage& coverage : *found) {
    std::string text = std::to_string(coverage.selector);
    for (const std::string& caveat : coverage.caveats) text += ": " + caveat;
    texts.push_back(text);
  }
  return texts;
}

ResourceFacts Facts(const std::string& kind_and_name, const std::string& ns = {}) {
  auto facts = ParseKindAndName(kind_and_name);
  EXPECT_TRUE(facts);
  facts->ns = ns;
  return *facts;
}

constexpr char kNs[] = ": namespace filter not checked (use --namespace to specify one)";

TEST(Coverage, TheApiVersionIsThatOfABuiltInKind) {
  const char* selectors =
      "- {apiVersion: v1, kindsRegexp: .}\n- {apiVersion: apps/v1, kindsRegexp: .}\n";
  EXPECT_THAT(Find(selectors, Facts("Deployment/a")), ElementsAre("1"));
  EXPECT_THAT(Find(selectors, Facts("deployments/a")), ElementsAre("1"));
  EXPECT_THAT(Find(selectors, Facts("Secret/a")), ElementsAre("0"));
  // Of other kinds nothing is known, so every rule may take them.
  EXPECT_THAT(Find(selectors, Facts("Widget/a")), ElementsAre("0", "1"));
  ResourceFacts widget = Facts("Widget/a");
  widget.api_version = "example.com/v1";
  EXPECT_THAT(Find(selectors, widget), IsEmpty());
  EXPECT_EQ(InferApiVersion("networkpolicy"), "networking.k8s.io/v1");
  EXPECT_EQ(InferApiVersion("widget"), "");
}

TEST(Coverage, KindsInEverySpelling) {
  const char* selectors =
      "- {apiVersion: x.io/v1, kinds: [Widget]}\n- {apiVersion: x.io/v1, kinds: [widgets]}\n"
      "- {apiVersion: x.io/v1, kindsRegexp: '^widgets$'}\n"
      "- {apiVersion: x.io/v1, kindsRegexp: '^Widget$'}\n"
      "- {apiVersion: x.io/v1, kindsRegexp: ., excludeKinds: [widgets]}\n"
      "- {apiVersion: x.io/v1, kindsRegexp: '^gadgets$'}\n- {apiVersion: x.io/v1}\n";
  EXPECT_THAT(Find(selectors, Facts("Widget/a")), ElementsAre("0", "1", "2", "3", "6"));
  EXPECT_THAT(Find(selectors, Facts("widget/a")), ElementsAre("0", "1", "2", "6"));
}

TEST(Coverage, PluralsOfBuiltInKindsThatDoNotEndInS) {
  EXPECT_THAT(Find("- {apiVersion: networking.k8s.io/v1, kindsRegexp: '^networkpolicies$'}\n",
                   Facts("NetworkPolicy/a")),
              ElementsAre("0"));
  // Fits as it is spelled, but no backup would take it.
  EXPECT_THAT(
      Find("- {apiVersion: networking.k8s.io/v1, kindsRegexp: '^ingress$'}\n", Facts("Ingress/a")),
      ElementsAre("0: a backup asks for Ingress or ingresses, which this rule does not "
                  "take"));
}

TEST(Coverage, NamesAndNamespacesDecide) {
  const char* selectors =
      "- {apiVersion: v1, resourceNames: [a]}\n- {apiVersion: v1, resourceNameRegexp: '^b'}\n"
      "- {apiVersion: v1, excludeResourceNameRegexp: '^a'}\n"
      "- {apiVersion: v1, namespaces: [ns]}\n- {apiVersion: v1, namespaceRegexp: '^m'}\n";
  EXPECT_THAT(Find(selectors, Facts("Secret/a", "ns")), ElementsAre("0", "3"));
  EXPECT_THAT(Find(selectors, Facts("Secret/b", "m")), ElementsAre("1", "2", "4"));
  EXPECT_THAT(Find(selectors, Facts("Secret/a")),
              ElementsAre("0", std::string("3") + kNs, std::string("4") + kNs));
  // Cluster-scoped kinds have no namespace to check.
  EXPECT_THAT(Find(selectors, Facts("Namespace/a")), ElementsAre("0", "3", "4"));
}

TEST(Coverage, LabelsOnlyWhereTheyAreKnown) {
  const char* selectors =
      "- {apiVersion: v1, labelSelectors: {matchLabels: {x: z}}}\n"
      "- {apiVersion: v1, labelSelectors: {matchExpressions: [{key: x, operator: DoesNotExist}]}}\n"
      "- {apiVersion: v1, fieldSelectors: {type: Opaque}}\n";
  const std::string labels = ": label selector not checked (use --resource-path to include labels)";
  const std::string fields = "2: field selector not checked (requires live cluster)";
  EXPECT_THAT(Find(selectors, Facts("Secret/a")), ElementsAre("0" + labels, "1" + labels, fields));
  auto facts = ParseManifest(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: ns, labels: {x: z}}\n",
      "m.yaml");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->ToString(), "v1 ns/Secret/a");
  EXPECT_THAT(Find(selectors, *facts), ElementsAre("0", fields));
}

TEST(Coverage, WhatCannotBeCheckedIsSaid) {
  EXPECT_EQ(ParseKindAndName("Deployment").error().message(),
            "--resource must be in kind/name format (e.g. Deployment/my-app), got \"Deployment\"");
  for (const char* text : {"/a", "A/", "a/b/c", ""}) EXPECT_FALSE(ParseKindAndName(text)) << text;
  EXPECT_THAT(ParseManifest("metadata: {name: a}\n", "m").error().message(),
              HasSubstr("missing 'kind' field"));
  EXPECT_THAT(ParseManifest("", "m").error().message(), HasSubstr("missing 'kind' field"));
  EXPECT_THAT(ParseManifest("kind: A\nmetadata: {}\n", "m").error().message(),
              HasSubstr("missing 'metadata.name' field"));
  EXPECT_THAT(ParseManifest("kind: A\n---\nkind: B\n", "m").error().message(),
              HasSubstr("more than one object"));
  EXPECT_THAT(ParseManifest("{", "m.yaml").error().message(), HasSubstr("m.yaml"));
}

}  // namespace
}  // namespace holdfast::resourceset
