#include "resourceset/resource_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "base/json_scan.h"
#include "resourceset/testdata_for_test.h"

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kHead =
    "kind: ResourceSet\n"
    "apiVersion: resources.cattle.io/v1\n"
    "metadata:\n"
    "  name: s\n";

std::string ErrorOf(std::string_view text, std::string_view source = "set.yaml",
                    ParseMode mode = ParseMode::kStrict) {
  auto set = ParseResourceSet(text, source, mode);
  if (set) return "no error";
  EXPECT_EQ(set.error().kind(),
            mode == ParseMode::kArchive ? ErrorKind::kCorrupt : ErrorKind::kInvalid);
  return set.error().ToString();
}

TEST(ResourceSet, ReadsEveryField) {
  auto set = ParseResourceSet(std::string(kHead) + R"(
resourceSelectors:
- apiVersion: v1
  kinds: [Secret]
  kindsRegexp: ^config
  excludeKinds: [configmaps]
  resourceNames: [a, "1"]
  resourceNameRegexp: ^x
  excludeResourceNameRegexp: y$
  namespaces: [ns]
  namespaceRegexp: ^c-
  labelSelectors:
    matchLabels: {app: x}
    matchExpressions:
    - {key: k, operator: In, values: [v, w]}
  fieldSelectors: {type: T}
- apiVersion: apps/v1
  kinds: null
  labelSelectors: null
controllerReferences:
- apiVersion: apps/v1
  resource: deployments
  namespace: cattle-system
  name: rancher
- {apiVersion: apps/v1, resource: deployments, namespace: ns, name: m, replicas: 3}
status: {}
)",
                              "set.yaml");
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(set->name, "s");
  ASSERT_EQ(set->selectors.size(), 2u);
  const Selector& first = set->selectors[0];
  EXPECT_EQ(first.place.ToString(), "set.yaml:7:3");
  EXPECT_EQ(first.api_version, "v1");
  EXPECT_THAT(first.kinds, ElementsAre("Secret"));
  EXPECT_EQ(first.kinds_regexp, "^config");
  EXPECT_THAT(first.exclude_kinds, ElementsAre("configmaps"));
  EXPECT_THAT(first.resource_names, ElementsAre("a", "1"));
  EXPECT_EQ(first.resource_name_regexp, "^x");
  EXPECT_EQ(first.exclude_resource_name_regexp, "y$");
  EXPECT_THAT(first.namespaces, ElementsAre("ns"));
  EXPECT_EQ(first.namespace_regexp, "^c-");
  EXPECT_EQ(first.label_selectors.match_labels.at("app"), "x");
  ASSERT_EQ(first.label_selectors.match_expressions.size(), 1u);
  EXPECT_EQ(first.label_selectors.match_expressions[0].op, "In");
  EXPECT_THAT(first.label_selectors.match_expressions[0].values, ElementsAre("v", "w"));
  EXPECT_EQ(first.field_selectors.at("type"), "T");
  EXPECT_EQ(set->selectors[1].index, 1u);
  EXPECT_EQ(set->selectors[1].Summary(), "resourceSelectors[1] (apps/v1)");
  ASSERT_EQ(set->controllers.size(), 2u);
  EXPECT_EQ(set->controllers[0].ns, "cattle-system");
  EXPECT_FALSE(set->controllers[0].replicas);
  EXPECT_EQ(set->controllers[1].replicas, 3);
}

TEST(ResourceSet, JsonForTheArchive) {
  auto set = ParseResourceSet(
      "resourceSelectors:\n- {apiVersion: v1, kindsRegexp: '<.>'}\ncontrollerReferences: []\n"
      "metadata: {name: s, generation: 12345678901234567890}\nstatus: {x: 1}\n"
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\n",
      "set.yaml");
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(set->json,
            R"({"kind":"ResourceSet","apiVersion":"resources.cattle.io/v1",)"
            R"("metadata":{"name":"s","generation":12345678901234567890},)"
            R"("resourceSelectors":[{"apiVersion":"v1","kindsRegexp":"\u003c.\u003e"}]})");
  auto empty = ParseResourceSet(kHead, "set.yaml");
  ASSERT_TRUE(empty);
  EXPECT_THAT(empty->json, HasSubstr(R"("resourceSelectors":[])"));
}

TEST(ResourceSet, ReadsTheReferenceSet) {
  auto set = ReadResourceSetFile(TestdataPath("fixture-set.yaml"));
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(set->name, "fixture-set");
  EXPECT_EQ(set->selectors.size(), 52u);
  EXPECT_EQ(set->controllers.size(), 5u);
  EXPECT_EQ(set->controllers[2].replicas, 5);
  EXPECT_EQ(set->selectors[6].label_selectors.match_expressions[0].values[1], "true");
  // JSON of it reads as the same in every mode.
  for (ParseMode mode : {ParseMode::kStrict, ParseMode::kServer, ParseMode::kArchive}) {
    auto again = ParseResourceSet(set->json, "set", mode);
    ASSERT_TRUE(again) << again.error().ToString();
    EXPECT_EQ(again->name, "fixture-set");
    EXPECT_EQ(again->selectors.size(), 52u);
    EXPECT_EQ(again->selectors[6].Summary(), set->selectors[6].Summary());
    EXPECT_EQ(again->controllers.size(), 5u);
    EXPECT_TRUE(json::Equal(again->json, set->json));
    EXPECT_TRUE(again->ignored_fields.empty());
  }
}

struct Bad {
  std::string_view rest, want;
};

TEST(ResourceSet, ErrorsNameThePlace) {
  const Bad cases[] = {
      {"resourceSelectors:\n- apiVersion: v1\n  kindRegexp: .\n",
       "set.yaml:7:3: resourceSelectors[0].kindRegexp: unknown field; did you mean "
       "\"kindsRegexp\"?"},
      {"resourceSelectors:\n- apiVersion: v1\n  zzzzzz: .\n",
       "set.yaml:7:3: resourceSelectors[0].zzzzzz: unknown field"},
      {"resourceSelector: []\n",
       "set.yaml:5:1: resourceSelector: unknown field; did you mean \"resourceSelectors\"?"},
      {"spec: {}\n",
       "set.yaml:5:7: spec: a ResourceSet has no spec: resourceSelectors and controllerReferences "
       "stand at the top level"},
      {"resourceSelectors:\n- kinds: [Secret]\n",
       "set.yaml:6:3: resourceSelectors[0].apiVersion: is required, but missing (\"v1\" is the "
       "core "
       "group)"},
      {"resourceSelectors:\n- apiVersion: ''\n",
       "set.yaml:6:15: resourceSelectors[0].apiVersion: groupVersion shouldn't be empty"},
      {"resourceSelectors:\n- apiVersion: a/b/c\n",
       "set.yaml:6:15: resourceSelectors[0].apiVersion: \"a/b/c\" is not an apiVersion"},
      {"resourceSelectors:\n- apiVersion: 1\n",
       "set.yaml:6:15: resourceSelectors[0].apiVersion: must be a string, not a number (1); quote "
       "it: \"1\""},
      {"resourceSelectors:\n- apiVersion: v1\n  kinds: Secret\n",
       "set.yaml:7:10: resourceSelectors[0].kinds: must be a list, not a string"},
      {"resourceSelectors:\n- apiVersion: v1\n  namespaces: [a, no]\n",
       "set.yaml:7:19: resourceSelectors[0].namespaces[1]: must be a string, not a boolean (no); "
       "quote it: \"no\""},
      {"resourceSelectors:\n- apiVersion: v1\n  kinds: [a, b, a]\n",
       "set.yaml:7:17: resourceSelectors[0].kinds[2]: Duplicate value: \"a\""},
      {"resourceSelectors:\n- apiVersion: v1\n  resourceNames: [a, a]\n",
       "set.yaml:7:22: resourceSelectors[0].resourceNames[1]: Duplicate value: \"a\""},
      {"resourceSelectors:\n- apiVersion: v1\n  kindsRegexp: '['\n",
       "set.yaml:7:16: resourceSelectors[0].kindsRegexp: error in kindsRegexp pattern [: error "
       "parsing regexp: missing closing ]: `[`"},
      {"resourceSelectors:\n- apiVersion: v1\n  resourceNameRegexp: a)\n",
       "set.yaml:7:23: resourceSelectors[0].resourceNameRegexp: error in resource-name pattern a): "
       "error parsing regexp: unexpected ): `a)`"},
      {"resourceSelectors:\n- apiVersion: v1\n  resourceNameRegexp: a\n  "
       "excludeResourceNameRegexp: '*'\n",
       "set.yaml:8:30: resourceSelectors[0].excludeResourceNameRegexp: error in "
       "exclude-resource-name pattern *: error parsing regexp: missing argument to repetition "
       "operator: `*`"},
      {"resourceSelectors:\n- apiVersion: v1\n  namespaceRegexp: '['\n",
       "set.yaml:7:20: resourceSelectors[0].namespaceRegexp: error in namespace pattern [: error "
       "parsing regexp: missing closing ]: `[`"},
      {"resourceSelectors:\n- apiVersion: v1\n  labelSelectors: {matchLabel: {}}\n",
       "set.yaml:7:20: resourceSelectors[0].labelSelectors.matchLabel: unknown field; did you mean "
       "\"matchLabels\"?"},
      {"resourceSelectors:\n- apiVersion: v1\n  labelSelectors:\n    matchExpressions:\n"
       "    - {key: a, operator: in, values: [x]}\n",
       "set.yaml:9:26: resourceSelectors[0].labelSelectors.matchExpressions[0].operator: \"in\" is "
       "not a valid label selector operator; use In, NotIn, Exists or DoesNotExist"},
      {"resourceSelectors:\n- apiVersion: v1\n  labelSelectors:\n    matchExpressions:\n"
       "    - {key: a, operator: In, values: []}\n",
       "set.yaml:9:38: resourceSelectors[0].labelSelectors.matchExpressions[0].values: for 'in', "
       "'notin' operators, values set can't be empty"},
      {"resourceSelectors:\n- apiVersion: v1\n  labelSelectors:\n    matchExpressions:\n"
       "    - {operator: Exists}\n",
       "set.yaml:9:7: resourceSelectors[0].labelSelectors.matchExpressions[0].key: is required, "
       "but "
       "missing"},
      {"resourceSelectors:\n- apiVersion: v1\n  labelSelectors: {matchLabels: {a.b/c: 'x y'}}\n",
       "set.yaml:7:41: resourceSelectors[0].labelSelectors.matchLabels.a.b/c: \"x y\" is not a "
       "label "
       "value: at most 63 letters, digits, '-', '_' or '.', a letter or digit at both ends"},
      {"resourceSelectors:\n- apiVersion: v1\n  fieldSelectors: {type: 3}\n",
       "set.yaml:7:26: resourceSelectors[0].fieldSelectors.type: must be a string, not a number "
       "(3); "
       "quote it: \"3\""},
      {"resourceSelectors:\n- v1\n",
       "set.yaml:6:3: resourceSelectors[0]: must be a map, not a string"},
      {"controllerReferences:\n- {apiVersion: apps/v1, resource: r, namespace: ns}\n",
       "set.yaml:6:3: controllerReferences[0].name: is required, but missing"},
      {"controllerReferences:\n- {apiVersion: apps/v1, resource: r, namespace: ns, name: m, "
       "replicas: "
       "1.5}\n",
       "set.yaml:6:72: controllerReferences[0].replicas: must be a whole number of 32 bits, not "
       "1.5"},
      {"resourceSelectors: []\nresourceSelectors: []\n",
       "set.yaml:6:1: key \"resourceSelectors\" is given twice, first in line 5"},
      {"resourceSelectors: [\n", "set.yaml:6:1: is not YAML: "},
  };
  for (const Bad& one : cases) {
    const std::string error = ErrorOf(std::string(kHead) + std::string(one.rest));
    if (one.want.ends_with(": ")) {
      EXPECT_THAT(error, testing::StartsWith(std::string(one.want)));
    } else {
      EXPECT_EQ(error, one.want);
    }
  }
}

TEST(ResourceSet, ErrorsOfTheHead) {
  EXPECT_EQ(ErrorOf("kind: Backup\napiVersion: resources.cattle.io/v1\nmetadata: {name: s}\n"),
            "set.yaml:1:7: kind: must be ResourceSet, not \"Backup\"");
  EXPECT_EQ(ErrorOf("kind: ResourceSet\napiVersion: v1\nmetadata: {name: s}\n"),
            "set.yaml:2:13: apiVersion: must be resources.cattle.io/v1, not \"v1\"");
  EXPECT_EQ(ErrorOf("kind: ResourceSet\nmetadata: {name: s}\n"),
            "set.yaml:1:1: apiVersion: is missing; it must be resources.cattle.io/v1");
  EXPECT_EQ(ErrorOf("kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"),
            "set.yaml:1:1: metadata.name: is required, but missing: backups are named after it");
  EXPECT_EQ(
      ErrorOf("kind: ResourceSet\napiVersion: resources.cattle.io/v1\nmetadata: {labels: {}}"),
      "set.yaml:3:11: metadata.name: is required, but missing");
  for (std::string_view name : {"../etc", "A", "a/b", "a..b", "-a"}) {
    EXPECT_THAT(ErrorOf("kind: ResourceSet\napiVersion: resources.cattle.io/v1\nmetadata: {name: " +
                        std::string(name) + "}"),
                HasSubstr("metadata.name: \"" + std::string(name) + "\" is not an object name"));
  }
  EXPECT_THAT(ErrorOf(std::string(kHead) + "  label: {}\n"), HasSubstr("did you mean \"labels\"?"));
  EXPECT_EQ(ErrorOf("just text"), "set.yaml: holds a string; a ResourceSet is needed");
  EXPECT_EQ(ErrorOf("# nothing\n"), "set.yaml: holds no object; a ResourceSet is needed");
}

TEST(ResourceSet, SeveralProblemsAtOnceUpToTwenty) {
  std::string text(kHead);
  text +=
      "resourceSelectors:\n- apiVersion: v1\n  kindRegexp: .\n  namespaceRegexp: '['\n- kinds: 1\n";
  EXPECT_EQ(ErrorOf(text),
            "set.yaml: 4 problems:\n"
            "  set.yaml:7:3: resourceSelectors[0].kindRegexp: unknown field; did you mean "
            "\"kindsRegexp\"?\n"
            "  set.yaml:8:20: resourceSelectors[0].namespaceRegexp: error in namespace pattern [: "
            "error parsing regexp: missing closing ]: `[`\n"
            "  set.yaml:9:3: resourceSelectors[1].apiVersion: is required, but missing (\"v1\" is "
            "the core group)\n"
            "  set.yaml:9:10: resourceSelectors[1].kinds: must be a list, not a number (1)");
  text = std::string(kHead) + "resourceSelectors:\n";
  for (int i = 0; i < 25; ++i) text += "- x\n";
  const std::string error = ErrorOf(text);
  EXPECT_THAT(error, HasSubstr("25 problems:"));
  EXPECT_THAT(error, HasSubstr("resourceSelectors[19]:"));
  EXPECT_THAT(error, testing::Not(HasSubstr("resourceSelectors[20]:")));
  EXPECT_THAT(error, HasSubstr("and 5 more"));
}

TEST(ResourceSet, OneAmongSeveralDocuments) {
  const std::string set = std::string(kHead) + "resourceSelectors: [{apiVersion: v1}]\n";
  const std::string map = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: m}\n";
  auto one = ParseResourceSet("---\n" + map + "---\n" + set + "---\n", "set.yaml");
  ASSERT_TRUE(one) << one.error().ToString();
  EXPECT_EQ(one->name, "s");
  EXPECT_EQ(ErrorOf(set + "---\n" + set),
            "set.yaml: holds 2 ResourceSets where one is needed: ResourceSet \"s\" (line 1), "
            "ResourceSet \"s\" (line 7) (keep one in the file)");
  EXPECT_EQ(
      ErrorOf(map + "---\n[]\n"),
      "set.yaml: holds no ResourceSet, but ConfigMap \"m\" (line 1), a document without a kind "
      "(line 5)");
  std::string list =
      "kind: List\nitems:\n- kind: ConfigMap\n- kind: ResourceSet\n"
      "  apiVersion: resources.cattle.io/v1\n  metadata: {name: s}\n";
  EXPECT_TRUE(ParseResourceSet(list, "set.yaml"));
}

TEST(ResourceSet, JsonFiles) {
  EXPECT_EQ(
      ErrorOf("{\"kind\": \"ResourceSet\",\n \"apiVersion\": \"resources.cattle.io/v1\",\n"
              " \"metadata\": {\"name\": \"s\"},\n \"resourceSelectors\": [{\"apiVersion\": 1}]}",
              "set.json"),
      "set.json:4:39: resourceSelectors[0].apiVersion: must be a string, not a number (1); "
      "quote it: \"1\"");
  EXPECT_THAT(ErrorOf("{\"kind\": ", "set.json"), HasSubstr("set.json: not JSON at byte"));
  // Flow YAML begins like JSON.
  EXPECT_TRUE(
      ParseResourceSet("{kind: ResourceSet, apiVersion: resources.cattle.io/v1, "
                       "metadata: {name: s}}",
                       "set.yaml"));
}

TEST(ResourceSet, FromTheServerUnknownFieldsAreIgnoredButValuesChecked) {
  const std::string head =
      R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":{"name":"s",)"
      R"("newer":1},"resourceSelectors":[{"apiVersion":"v1","newer":2)";
  auto set = ParseResourceSet(head + "}]}", "ResourceSet \"s\"", ParseMode::kServer);
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_THAT(set->ignored_fields, ElementsAre("resourceSelectors[0].newer"));
  EXPECT_THAT(set->json, HasSubstr(R"("newer":1)"));
  EXPECT_EQ(ErrorOf(head + R"(,"kindsRegexp":"["}]})", "ResourceSet \"s\"", ParseMode::kServer),
            "ResourceSet \"s\": resourceSelectors[0].kindsRegexp: error in kindsRegexp pattern [: "
            "error parsing regexp: missing closing ]: `[`");
}

TEST(ResourceSet, FromAnArchiveOnlySelectorsAndControllersMatter) {
  const std::string text =
      R"({"kind":7,"metadata":[],"spec":{},"resourceSelectors":[{"kinds":["a","a"],"newer":1,)"
      R"("kindsRegexp":"["}],"controllerReferences":[{"name":"n","newer":1}]})";
  auto set = ParseResourceSet(text, "filters/filters.json", ParseMode::kArchive);
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(set->name, "");
  EXPECT_EQ(set->json, text);
  EXPECT_THAT(set->selectors[0].kinds, ElementsAre("a", "a"));
  EXPECT_EQ(set->controllers[0].name, "n");
  EXPECT_THAT(set->ignored_fields,
              ElementsAre("resourceSelectors[0].newer", "controllerReferences[0].newer"));
  for (std::string_view absent :
       {"{}", R"({"resourceSelectors":null,"controllerReferences":null})"}) {
    auto empty = ParseResourceSet(absent, "filters/filters.json", ParseMode::kArchive);
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->selectors.empty());
    EXPECT_TRUE(empty->controllers.empty());
  }
}

TEST(ResourceSet, BrokenArchives) {
  for (std::string_view text :
       {"", "[]", "null", "x", "{", R"({"resourceSelectors":{}})", R"({"resourceSelectors":[1]})",
        R"({"resourceSelectors":[{"kinds":[1]}]})", R"({"controllerReferences":[[]]})"}) {
    EXPECT_THAT(ErrorOf(text, "filters/filters.json", ParseMode::kArchive),
                testing::StartsWith("filters/filters.json: "))
        << text;
  }
}

TEST(ResourceSet, Files) {
  auto missing = ReadResourceSetFile("/nowhere/set.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().ToString(), HasSubstr("/nowhere/set.yaml"));
  EXPECT_FALSE(ReadResourceSetFile("/"));
  EXPECT_THAT(ErrorOf(std::string(kMaxResourceSetBytes + 1, '#')), HasSubstr("longer than"));
}

}  // namespace
}  // namespace holdfast::resourceset
