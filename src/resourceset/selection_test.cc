#include "resourceset/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ResourceSet Set(const std::string& selectors) {
  auto set = ParseResourceSet(
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"
      "metadata: {name: s}\nresourceSelectors: [" +
          selectors + "]\n",
      "set.yaml");
  EXPECT_TRUE(set) << set.error().ToString();
  return set ? *set : ResourceSet();
}

class SelectionTest : public testing::Test {
 protected:
  Selection Build(const std::string& selectors) {
    auto selection = Selection::Build(Set(selectors), discovery_, log_);
    EXPECT_TRUE(selection) << selection.error().ToString();
    return std::move(*selection);
  }

  kube::Discovery discovery_ = FakeDiscovery();
  Logger log_ = Logger::Quiet();
};

TEST_F(SelectionTest, SelectorsShareTheListOfAType) {
  size_t requests = 0;
  auto found = Collect(Set("{apiVersion: v1, kinds: [Secret]},"
                           "{apiVersion: v1, kindsRegexp: ^secrets$, resourceNames: [s1]},"
                           "{apiVersion: v1, kinds: [secrets], fieldSelectors: {type: T}}"),
                       &requests);
  ASSERT_TRUE(found);
  EXPECT_EQ(requests, 1u);
  EXPECT_EQ(found->size(), 3u);
  const Selection selection =
      Build("{apiVersion: v1, kinds: [ConfigMap]}, {apiVersion: v1, kinds: [Secret, configmaps]}");
  ASSERT_EQ(selection.types().size(), 2u);
  EXPECT_EQ(selection.types()[0].type->plural, "configmaps");
  EXPECT_THAT(selection.types()[0].selectors, ElementsAre(0, 1));
  EXPECT_THAT(selection.types()[1].selectors, ElementsAre(1));
}

TEST_F(SelectionTest, FirstSelectorThatFitsTakesTheObject) {
  const Selection selection = Build(
      "{apiVersion: v1, kinds: [Secret], namespaces: [b]}, {apiVersion: v1, kinds: [Secret]}");
  const TypeSelection& secrets = selection.types()[0];
  EXPECT_EQ(selection.Match(secrets, R"({"metadata":{"name":"x","namespace":"a"}})"), 1u);
  EXPECT_EQ(selection.Match(secrets, R"({"metadata":{"name":"x","namespace":"b"}})"), 0u);
}

TEST_F(SelectionTest, ReadByNameAppends) {
  const Selection selection = Build(
      "{apiVersion: x.io/v1, kinds: [NSProbe], resourceNames: [n1], namespaces: [a]},"
      "{apiVersion: x.io/v1, kinds: [nsprobes], resourceNames: [n1, n2], namespaces: [a, b]}");
  ASSERT_EQ(selection.types().size(), 1u);
  const TypeSelection& probes = selection.types()[0];
  EXPECT_EQ(probes.access, TypeSelection::Access::kGet);
  EXPECT_THAT(probes.gets, ElementsAre(ObjectKey{"a", "n1"}, ObjectKey{"a", "n2"},
                                       ObjectKey{"b", "n1"}, ObjectKey{"b", "n2"}));
  EXPECT_FALSE(probes.plain_list);
}

TEST_F(SelectionTest, NamesWrittenWithEscapes) {
  const Selection selection =
      Build(R"({apiVersion: v1, kinds: [Secret], resourceNames: ["system:<\"x\">"]})");
  const TypeSelection& secrets = selection.types()[0];
  EXPECT_TRUE(selection.Match(
      secrets, R"({"metadata":{"namespace":"\u0061","name":"system:\u003c\"x\"\u003e"}})"));
  EXPECT_FALSE(selection.Match(secrets, R"({"metadata":{"name":"system:x"}})"));
  const std::string object = R"({"metadata":{"namespace":"\u0061","name":"\u0062"}})";
  const ObjectView view(object);
  EXPECT_EQ(view.ns(), "a");
  EXPECT_EQ(view.name(), "b");
}

// Only metadata's own fields count, wherever metadata stands.
TEST_F(SelectionTest, LooksIntoMetadataOnly) {
  const std::string object =
      R"({"spec":{"metadata":{"name":"no","labels":{"app":"no"}}},)"
      R"("metadata":{"managedFields":[{"name":"no"}],"labels":{"app":"x"},"name":"yes"}})";
  const ObjectView view(object);
  EXPECT_EQ(view.name(), "yes");
  EXPECT_EQ(view.ns(), "");
  EXPECT_EQ(view.labels(), R"({"app":"x"})");
  const ObjectView given(object, R"({"name":"other"})");
  EXPECT_EQ(given.name(), "other");
  const ObjectView broken(R"({"metadata":{"name":)");
  EXPECT_EQ(broken.name(), "");
}

TEST_F(SelectionTest, FieldsOfTheServer) {
  const Selection selection = Build(
      "{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: 'a,b=c\\d', metadata.name: "
      "w1}},"
      "{apiVersion: x.io/v1, kinds: [Widget], namespaces: [b]},"
      "{apiVersion: x.io/v1, kinds: [widgets], resourceNames: [w1], "
      "fieldSelectors: {metadata.name: w1, spec.q: 'a,b=c\\d'}},"
      "{apiVersion: x.io/v1, kinds: [widgets], fieldSelectors: {spec.q: other}}");
  ASSERT_EQ(selection.types().size(), 1u);
  const TypeSelection& widgets = selection.types()[0];
  EXPECT_TRUE(widgets.plain_list);
  ASSERT_EQ(widgets.server_field_selectors.size(), 2u);
  const ServerFieldSelector& first = widgets.server_field_selectors[0];
  EXPECT_EQ(first.text, R"(metadata.name=w1,spec.q=a\,b\=c\\d)");
  EXPECT_THAT(first.selectors, ElementsAre(0, 2));

  const std::string in_a = R"({"metadata":{"name":"w1","namespace":"a"}})";
  const std::string in_b = R"({"metadata":{"name":"w1","namespace":"b"}})";
  EXPECT_EQ(selection.Match(widgets, in_a), std::nullopt);
  EXPECT_EQ(selection.Match(widgets, in_b), 1u);
  EXPECT_EQ(selection.Match(widgets, in_a, first.selectors), 0u);
  // The other filters still count.
  const size_t third[] = {2};
  EXPECT_EQ(selection.Match(widgets, R"({"metadata":{"name":"w2","namespace":"a"}})", third),
            std::nullopt);
}

TEST_F(SelectionTest, NoPlainListWhenOnlyTheServerCanTell) {
  const Selection selection =
      Build("{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: a}}");
  EXPECT_FALSE(selection.types()[0].plain_list);
  EXPECT_TRUE(selection.types()[0].metadata_suffices);
}

TEST_F(SelectionTest, NamespaceFieldOfAClusterScopedTypeGoesToTheServer) {
  const Selection selection = Build(
      "{apiVersion: x.io/v1, kinds: [Gadget], fieldSelectors: {metadata.namespace: a}},"
      "{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {metadata.namespace: a}}");
  EXPECT_EQ(selection.types()[0].server_field_selectors.size(), 1u);
  EXPECT_TRUE(selection.types()[1].server_field_selectors.empty());
  EXPECT_EQ(selection.Match(selection.types()[1], R"({"metadata":{"name":"w","namespace":"a"}})"),
            1u);
  EXPECT_EQ(selection.Match(selection.types()[1], R"({"metadata":{"name":"w","namespace":"b"}})"),
            std::nullopt);
}

TEST_F(SelectionTest, MetadataSufficesUnlessAFieldIsRead) {
  const Selection selection = Build(
      "{apiVersion: v1, kinds: [Secret], fieldSelectors: {metadata.name: s1}},"
      "{apiVersion: v1, kinds: [namespaces], fieldSelectors: {status.phase: Active}}");
  EXPECT_TRUE(selection.types()[0].metadata_suffices);
  EXPECT_FALSE(selection.types()[1].metadata_suffices);
}

TEST_F(SelectionTest, NamespacesForListsWhereClusterWideOnesAreForbidden) {
  const Selection named = Build(
      "{apiVersion: v1, kinds: [Secret, namespaces], namespaces: [b]},"
      "{apiVersion: v1, kinds: [Secret], namespaces: [a, b], resourceNameRegexp: ^x}");
  EXPECT_THAT(named.types()[0].namespaces, ElementsAre("a", "b"));
  EXPECT_THAT(named.types()[1].namespaces, IsEmpty());  // cluster-scoped
  const Selection pattern = Build(
      "{apiVersion: v1, kinds: [Secret], namespaces: [b]},"
      "{apiVersion: v1, kinds: [Secret], namespaces: [a], namespaceRegexp: ^c}");
  EXPECT_THAT(pattern.types()[0].namespaces, IsEmpty());
  const Selection all = Build(
      "{apiVersion: v1, kinds: [Secret], namespaces: [b]}, {apiVersion: v1, kinds: [Secret]}");
  EXPECT_THAT(all.types()[0].namespaces, IsEmpty());
}

TEST_F(SelectionTest, SaysWhyASelectorReadsNothing) {
  const Selection selection = Build(
      "{apiVersion: gone.io/v1}, {apiVersion: x.io/v2}, {apiVersion: v1, kinds: [secret]},"
      "{apiVersion: v1, kinds: [widgets]}, {apiVersion: v1, kindsRegexp: ^nothing$},"
      "{apiVersion: x.io/v1, kinds: [Review]}, {apiVersion: x.io/v1, kinds: [Probe]},"
      "{apiVersion: v1, kinds: [namespaces], namespaces: [a]}, {apiVersion: v1},"
      "{apiVersion: v1, kinds: [pods/log]},"
      "{apiVersion: v1, kindsRegexp: ., excludeKinds: [secret]}");
  EXPECT_THAT(selection.notes(0), ElementsAre("the server has no gone.io/v1"));
  EXPECT_THAT(selection.notes(1), ElementsAre("the server has no x.io/v2 (it has x.io/v1)"));
  EXPECT_THAT(
      selection.notes(2),
      ElementsAre("kinds: no resource of v1 is called \"secret\"; did you mean \"Secret\"?"));
  EXPECT_THAT(selection.notes(3),
              ElementsAre("kinds: no resource of v1 is called \"widgets\" (x.io/v1 has it)"));
  EXPECT_THAT(selection.notes(4),
              ElementsAre(HasSubstr("is matched by kindsRegexp \"^nothing$\"")));
  EXPECT_THAT(selection.notes(5), ElementsAre(HasSubstr("can be neither listed nor read")));
  EXPECT_THAT(selection.notes(6), ElementsAre(HasSubstr("the selector has no resourceNames")));
  EXPECT_THAT(selection.notes(7), ElementsAre(HasSubstr("cluster-scoped")));
  EXPECT_THAT(selection.notes(8), IsEmpty());
  EXPECT_THAT(selection.notes(9), ElementsAre(HasSubstr("subresource")));
  EXPECT_THAT(selection.notes(10), ElementsAre(HasSubstr("excludeKinds: no resource of v1")));
}

TEST_F(SelectionTest, FaultsAreFoundBeforeDiscoveryIsAsked) {
  struct {
    Selector selector;
    std::string want;
  } cases[3];
  cases[0].selector.api_version = "gone.io/v1";
  cases[0].selector.kinds_regexp = "a(";
  cases[0].want =
      "resourceSelectors[1]: error gathering resource for gone.io/v1: error in "
      "kindsRegexp pattern a(: error parsing regexp: missing closing ): `a(`";
  cases[1].selector.api_version = "gone.io/v1";
  cases[1].selector.resource_name_regexp = "^good";
  cases[1].selector.exclude_resource_name_regexp = "*";
  cases[1].want =
      "resourceSelectors[1]: error in exclude-resource-name pattern *: error parsing "
      "regexp: missing argument to repetition operator: `*`";
  cases[2].want =
      "resourceSelectors[1]: error gathering resource for : groupVersion shouldn't be "
      "empty";
  for (const auto& one : cases) {
    ResourceSet set;
    set.selectors.resize(2);
    set.selectors[0].api_version = "v1";
    set.selectors[1] = one.selector;
    auto selection = Selection::Build(set, discovery_, log_);
    ASSERT_FALSE(selection);
    EXPECT_EQ(selection.error().kind(), ErrorKind::kInvalid);
    EXPECT_EQ(selection.error().ToString(), one.want);
  }
}

TEST_F(SelectionTest, SurvivesAMove) {
  Selection first = Build("{apiVersion: v1, kinds: [Secret], namespaces: [a]}");
  const TypeSelection* secrets = &first.types()[0];
  const Selection second = std::move(first);
  EXPECT_EQ(second.Match(*secrets, R"({"metadata":{"name":"x","namespace":"a"}})"), 0u);
  EXPECT_EQ(second.Find(*discovery_.ByKind({"", "v1"}, "Secret")), secrets);
  EXPECT_EQ(second.Find(*discovery_.ByKind({"", "v1"}, "ConfigMap")), nullptr);
}

}  // namespace
}  // namespace holdfast::resourceset
