// Inside of the writing stages; for apply_stage.cc and recheck.cc only.
#pragma once

#include <memory>
#include <vector>

#include "restore/apply_stage.h"

namespace holdfast::restore {

// Writes by `state`'s plan; `state` must outlive it. `only_types` by TypeId; empty: all.
std::unique_ptr<Applier> MakeApplier(const ApplyInput& input, const Applied& state,
                                     std::vector<bool> only_types = {});

}  // namespace holdfast::restore
