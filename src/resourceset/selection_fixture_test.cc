// The reference's own cluster, ResourceSet and archive: the same objects must be selected.
// testdata/fixture-objects.jsonl has, for each live object: its type, its name, namespace, labels
// and selectable fields, and whether the archive has it (one terminating pod that was left out of
// the archive for that is marked as selected).
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "base/json_scan.h"
#include "resourceset/selection_for_test.h"
#include "resourceset/testdata_for_test.h"

namespace holdfast::resourceset {
namespace {

// "v1 secrets Secret namespaced".
kube::ResourceType TypeOf(const std::string& text) {
  std::istringstream in(text);
  std::string api_version, plural, kind, scope;
  in >> api_version >> plural >> kind >> scope;
  return MakeType(api_version, plural, kind, scope == "namespaced",
                  kube::kVerbList | kube::kVerbGet);
}

TEST(SelectionFixture, SelectsWhatTheReferenceArchived) {
  auto set = ReadResourceSetFile(TestdataPath("fixture-set.yaml"));
  ASSERT_TRUE(set) << set.error().ToString();
  std::vector<std::string> lines;
  std::istringstream in(Testdata("fixture-objects.jsonl"));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 676u);

  std::map<std::string, kube::ResourceType> types;
  for (const std::string& line : lines) {
    const std::string type = *json::FindString(line, {"type"});
    types.emplace(type, TypeOf(type));
  }
  std::vector<kube::ResourceType> list;
  for (const auto& [text, type] : types) list.push_back(type);
  const kube::Discovery discovery = kube::Discovery::FromTypes(std::move(list));
  const Logger log = Logger::Quiet();
  auto selection = Selection::Build(*set, discovery, log);
  ASSERT_TRUE(selection) << selection.error().ToString();

  int selected = 0;
  for (const std::string& line : lines) {
    const std::string_view object = *json::Find(line, {"object"});
    const bool want = json::TypeOf(*json::Find(line, {"selected"})) == json::Type::kTrue;
    const kube::ResourceType type = types.at(*json::FindString(line, {"type"}));
    const TypeSelection* entry = selection->Find(type);
    bool found = entry != nullptr && entry->plain_list && selection->Match(*entry, object);
    if (!found && entry != nullptr) {
      for (const ServerFieldSelector& one : entry->server_field_selectors) {
        ASSERT_EQ(one.text, "spec.color=blue");
        if (json::FindString(object, {"spec", "color"}) == "blue")
          found = found || selection->Match(*entry, object, one.selectors).has_value();
      }
    }
    EXPECT_EQ(found, want) << line;
    selected += found;
  }
  EXPECT_EQ(selected, 404);
}

}  // namespace
}  // namespace holdfast::resourceset
