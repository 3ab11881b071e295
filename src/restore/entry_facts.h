// What is learnt from the text of one entry of the archive, without looking at any other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/entry_name.h"
#include "base/result.h"
#include "restore/comparable.h"
#include "restore/index.h"

namespace holdfast::restore {

// An element of metadata.ownerReferences, or (token) the ServiceAccount of a token Secret.
struct OwnerFacts {
  uint64_t form = 0;
  kube::GroupVersion gv;
  std::string kind;
  std::string name;
  bool malformed = false;  // the names above mean nothing
  bool role = false;       // of kind GlobalRole or RoleTemplate
  bool token = false;
};

struct EntryFacts {
  std::string kind;  // empty: the entry does not say
  Forms forms;
  SkipRule skip = SkipRule::kNone;
  std::vector<OwnerFacts> owners;
  std::optional<ArchivedCrd> crd;  // without `object`
};

// Checks and reads one entry's plain JSON. kCorrupt, without the path: not one JSON object,
// metadata that is missing or no object, another name, namespace or apiVersion than the path says,
// ownerReferences that are no list, a CRD without spec. `scratch` is reused between calls.
Result<EntryFacts> ExamineEntry(const Hasher& hasher, const archive::EntryName& name,
                                std::string_view plain, std::string& scratch);

}  // namespace holdfast::restore
