// Manifests of charts, of single objects and of resource types: any text is read or refused, and
// what is read can be asked about.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "resourceset/coverage.h"
#include "resourceset/rbac.h"
#include "resourceset/rendered.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast::resourceset;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto types = ParseResourceTypes(text, "fuzz");
  auto facts = ParseManifest(text, "fuzz");
  auto sets = ReadRenderedSets(text, "fuzz", true);
  if (!sets) return 0;
  FindSources(*sets, {{"a.yaml", std::string(text)}});
  std::vector<const ResourceSet*> all;
  for (const RenderedSet& rendered : *sets) {
    if (rendered.sources.size() != rendered.set.selectors.size()) std::abort();
    if (rendered.selector_json.size() != rendered.set.selectors.size()) std::abort();
    all.push_back(&rendered.set);
  }
  (void)ComputeRbac(all, types ? *types : BuiltinResourceTypes());
  (void)FindCoverage(*sets, facts ? *facts : ResourceFacts{"", "Secret", "a", "b", ""});
  return 0;
}
