// Where two JSON values differ.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::json {

struct Difference {
  // `spec.replicas`, `metadata.labels["a.b/c"]`, `spec.rules[2]`; keys of other characters than
  // letters, digits, _ and - are quoted. Empty: the whole value. Of more than 32 steps, those in
  // the middle are `...`.
  std::string path;
  std::string_view left;  // views into the texts given; empty: absent on that side
  std::string_view right;
};

enum class Arrays {
  kByPosition,           // elements that only one side has are differences of their own
  kWholeIfLengthsDiffer  // arrays of different length differ as a whole
};

// The first `limit` differences, in the order of the texts. Both texts are canonical
// (json_canonical.h): keys sorted, no white space; numbers count as their text. Takes any depth, in
// linear time and without recursion.
std::vector<Difference> Differences(std::string_view left, std::string_view right, Arrays arrays,
                                    size_t limit);

}  // namespace holdfast::json
