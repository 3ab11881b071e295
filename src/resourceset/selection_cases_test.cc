// The rules of selection, case by case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/resource_set.h"
#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

using Ids = std::multiset<std::string>;

struct Case {
  int number;
  std::string selectors;  // flow YAML
  Ids want;
  // Where the case ends in an error: a piece of its text.
  std::string error = "";
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << "case " << one.number << ": " << one.selectors;
}

const Ids kSecrets = {"secrets/a/s1", "secrets/a/s2", "secrets/b/s1"};
const Ids kConfigMaps = {"configmaps/a/c1", "configmaps/b/c1"};
const Ids kNamespaces = {"namespaces/a", "namespaces/b"};
const Ids kWidgets = {"widgets/a/w1", "widgets/b/w1"};
const Ids kGadgets = {"gadgets/g1", "gadgets/g2"};

Ids operator+(Ids a, const Ids& b) {
  a.insert(b.begin(), b.end());
  return a;
}

std::string V1(const std::string& rest) {
  return "{apiVersion: v1" + (rest.empty() ? "" : ", " + rest) + "}";
}
std::string XIo(const std::string& rest) { return "{apiVersion: x.io/v1, " + rest + "}"; }

const Case kCases[] = {
    {1, V1(""), kSecrets + kConfigMaps + kNamespaces},
    {2, V1("kinds: [Secret]"), kSecrets},
    {3, V1("kinds: [secrets]"), kSecrets},
    {4, V1("kinds: [secret]"), {}},
    {4, V1("kinds: [SECRETS]"), {}},
    {5, V1("kindsRegexp: ^secrets$"), kSecrets},
    {6, V1("kindsRegexp: ^secret$"), {}},
    {7, V1("kindsRegexp: ecret"), kSecrets},
    {8, V1("kindsRegexp: ^Secret$"), kSecrets},
    {9, V1("kinds: [ConfigMap], kindsRegexp: ^secrets$"), kSecrets + kConfigMaps},
    {10, XIo("kindsRegexp: ., excludeKinds: [widgets]"), kGadgets},
    {11, XIo("kindsRegexp: ^widgets$, excludeKinds: [Widget]"), {}},
    {12, XIo("kinds: [Widget], excludeKinds: [Widget]"), kWidgets},
    {13, XIo("excludeKinds: [widgets]"), kWidgets + kGadgets},
    {14, XIo("kinds: [\"widgets/status\"]"), {}},
    {15, V1("kinds: [secrets], resourceNames: [s1]"), {"secrets/a/s1", "secrets/b/s1"}},
    {16, V1("kinds: [secrets], resourceNames: [s1], resourceNameRegexp: ^s2$"), kSecrets},
    {17,
     V1("kinds: [secrets], resourceNameRegexp: ^s, excludeResourceNameRegexp: 2$"),
     {"secrets/a/s1", "secrets/b/s1"}},
    {18, V1("kinds: [secrets], excludeResourceNameRegexp: ^s1$"), {"secrets/a/s2"}},
    {19, V1("kinds: [secrets], resourceNames: [s1], excludeResourceNameRegexp: ^s1$"), kSecrets},
    {20,
     V1("kinds: [secrets], resourceNames: [zz], excludeResourceNameRegexp: ^s1$"),
     {"secrets/a/s2"}},
    {21, V1("kinds: [secrets], resourceNames: [zz]"), {}},
    {22, V1("kinds: [secrets], resourceNameRegexp: s"), kSecrets},
    {23, V1("kinds: [secrets], namespaces: [a]"), {"secrets/a/s1", "secrets/a/s2"}},
    {24, V1("kinds: [secrets], namespaces: [a], namespaceRegexp: ^b$"), kSecrets},
    {25, V1("kinds: [secrets], namespaceRegexp: ."), kSecrets},
    {26, V1("kinds: [secrets], resourceNames: [s1], namespaces: [b]"), {"secrets/b/s1"}},
    {27, V1("kinds: [namespaces], namespaces: [a]"), kNamespaces},
    {28, V1("kinds: [namespaces, secrets], namespaces: [a]"),
     kNamespaces + Ids{"secrets/a/s1", "secrets/a/s2"}},
    {29, V1("kinds: [secrets], labelSelectors: {matchLabels: {app: x}}"), {"secrets/a/s1"}},
    {30,
     V1("kinds: [secrets], labelSelectors: {matchExpressions: [{key: app, operator: NotIn, values: "
        "[x]}]}"),
     {"secrets/a/s2", "secrets/b/s1"}},
    {31, V1("kinds: [secrets], labelSelectors: {}"), kSecrets},
    {31, V1("kinds: [secrets], labelSelectors: null"), kSecrets},
    {32,
     V1("kinds: [secrets], labelSelectors: {matchExpressions: [{key: app, operator: In, values: "
        "[]}]}"),
     {},
     "values set can't be empty"},
    {33, V1("kinds: [secrets], fieldSelectors: {type: T}"), {"secrets/a/s2"}},
    {34, XIo("kinds: [Widget], fieldSelectors: {spec.q: \"1\"}"), {}, "not supported: spec.q=1"},
    {35, V1("kinds: [Secret]") + ", " + V1("kinds: [secrets], resourceNames: [s1]"), kSecrets},
    {36, "{apiVersion: gone.io/v1}", {}},
    {37, XIo("kinds: [Probe], resourceNames: [p1]"), {"probes/p1"}},
    {38, XIo("kinds: [Probe], resourceNameRegexp: ."), {}},
    {39, XIo("kinds: [Probe], resourceNames: [p1, gone]"), {}, "gone not found"},
    {40, XIo("kinds: [NSProbe], resourceNames: [n1], namespaceRegexp: ^a$"), {}},
    {41, XIo("kinds: [NSProbe], resourceNames: [n1], namespaces: [a]"), {"nsprobes/a/n1"}},
    {42, XIo("kinds: [Review]"), {}},
    {43, V1("kindsRegexp: \"[\""), {}, "error in kindsRegexp pattern ["},
    {44, "", {}},
};

class SelectionCases : public testing::TestWithParam<Case> {};

TEST_P(SelectionCases, Selects) {
  const Case& one = GetParam();
  auto set = ParseResourceSet(
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"
      "metadata: {name: s}\nresourceSelectors: [" +
          one.selectors + "]\n",
      "case.yaml");
  size_t requests = 0;
  auto found = set ? Collect(*set, &requests) : Result<Ids>(Fail(std::move(set).error()));
  if (!one.error.empty()) {
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().ToString(), testing::HasSubstr(one.error));
    return;
  }
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_EQ(*found, one.want);
}

// An archive's set is read leniently: the same faults must then come from Build.
TEST_P(SelectionCases, SelectsTheSameFromAnArchive) {
  const Case& one = GetParam();
  std::string text =
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\nmetadata: {name: s}\n"
      "resourceSelectors: [" +
      one.selectors + "]\n";
  // As JSON, which is what archives hold; the faults of 32 and 43 are put in afterwards.
  auto replace = [&](std::string_view from, std::string_view to) {
    if (size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  };
  replace("values: []", "values: [fault]");
  replace("\"[\"", "fault");
  auto strict = ParseResourceSet(text, "case.yaml");
  ASSERT_TRUE(strict) << strict.error().ToString();
  text = strict->json;
  if (one.number == 32) replace("\"fault\"", "");
  if (one.number == 43) replace("fault", "[");
  auto set = ParseResourceSet(text, "filters/filters.json", ParseMode::kArchive);
  ASSERT_TRUE(set) << set.error().ToString();
  size_t requests = 0;
  auto found = Collect(*set, &requests);
  if (!one.error.empty()) {
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().ToString(), testing::HasSubstr(one.error));
    return;
  }
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_EQ(*found, one.want);
}

INSTANTIATE_TEST_SUITE_P(Rules, SelectionCases, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& one) {
                           return "at" + std::to_string(one.index) + "_case" +
                                  std::to_string(one.param.number);
                         });

}  // namespace
}  // namespace holdfast::resourceset
