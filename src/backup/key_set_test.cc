#include "backup/key_set.h"

#include <gtest/gtest.h>

namespace holdfast::backup {
namespace {

TEST(KeySetTest, CountsDistinctKeys) {
  KeySet set;
  EXPECT_FALSE(set.Contains("a", "b"));
  EXPECT_TRUE(set.Insert("a", "b"));
  EXPECT_FALSE(set.Insert("a", "b"));
  EXPECT_TRUE(set.Insert("", "ab"));
  EXPECT_TRUE(set.Insert("ab", ""));
  EXPECT_EQ(set.size(), 3u);
  EXPECT_TRUE(set.Contains("a", "b"));
  EXPECT_FALSE(set.Contains("b", "a"));
}

TEST(KeySetTest, KeepsAllOfManyKeys) {
  KeySet set;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(set.Insert("ns", std::to_string(i)));
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_TRUE(set.Contains("ns", std::to_string(i)));
    EXPECT_FALSE(set.Contains("other", std::to_string(i)));
  }
  EXPECT_EQ(set.size(), 20'000u);
}

}  // namespace
}  // namespace holdfast::backup
