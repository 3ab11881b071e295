#include "base/printable.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("plain ünï"), "plain ünï");
  EXPECT_EQ(Printable(std::string_view("a\0b\x1b[2J\n", 8)), "a\\x00b\\x1b[2J\\x0a");
  EXPECT_EQ(Printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b");
}

TEST(Printable, CutsLongText) { EXPECT_EQ(Printable("aaaaaaaa", 3), "aaa..."); }

}  // namespace
}  // namespace holdfast
