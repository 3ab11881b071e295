// Whose archive a file is.
#pragma once

#include <optional>
#include <string_view>

#include "archive/name.h"

namespace holdfast::archive {

// The parsed name when `file_name` is exactly `<backup>-<uid>-<time>.tar.gz` (or `.enc`), the
// backup's name taken literally: "nightly" does not own what "daily-nightly" or "nightly-2" wrote,
// and no cluster owns what another one wrote. Names with `#` in the time (early versions of the
// operator) belong to nobody: retention leaves them alone.
inline std::optional<ArchiveName> OwnedBy(std::string_view file_name, std::string_view backup,
                                          std::string_view uid) {
  auto name = ParseName(file_name);
  if (name && (name->old_form || name->backup != backup || name->uid != uid)) name.reset();
  return name;
}

}  // namespace holdfast::archive
