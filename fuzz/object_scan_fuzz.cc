// Objects as an API server may send them: whatever comes, the scan stays within its bounds, and a
// valid object gives a valid entry that no longer holds what the server owns.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backup/scrub.h"
#include "base/json_scan.h"

using namespace holdfast;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  kube::ResourceType type;
  type.gv = {"x.io", "v1"};
  type.plural = "widgets";
  type.kind = "Widget";
  backup::ObjectScan scan;
  if (!scan.Read(text)) return 0;
  (void)scan.selection_metadata();
  (void)backup::IsLeftOut(type, scan);
  std::string entry = backup::Scrubber::Scrub(type, scan);
  if (!json::Validate(text) || json::TypeOf(text) != json::Type::kObject) return 0;
  if (!json::Validate(entry)) std::abort();
  // A second metadata behind the first one, which no server writes, is left as it is.
  size_t count = 0;
  for (json::ObjectReader reader(entry); auto member = reader.Next();)
    count += member->Is("metadata") ? 1 : 0;
  if (count != 1) return 0;
  for (std::string_view gone : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"})
    for (json::ObjectReader reader(*json::Find(entry, {"metadata"})); auto member = reader.Next();)
      if (member->key == gone) std::abort();
  return 0;
}
