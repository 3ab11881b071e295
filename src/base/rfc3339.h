// Points in time as text, RFC 3339.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast {

// "2026-01-27T02:00:00Z" (the fraction is cut off), always UTC.
std::string FormatRfc3339(Clock::Wall time);
// "2026-01-27T02:00:00.123Z".
std::string FormatRfc3339Millis(Clock::Wall time);
// "2026-01-27T02:00:00.123456Z": Kubernetes' MicroTime, as Leases have it.
std::string FormatRfc3339Micros(Clock::Wall time);
// Any zone, up to nine digits of fraction, years 1970 to 2261; kInvalid otherwise.
Result<Clock::Wall> ParseRfc3339(std::string_view text);

}  // namespace holdfast
