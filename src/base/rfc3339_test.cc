#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Rfc3339, WritesUtc) {
  Clock::Wall time{seconds(1769479200)};
  EXPECT_EQ(FormatRfc3339(time + milliseconds(999)), "2026-01-27T02:00:00Z");
  EXPECT_EQ(FormatRfc3339Millis(time + milliseconds(7)), "2026-01-27T02:00:00.007Z");
  EXPECT_EQ(FormatRfc3339Micros(time + milliseconds(7)), "2026-01-27T02:00:00.007000Z");
  EXPECT_EQ(FormatRfc3339(Clock::Wall{}), "1970-01-01T00:00:00Z");
}

TEST(Rfc3339, ReadsZonesAndFractions) {
  Clock::Wall time{seconds(1769479200)};
  EXPECT_EQ(ParseRfc3339("2026-01-27T02:00:00Z").value(), time);
  EXPECT_EQ(ParseRfc3339("2026-01-27T04:30:00+02:30").value(), time);
  EXPECT_EQ(ParseRfc3339("2026-01-26T19:00:00-07:00").value(), time);
  EXPECT_EQ(ParseRfc3339("2026-01-27T02:00:00.25Z").value(), time + milliseconds(250));
  EXPECT_EQ(ParseRfc3339("2026-01-27T02:00:00.123456789Z").value(),
            time + std::chrono::nanoseconds(123456789));
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* bad : {"", "2026", "2026-01-27", "2026-01-27T02:00:00", "2026-02-30T02:00:00Z",
                          "2026-13-01T02:00:00Z", "2026-01-27T24:00:00Z", "2026-01-27T02:60:00Z",
                          "2026-01-27T02:00:00.Z", "2026-01-27T02:00:00.1234567890Z",
                          "2026-01-27T02:00:00Zx", "2026-01-27 02:00:00Z", "1969-12-31T23:59:59Z",
                          "2026-01-27T02:00:00+0200", "2026-01-27T02:00:00+24:00"}) {
    EXPECT_FALSE(ParseRfc3339(bad)) << bad;
  }
}

}  // namespace
}  // namespace holdfast
