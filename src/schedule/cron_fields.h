// The five fields of a cron expression as bit sets. Private to schedule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::schedule {

// Bit n: the value n. kStar: the field was written as `*` or `?` without a step above 1.
inline constexpr uint64_t kStar = uint64_t{1} << 63;

struct CronFields {
  uint64_t minute = 0, hour = 0, day = 0, month = 0, weekday = 0;

  // Both day fields restricted: either; else both (a star holds for every day).
  bool MatchesDay(int of_month, int of_week) const;
};

// Five fields separated by blanks. kInvalid in the words of robfig/cron.
Result<CronFields> ParseCronFields(std::string_view text);

}  // namespace holdfast::schedule
