#include "net/url_parts.h"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

std::string Show(std::string_view url) {
  auto parts = SplitUrl(url);
  if (!parts) return "none";
  return std::string(parts->scheme) + "|" + std::string(parts->host) + "|" +
         std::string(parts->port) + "|" + std::string(parts->rest);
}

TEST(UrlParts, Split) {
  EXPECT_EQ(Show("https://a.b:6443/c?d#e"), "https|a.b|6443|/c?d#e");
  EXPECT_EQ(Show("http://a"), "http|a||");
  EXPECT_EQ(Show("http://a?q"), "http|a||?q");
  EXPECT_EQ(Show("https://[::1]:8/x"), "https|[::1]|8|/x");
  EXPECT_EQ(Show("https://[fd00::2]"), "https|[fd00::2]||");
  EXPECT_EQ(Show("https://user:p@ss@h:1/"), "https|h|1|/");
  for (std::string_view bad : {"", "a", "://a", "https://", "https:///x", "http://:80"})
    EXPECT_EQ(Show(bad), "none") << bad;
}

TEST(UrlParts, PeerLeavesUserAndPathOut) {
  EXPECT_EQ(SplitUrl("https://u:p@h:1/x")->Peer(), "https://h:1");
  EXPECT_EQ(SplitUrl("https://h/x")->Peer(), "https://h");
}

TEST(UrlParts, Loopback) {
  EXPECT_TRUE(SplitUrl("http://127.0.0.1:1")->IsLoopback());
  EXPECT_TRUE(SplitUrl("http://[::1]:1")->IsLoopback());
  EXPECT_TRUE(SplitUrl("http://localhost")->IsLoopback());
  EXPECT_FALSE(SplitUrl("http://128.0.0.1")->IsLoopback());
}

}  // namespace
}  // namespace holdfast::net
