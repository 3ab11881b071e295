#include "resourceset/regexp.h"

#include <gtest/gtest.h>

namespace holdfast::resourceset {
namespace {

bool PatternMatches(std::string_view pattern, std::string_view text) {
  auto regexp = Regexp::Compile(pattern);
  EXPECT_TRUE(regexp) << pattern << ": " << regexp.error().ToString();
  return regexp && regexp->Matches(text);
}

TEST(Regexp, IsUnanchoredAndCaseSensitive) {
  EXPECT_TRUE(PatternMatches("ecret", "secrets"));
  EXPECT_FALSE(PatternMatches("^ecret", "secrets"));
  EXPECT_FALSE(PatternMatches("Secret", "secrets"));
  EXPECT_TRUE(PatternMatches("(?i)SECRET", "secrets"));
  EXPECT_TRUE(PatternMatches("^cattle-|^p-", "p-1"));
  EXPECT_TRUE(PatternMatches(".", "x"));
  EXPECT_FALSE(PatternMatches(".", ""));
  EXPECT_TRUE(PatternMatches(R"(\pL\z)", "ü"));
}

TEST(Regexp, NamedGroupsOfBothSpellings) {
  EXPECT_TRUE(PatternMatches("^(?P<a>x)(?<b>y)$", "xy"));
  EXPECT_EQ(TranslateNamedGroups("(?<n>a)(?P<m>b)(?:c)"), "(?P<n>a)(?P<m>b)(?:c)");
  EXPECT_EQ(TranslateNamedGroups(R"(\(?<n>)"), R"(\(?<n>)");
  EXPECT_EQ(TranslateNamedGroups("[(?<]"), "[(?<]");
  EXPECT_EQ(TranslateNamedGroups("[](?<](?<n>a)"), "[](?<](?P<n>a)");
  EXPECT_EQ(TranslateNamedGroups("[^](?<](?<n>a)"), "[^](?<](?P<n>a)");
  EXPECT_EQ(TranslateNamedGroups("[[:alpha:](?<](?<n>a)"), "[[:alpha:](?<](?P<n>a)");
  EXPECT_EQ(TranslateNamedGroups(R"(\Q(?<n>\E(?<n>a))"), R"(\Q(?<n>\E(?P<n>a))");
  EXPECT_EQ(TranslateNamedGroups(R"(\Q(?<n>)"), R"(\Q(?<n>)");
  EXPECT_EQ(TranslateNamedGroups(R"([\]](?<n>a))"), R"([\]](?P<n>a))");
}

TEST(Regexp, ErrorsInGosWords) {
  struct {
    std::string_view pattern, want;
  } cases[] = {
      {"[", "error parsing regexp: missing closing ]: `[`"},
      {"a(b", "error parsing regexp: missing closing ): `a(b`"},
      {"*", "error parsing regexp: missing argument to repetition operator: `*`"},
      {"(?=x)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
      {R"(a\)", "error parsing regexp: trailing backslash at end of expression"},
      {R"(\k)", "error parsing regexp: invalid escape sequence: `\\k`"},
      {"[b-a]", "error parsing regexp: invalid character class range: `b-a`"},
      {"a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"},
  };
  for (const auto& one : cases) {
    auto regexp = Regexp::Compile(one.pattern);
    ASSERT_FALSE(regexp) << one.pattern;
    EXPECT_EQ(regexp.error().kind(), ErrorKind::kInvalid);
    EXPECT_EQ(regexp.error().message(), one.want);
  }
}

TEST(Regexp, IsLimitedInMemory) {
  auto regexp = Regexp::Compile("(\\pL{300}){300}");
  ASSERT_FALSE(regexp);
  EXPECT_TRUE(regexp.error().message().starts_with("error parsing regexp: "));
}

}  // namespace
}  // namespace holdfast::resourceset
