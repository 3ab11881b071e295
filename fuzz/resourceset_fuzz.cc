// ResourceSets from files, the cluster and archives: any text is read or refused within its limits;
// what is read reads the same again from its own JSON, and selects without harm.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json_scan.h"
#include "kube/discovery.h"
#include "resourceset/lint.h"
#include "resourceset/resource_set.h"
#include "resourceset/selection.h"

namespace {

using namespace holdfast;
using resourceset::ParseMode;

void Check(bool good) {
  if (!good) std::abort();
}

void Use(const resourceset::ResourceSet& set, std::string_view object) {
  static const kube::Discovery discovery = kube::Discovery::FromTypes(
      {{{"", "v1"}, "secrets", "Secret", true, kube::kVerbList | kube::kVerbGet, false},
       {{"", "v1"}, "nodes", "Node", false, kube::kVerbGet, false}});
  static const Logger log = Logger::Quiet();
  auto selection = resourceset::Selection::Build(set, discovery, log);
  if (!selection) return;
  for (const auto& type : selection->types()) {
    const auto taken = selection->Match(type, object);
    if (!taken) continue;
    Check(selection->WhyNot(*taken, *type.type, resourceset::ObjectView(object)).empty());
  }
  resourceset::Lint(set);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto strict = resourceset::ParseResourceSet(text, "fuzz", ParseMode::kStrict);
  if (strict) {
    Check(json::Validate(strict->json).has_value());
    auto again = resourceset::ParseResourceSet(strict->json, "fuzz", ParseMode::kStrict);
    Check(again.has_value());
    Check(again->json == strict->json);
    Check(again->selectors.size() == strict->selectors.size());
    Use(*strict, R"({"metadata":{"name":"a","namespace":"b","labels":{"app":"x"}},"type":"T"})");
  }
  auto archived = resourceset::ParseResourceSet(text, "fuzz", ParseMode::kArchive);
  if (archived) Use(*archived, text);
  resourceset::ObjectView view(text);  // also of what is no JSON
  return 0;
}
