#include "resourceset/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/testdata_for_test.h"

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

// "path: message" of each finding.
std::vector<std::string> Findings(const std::string& selectors) {
  auto set = ParseResourceSet(
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"
      "metadata: {name: s}\nresourceSelectors: [" +
          selectors + "]\n",
      "set.yaml");
  EXPECT_TRUE(set) << set.error().ToString();
  std::vector<std::string> texts;
  if (!set) return texts;
  for (const Finding& finding : Lint(*set)) texts.push_back(finding.path + ": " + finding.message);
  return texts;
}

// The one selector's findings, without "resourceSelectors[0].".
std::vector<std::string> Of(const std::string& rest) {
  std::vector<std::string> texts = Findings("{apiVersion: " + rest + "}");
  for (std::string& text : texts) {
    EXPECT_THAT(text, StartsWith("resourceSelectors[0]."));
    text = text.substr(std::string("resourceSelectors[0].").size());
  }
  return texts;
}

TEST(Lint, ExcludeKinds) {
  EXPECT_THAT(Of("fleet.cattle.io/v1alpha1, excludeKinds: [contents]"),
              ElementsAre("excludeKinds: is ignored without kindsRegexp, and everything of "
                          "fleet.cattle.io/v1alpha1 is selected; add kindsRegexp: ."));
  EXPECT_THAT(Of("v1, kinds: [Secret], excludeKinds: [Secret]"),
              ElementsAre("excludeKinds: is ignored without kindsRegexp"));
  EXPECT_THAT(Of("v1, kinds: [Secret], kindsRegexp: ., excludeKinds: [Secret]"),
              ElementsAre("excludeKinds: \"Secret\" stands in kinds too, and kinds wins: it is "
                          "selected"));
  EXPECT_THAT(Of("v1, kindsRegexp: ., excludeKinds: [secret, services/proxy]"),
              ElementsAre("excludeKinds: no resource of v1 is called \"secret\"; did you mean "
                          "\"Secret\"?"));
}

TEST(Lint, KindsThatNameNothing) {
  EXPECT_THAT(Of("v1, kinds: [secrets, ConfigMap]"), IsEmpty());
  EXPECT_THAT(
      Of("v1, kinds: [secret]"),
      ElementsAre("kinds: no resource of v1 is called \"secret\"; did you mean \"Secret\"?"));
  EXPECT_THAT(Of("apps/v1, kinds: [services]"),
              ElementsAre("kinds: no resource of apps/v1 is called \"services\"; v1 has it"));
  EXPECT_THAT(Of("management.cattle.io/v3, kinds: [globalrole]"),
              ElementsAre(StartsWith("kinds: \"globalrole\" looks like a singular")));
  EXPECT_THAT(Of("management.cattle.io/v3, kinds: [globalroles, GlobalRole]"), IsEmpty());
  EXPECT_THAT(Of("v1, kinds: [pods/log]"),
              ElementsAre("kinds: \"pods/log\" is a subresource, and those are never selected"));
}

TEST(Lint, KindsPatterns) {
  EXPECT_THAT(Of("v1, kindsRegexp: ^secrets$"), IsEmpty());
  EXPECT_THAT(Of("v1, kindsRegexp: ."), IsEmpty());
  EXPECT_THAT(Of("v1, kindsRegexp: ^service"), IsEmpty());
  EXPECT_THAT(Of("rbac.authorization.k8s.io/v1, kindsRegexp: ^roles$|^rolebindings"), IsEmpty());
  EXPECT_THAT(Of("v1, kindsRegexp: ecret"),
              ElementsAre("kindsRegexp: \"ecret\" matches anywhere in a Kind or plural; write "
                          "^ecret$ for that one alone"));
  EXPECT_THAT(Of("apps/v1, kindsRegexp: ^services$"),
              ElementsAre("kindsRegexp: no resource of apps/v1 is called \"services\"; v1 has it"));
  EXPECT_THAT(Of("networking.k8s.io/v1, kindsRegexp: ^ingress$|^networkpolicies$"),
              ElementsAre("kindsRegexp: no resource of networking.k8s.io/v1 is called \"ingress\"; "
                          "did you mean \"Ingress\"?"));
  EXPECT_THAT(Of("management.cattle.io/v3, kindsRegexp: ^globalrole$"),
              ElementsAre(StartsWith("kindsRegexp: \"globalrole\" looks like a singular")));
  EXPECT_THAT(Of("v1, kindsRegexp: ^(widgets|gadgets)$"),
              ElementsAre("kindsRegexp: matches no resource of v1"));
}

TEST(Lint, Names) {
  EXPECT_THAT(Of("v1, kinds: [Secret], resourceNames: [a], resourceNameRegexp: ^b, "
                 "excludeResourceNameRegexp: ^a$"),
              ElementsAre("resourceNames: \"a\" is matched by excludeResourceNameRegexp, but "
                          "resourceNames wins: it is selected"));
  EXPECT_THAT(Of("v1, kinds: [Secret], resourceNames: [zz], excludeResourceNameRegexp: ^s1$"),
              ElementsAre(StartsWith("excludeResourceNameRegexp: beside resourceNames and without "
                                     "resourceNameRegexp it selects every name")));
  EXPECT_THAT(Of("v1, kinds: [Secret], resourceNameRegexp: token|^a|b$, namespaceRegexp: fleet"),
              ElementsAre(StartsWith("resourceNameRegexp: \"token\" matches anywhere in a name"),
                          StartsWith("namespaceRegexp: \"fleet\" matches anywhere in a name")));
}

TEST(Lint, NamespacesOfWhatHasNone) {
  EXPECT_THAT(
      Of("v1, kinds: [namespaces], namespaces: [a]"),
      ElementsAre("namespaces: has no effect: what the selector matches is cluster-scoped"));
  EXPECT_THAT(Of("v1, kindsRegexp: ^nodes$, namespaceRegexp: ^a"),
              ElementsAre(StartsWith("namespaceRegexp: has no effect")));
  EXPECT_THAT(Of("v1, kinds: [namespaces, secrets], namespaces: [a]"), IsEmpty());
  EXPECT_THAT(Of("x.io/v1, namespaces: [a]"), IsEmpty());
}

TEST(Lint, Twins) {
  EXPECT_THAT(Findings("{apiVersion: v1, kinds: [Secret, ConfigMap]}, {apiVersion: v1},"
                       "{apiVersion: v1, kinds: [ConfigMap, Secret]}"),
              ElementsAre("resourceSelectors[2]: is the same as resourceSelectors[0]"));
  EXPECT_THAT(Findings("{apiVersion: v1, kinds: [Secret], namespaces: [a]},"
                       "{apiVersion: v1, kinds: [Secret], resourceNames: [a]},"
                       "{apiVersion: v1, kinds: [Secret], labelSelectors: {matchLabels: {a: b}}},"
                       "{apiVersion: v1, kinds: [Secret], fieldSelectors: {type: b}}"),
              IsEmpty());
}

TEST(Lint, WholeSet) {
  EXPECT_THAT(Findings(""),
              ElementsAre("resourceSelectors: there is no selector: nothing is selected"));
  auto set = ReadResourceSetFile(TestdataPath("fixture-set.yaml"));
  ASSERT_TRUE(set);
  std::vector<std::string> texts;
  for (Finding& finding : Lint(*set)) {
    finding.place.source = "set.yaml";
    texts.push_back(finding.ToString());
  }
  EXPECT_THAT(
      texts,
      ElementsAre(
          StartsWith("set.yaml:34:3: resourceSelectors[1].resourceNames: "
                     "\"only-by-name-a\" is matched"),
          StartsWith("set.yaml:42:3: resourceSelectors[2].resourceNames: "
                     "\"notbackedup-but-named-a\" is matched"),
          StartsWith("set.yaml:42:3: resourceSelectors[2].excludeResourceNameRegexp: "
                     "beside resourceNames"),
          StartsWith("set.yaml:114:3: resourceSelectors[12].excludeKinds: is ignored"),
          "set.yaml: controllerReferences[2].replicas: is filled in at restore and not meant "
          "to be set"));
}

}  // namespace
}  // namespace holdfast::resourceset
