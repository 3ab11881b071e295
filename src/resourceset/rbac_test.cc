#include "resourceset/rbac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/rendered.h"

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "group: resources: verbs" of each rule.
std::vector<std::string> Rules(const std::string& selectors, bool restore,
                               const std::vector<kube::ResourceType>& more = {},
                               std::vector<std::string>* notes = nullptr) {
  auto sets = ReadRenderedSets(selectors, "f.yaml", true);
  EXPECT_TRUE(sets) << sets.error().ToString();
  std::vector<const ResourceSet*> all;
  for (const RenderedSet& rendered : *sets) all.push_back(&rendered.set);
  std::vector<kube::ResourceType> known = BuiltinResourceTypes();
  known.insert(known.end(), more.begin(), more.end());
  auto rules = ComputeRbac(all, known, {.restore = restore});
  EXPECT_TRUE(rules) << rules.error().ToString();
  std::vector<std::string> texts;
  for (const RbacRule& rule : rules->rules) {
    std::string text = rule.group + ":";
    for (const std::string& resource : rule.resources) text += " " + resource;
    text += ":";
    for (const std::string& verb : rule.verbs) text += " " + verb;
    texts.push_back(text);
  }
  if (notes != nullptr) *notes = rules->notes;
  return texts;
}

constexpr char kWrite[] = ": get list watch create update patch delete";

TEST(Rbac, BackupOnlyReads) {
  EXPECT_THAT(
      Rules("- {apiVersion: v1, kindsRegexp: '^secrets$|^configmaps$', namespaces: [a]}\n"
            "- {apiVersion: v1, kinds: [Secret]}\n"
            "- {apiVersion: apps/v1, kinds: [deployments]}\n",
            false),
      ElementsAre(": configmaps secrets: get list watch", "apps: deployments: get list watch"));
}

TEST(Rbac, RestoreWritesStatusesToo) {
  EXPECT_THAT(Rules("- {apiVersion: apps/v1, kindsRegexp: ., excludeKinds: [replicasets, "
                    "daemonsets, statefulsets]}\n",
                    true),
              ElementsAre(std::string("apps: controllerrevisions deployments") + kWrite,
                          "apps: deployments/status: get update"));
}

TEST(Rbac, RolesAreWrittenOnlyByWhoMayEscalate) {
  EXPECT_THAT(
      Rules("- {apiVersion: rbac.authorization.k8s.io/v1, kindsRegexp: '^clusterroles$'}\n"
            "- {apiVersion: rbac.authorization.k8s.io/v1, kindsRegexp: '^rolebindings$'}\n",
            true),
      ElementsAre("rbac.authorization.k8s.io: clusterroles: get list watch create update patch "
                  "delete bind escalate",
                  std::string("rbac.authorization.k8s.io: rolebindings") + kWrite,
                  "rbac.authorization.k8s.io: roles: bind"));
}

TEST(Rbac, UnknownKindsAreWhatTheSelectorSpellsOutElseAll) {
  std::vector<std::string> notes;
  EXPECT_THAT(Rules("- {apiVersion: x.io/v1, kindsRegexp: '^widgets$|^gadgets$', excludeKinds: "
                    "[gadgets]}\n- {apiVersion: y.io/v1, kindsRegexp: .}\n"
                    "- {apiVersion: y.io/v1, kinds: [things]}\n- {apiVersion: z.io/v1, kinds: "
                    "[Thing]}\n",
                    false, {}, &notes),
              ElementsAre("x.io: widgets: get list watch", "y.io: *: get list watch",
                          "z.io: *: get list watch"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("y.io/v1"), HasSubstr("z.io/v1")));
}

TEST(Rbac, TypesOfFilesMakeTheRulesNarrow) {
  auto types = ParseResourceTypes(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.x.io}
spec:
  group: x.io
  scope: Cluster
  names: {plural: widgets, kind: Widget}
  versions:
  - {name: v1, served: true, subresources: {status: {}}}
  - {name: v2, served: false}
---
{"kind": "APIResourceList", "groupVersion": "y.io/v1", "resources": [
 {"name": "things", "kind": "Thing", "namespaced": true, "verbs": ["get"]},
 {"name": "reviews", "kind": "Review", "namespaced": true, "verbs": ["create"]},
 {"name": "things/status", "kind": "Thing", "namespaced": true, "verbs": ["get", "update"]}]}
)",
                                  "types.yaml");
  ASSERT_TRUE(types) << types.error().ToString();
  ASSERT_EQ(types->size(), 2u);
  std::vector<std::string> notes;
  EXPECT_THAT(Rules("- {apiVersion: x.io/v1, kindsRegexp: .}\n- {apiVersion: y.io/v1}\n", true,
                    *types, &notes),
              ElementsAre(std::string("x.io: widgets") + kWrite, "x.io: widgets/status: get update",
                          "y.io: things: get create update patch delete",
                          "y.io: things/status: get update"));
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(ParseResourceTypes("kind: Pod\n", "p.yaml").error().message(),
              HasSubstr("p.yaml: holds no CustomResourceDefinition"));
}

TEST(Rbac, ControllersAreScaled) {
  auto sets = ReadRenderedSets(
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: a}\n"
      "resourceSelectors: []\ncontrollerReferences:\n"
      "- {apiVersion: apps/v1, resource: deployments, namespace: ns, name: r}\n",
      "f.yaml");
  ASSERT_TRUE(sets) << sets.error().ToString();
  auto rules = ComputeRbac({&(*sets)[0].set}, {}, {});
  ASSERT_TRUE(rules);
  EXPECT_THAT(rules->rules, ElementsAre(RbacRule{"apps", {"deployments"}, {"get", "patch"}}));
  EXPECT_THAT(ComputeRbac({&(*sets)[0].set}, {}, {.restore = false})->rules, IsEmpty());
}

}  // namespace
}  // namespace holdfast::resourceset
