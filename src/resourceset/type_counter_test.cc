#include "resourceset/type_counter.h"

#include <gtest/gtest.h>

#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

TEST(TypeCounter, CountsEachSelectorAndEachObjectOnce) {
  auto set = ParseResourceSet(
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\nmetadata: {name: s}\n"
      "resourceSelectors:\n"
      "- {apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: a}, namespaces: [a, b]}\n"
      "- {apiVersion: x.io/v1, kinds: [Widget], namespaces: [b]}\n"
      "- {apiVersion: x.io/v1, kinds: [widgets]}\n",
      "set.yaml");
  ASSERT_TRUE(set);
  const kube::Discovery discovery = FakeDiscovery();
  const Logger log = Logger::Quiet();
  auto selection = Selection::Build(*set, discovery, log);
  ASSERT_TRUE(selection);
  const TypeSelection& widgets = selection->types()[0];
  TypeCounter counter(*selection, widgets);
  auto object = [](const std::string& ns, const std::string& name) {
    return R"({"metadata":{"name":")" + name + R"(","namespace":")" + ns + R"("}})";
  };
  const ServerFieldSelector& server = widgets.server_field_selectors[0];
  counter.AddFromServer(server, object("b", "w1"));
  counter.AddFromServer(server, object("b", "w1"));
  counter.AddFromServer(server, object("c", "w1"));         // not its namespace
  counter.AddFromServer(server, object("a", "just-made"));  // not in the plain list
  counter.AddPlain(object("a", "w1"));
  counter.AddPlain(object("b", "w1"));
  counter.AddPlain(object("b", "w2"));
  counter.AddPlain(object("b", "w2"));
  MatchCounts counts;
  counts.selectors.resize(3);
  counter.Finish(counts);
  EXPECT_EQ(counts.objects, 4);
  EXPECT_EQ(counts.selectors[0].objects, 2);
  EXPECT_EQ(counts.selectors[0].first, 2);
  EXPECT_EQ(counts.selectors[1].objects, 2);
  EXPECT_EQ(counts.selectors[1].first, 1);
  EXPECT_EQ(counts.selectors[2].objects, 3);
  EXPECT_EQ(counts.selectors[2].first, 1);
  ASSERT_EQ(counts.selectors[2].types.size(), 1u);
  EXPECT_EQ(counts.selectors[2].types[0].type->plural, "widgets");
  EXPECT_EQ(counts.selectors[2].types[0].objects, 3);
}

}  // namespace
}  // namespace holdfast::resourceset
