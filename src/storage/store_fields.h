// The fields of a store's description, whatever form it has. Private to storage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/store_config.h"

namespace holdfast::storage {

// Texts of true and false, of non-negative numbers; what each setter makes of its text. kInvalid
// says what is wanted, without the place.
Status SetField(StoreConfig& config, std::string_view name, const std::string& text);

enum class FieldType { kText, kBool, kNumber };
// The fields that SetField() knows; none for others.
struct FieldInfo {
  std::string_view name;
  FieldType type;
};
const std::vector<FieldInfo>& StoreFields();

// What no single field can tell: a bucket is there, the folder can be one, locks have a time. The
// folder stays as it was written: archives that the operator put below a literal `/` are found by
// it.
Status FinishConfig(StoreConfig& config);

// "; known are: a, b, c".
std::string KnownFields(const std::vector<std::string_view>& names);

}  // namespace holdfast::storage
