// The special cases of spec 7.9 and 7.4 that change the text of an object, one function each.
// All take and return JSON text; what they do not name stays byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "restore/transform.h"

namespace holdfast::restore {

// Raises the generation, or sets the annotation, by which a downstream cluster's agents are told to
// connect anew. A value that is not a number is left alone, with a note.
std::string ApplyIncrement(Special special, std::string object, std::vector<std::string>& notes);

// What `live` has where ApplyIncrement would change `archived`.
enum class IncrementState {
  kDone,     // what would be written
  kPending,  // what the archive has
  kOther,    // neither
};
IncrementState CompareIncrement(Special special, std::string_view archived, std::string_view live);

// Keeps the live CRD's versions that the archive's lacks, not stored (names appended to `kept`),
// and does away with preserveUnknownFields, which apiextensions.k8s.io/v1 refuses when true: the
// same meaning goes into each archived version's schema (D56), or, with `replace_schemas`, replaces
// it. kInvalid when the archive's CRD has no spec or no list of versions.
Result<std::string> MergeCrd(std::string object, std::string_view live, bool replace_schemas,
                             std::vector<std::string>& kept);

}  // namespace holdfast::restore
