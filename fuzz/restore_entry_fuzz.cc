// An entry of an archive, from anywhere: it is examined, compared with itself and made ready to be
// sent.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_scan.h"
#include "restore/entry_facts.h"
#include "restore/special_cases.h"
#include "restore/transform.h"

using namespace holdfast;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const archive::EntryName kNames[] = {
      {"secrets", "", "v1", "n", "a"},
      {"customresourcedefinitions", "apiextensions.k8s.io", "v1", "", "a"},
      {"clusters", "fleet.cattle.io", "v1alpha1", "n", "a"},
      {"clusters", "provisioning.cattle.io", "v1", "n", "a"},
      {"clusters", "management.cattle.io", "v3", "", "a"},
      {"serviceaccounts", "", "v1", "n", "a"},
      {"globalroles", "management.cattle.io", "v3", "", "a"},
  };
  static const restore::Hasher hasher;
  const archive::EntryName& name = kNames[data[0] % std::size(kNames)];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string scratch;
  auto facts = restore::ExamineEntry(hasher, name, text, scratch);
  if (!facts) return 0;

  restore::Special special = restore::SpecialOf({name.group, name.version}, name.plural);
  if (!restore::DifferingPaths(special, text, text, true, 3).empty()) __builtin_trap();
  std::vector<restore::OwnerWrite> owners(facts->owners.size(), {true, "uid"});
  restore::TransformInput input;
  input.special = special;
  input.owners = owners;
  input.resource_version = "1";
  input.live_crd = text;
  auto sent = restore::Transform(text, input);
  if (sent && !json::Validate(sent->body)) __builtin_trap();
  return 0;
}
