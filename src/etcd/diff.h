// What differs between the live keys of two stores.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "etcd/keyspace.h"

namespace holdfast::etcd {

enum class Change { kOnlyLeft, kOnlyRight, kChanged };

struct DiffSides {
  const Database& left;
  const Database& right;
  int64_t left_revision = 0;  // 0: the last
  int64_t right_revision = 0;
};

// Calls `report` for every key that starts with `prefix` and has another value, or none, on one
// side, in no order. Holds up to 48 bytes a key; values are compared by a 64-bit hash.
Status DiffLive(const DiffSides& sides, std::string_view prefix, const LookOptions& options,
                const std::function<void(Change, std::string_view key)>& report);

}  // namespace holdfast::etcd
