// Where two JSON values differ, field by field.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

struct FieldChange {
  std::string path;  // `spec.replicas`, `metadata.labels["a.b/c"]`, `spec.rules[2]`
  std::string left;  // JSON text; empty: absent on that side
  std::string right;
};

// At most `limit` changes, in the order of the sorted keys; values over 200 bytes are cut. Arrays
// are compared by position. Numbers count as their text.
std::vector<FieldChange> DiffFields(std::string_view left, std::string_view right, size_t limit);

}  // namespace holdfast::cli
