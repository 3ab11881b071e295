// How many objects prune may delete before the restore stops instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::restore {

struct DeleteLimit {
  // At most one of the two; none: no limit.
  std::optional<uint64_t> count;
  // Of the objects in the cluster that the archive has or that prune looks at: 0 to 100.
  std::optional<uint32_t> percent = 20;
  // With `percent`: so many may always be deleted. What a person asks for counts as it is said (0).
  uint64_t always = 10;

  // The most deletes among `selected` objects.
  uint64_t Most(uint64_t selected) const;
  // "20 %", "15 objects", "no limit".
  std::string ToString() const;
};

// "25" (objects), "10%" or "100%". kInvalid otherwise, saying what is allowed.
Result<DeleteLimit> ParseDeleteLimit(std::string_view text);

}  // namespace holdfast::restore
