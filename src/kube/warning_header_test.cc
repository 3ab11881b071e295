#include "kube/warning_header.h"

#include <gtest/gtest.h>

namespace holdfast::kube {
namespace {

std::vector<std::string> Read(std::string_view header) {
  std::vector<std::string> texts;
  ReadWarnings(header, texts);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(WarningHeader, TextsAreTakenFromEveryWarning) {
  EXPECT_EQ(Read(R"(299 - "unknown field \"spec.x\"")"), Texts{R"(unknown field "spec.x")"});
  EXPECT_EQ(Read(R"(299 - "a, b" "Sat, 25 Aug 2012 23:34:45 GMT", 199 host:80 "c")"),
            (Texts{"a, b", "c"}));
  EXPECT_EQ(Read("299 - \"tab\there\x01\""), Texts{"tab here "});
}

TEST(WarningHeader, WhatIsNoWarningEndsTheReading) {
  for (const char* text : {"", "299", "299 -", "299 - x", "299 - \"open", "299 - \"open\\", ",",
                           "\"a\"", "299 \"a\""}) {
    EXPECT_EQ(Read(text), Texts{}) << text;
  }
  EXPECT_EQ(Read(R"(299 - "a" x)"), Texts{"a"});
}

TEST(WarningHeader, NumberAndLengthAreBounded) {
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) ReadWarnings("299 - \"a\"", texts);
  EXPECT_EQ(texts.size(), 100u);
  EXPECT_EQ(Read("299 - \"" + std::string(10'000, 'x') + "\"").at(0).size(), 4096u);
}

}  // namespace
}  // namespace holdfast::kube
