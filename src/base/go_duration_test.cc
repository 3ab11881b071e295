#include "base/go_duration.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(GoDuration, Reads) {
  EXPECT_EQ(ParseGoDuration("3s"), nanoseconds(3s));
  EXPECT_EQ(ParseGoDuration("1m30s"), nanoseconds(90s));
  EXPECT_EQ(ParseGoDuration("1.5h"), nanoseconds(90min));
  EXPECT_EQ(ParseGoDuration(".5ms"), nanoseconds(500us));
  EXPECT_EQ(ParseGoDuration("2\u00b5s3us4ns"), nanoseconds(5004));
  EXPECT_EQ(ParseGoDuration("-2s"), nanoseconds(-2s));
  EXPECT_EQ(ParseGoDuration("0"), nanoseconds(0));
  EXPECT_EQ(ParseGoDuration("1.00000000000000000001s"), nanoseconds(1s));
}

TEST(GoDuration, Refuses) {
  for (const char* text : {"", "3", "s", "3 s", "3d", ".s", "-", "3s4", "1e3s",
                           "9223372036854775808ns", "2562048h", "99999999999999999999999s"})
    EXPECT_EQ(ParseGoDuration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace holdfast
