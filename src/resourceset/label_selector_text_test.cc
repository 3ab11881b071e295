#include "resourceset/label_selector_text.h"

#include <gmock/gmock.h>

#include "resourceset/label_match.h"

namespace holdfast::resourceset {
namespace {

bool Matches(std::string_view selector, std::string_view labels) {
  auto parsed = ParseLabelSelector(selector);
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  return parsed && LabelsMatch(*parsed, labels);
}

TEST(LabelSelectorText, EveryForm) {
  constexpr std::string_view labels = R"({"app":"web","a.io/tier":"b"})";
  for (const char* text : {"app=web", "app == web", "app!=db", "app in (db, web)", "app", "!other",
                           "app notin (db)", "app=web,a.io/tier in (a,b),!x", "other!=x"})
    EXPECT_TRUE(Matches(text, labels)) << text;
  for (const char* text : {"app=db", "app!=web", "app in (db,x)", "other", "!app",
                           "app notin (web,x)", "app=web,a.io/tier=c", "app="})
    EXPECT_FALSE(Matches(text, labels)) << text;
}

TEST(LabelSelectorText, Refusals) {
  for (const char* text :
       {"", "app=web,", "app in (a", "app with (a)", "=x", "app=a b", "a/b/c=d", "app in", "!"})
    EXPECT_FALSE(ParseLabelSelector(text)) << text;
}

}  // namespace
}  // namespace holdfast::resourceset
