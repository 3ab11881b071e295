#include "resourceset/label_match.h"

#include <gtest/gtest.h>

namespace holdfast::resourceset {
namespace {

LabelSelector Expression(std::string key, std::string op, std::vector<std::string> values = {}) {
  LabelSelector selector;
  selector.match_expressions.push_back({std::move(key), std::move(op), std::move(values)});
  return selector;
}

TEST(LabelMatch, Operators) {
  constexpr std::string_view kX = R"({"app":"x","a.io/b":""})";
  struct {
    LabelSelector selector;
    bool with_x, without;
  } cases[] = {
      {{}, true, true},
      {{{{"app", "x"}}, {}}, true, false},
      {{{{"app", "x"}, {"a.io/b", ""}}, {}}, true, false},
      {{{{"app", "x"}, {"more", "y"}}, {}}, false, false},
      {Expression("app", "In", {"w", "x"}), true, false},
      {Expression("app", "In", {"y"}), false, false},
      {Expression("app", "NotIn", {"x"}), false, true},
      {Expression("app", "NotIn", {"y"}), true, true},
      {Expression("app", "Exists"), true, false},
      {Expression("a.io/b", "Exists"), true, false},
      {Expression("app", "DoesNotExist"), false, true},
      {Expression("other", "DoesNotExist"), true, true},
  };
  for (const auto& one : cases) {
    ASSERT_FALSE(CheckLabels(one.selector));
    EXPECT_EQ(LabelsMatch(one.selector, kX), one.with_x);
    EXPECT_EQ(WhyLabelsDiffer(one.selector, kX).empty(), one.with_x);
    for (std::string_view none : {"", "null", "{}"}) {
      EXPECT_EQ(LabelsMatch(one.selector, none), one.without);
      EXPECT_EQ(WhyLabelsDiffer(one.selector, none).empty(), one.without);
    }
  }
}

TEST(LabelMatch, AllPartsMustHold) {
  LabelSelector selector{{{"app", "x"}}, {{"tier", "Exists", {}}, {"app", "NotIn", {"z"}}}};
  EXPECT_FALSE(LabelsMatch(selector, R"({"app":"x"})"));
  EXPECT_TRUE(LabelsMatch(selector, R"({"tier":"1","app":"x"})"));
  EXPECT_FALSE(LabelsMatch(selector, R"({"tier":"1","app":"z"})"));
}

TEST(LabelMatch, SaysWhy) {
  EXPECT_EQ(WhyLabelsDiffer(Expression("app", "In", {"x", "y"}), R"({"app":"z"})"),
            "label app is \"z\", and matchExpressions wants In (x, y)");
  EXPECT_EQ(WhyLabelsDiffer(LabelSelector{{{"app", "x"}}, {}}, ""),
            "there is no label app, and matchLabels wants \"x\"");
}

TEST(LabelMatch, RefusesWhatKubernetesRefuses) {
  struct {
    LabelSelector selector;
    std::string path;
  } cases[] = {
      {Expression("app", "In"), "matchExpressions[0].values"},
      {Expression("app", "NotIn"), "matchExpressions[0].values"},
      {Expression("app", "Exists", {"x"}), "matchExpressions[0].values"},
      {Expression("app", "in", {"x"}), "matchExpressions[0].operator"},
      {Expression("app", ""), "matchExpressions[0].operator"},
      {Expression("", "Exists"), "matchExpressions[0].key"},
      {Expression("a/b/c", "Exists"), "matchExpressions[0].key"},
      {Expression("A.io/b", "Exists"), "matchExpressions[0].key"},
      {Expression("a..io/b", "Exists"), "matchExpressions[0].key"},
      {Expression("-a", "Exists"), "matchExpressions[0].key"},
      {Expression(std::string(64, 'a'), "Exists"), "matchExpressions[0].key"},
      {Expression("app", "In", {"ok", "not ok"}), "matchExpressions[0].values[1]"},
      {LabelSelector{{{"app", "-"}}, {}}, "matchLabels.app"},
      {LabelSelector{{{"a b", "x"}}, {}}, "matchLabels"},
  };
  for (const auto& one : cases) {
    auto fault = CheckLabels(one.selector);
    ASSERT_TRUE(fault) << one.path;
    EXPECT_EQ(fault->path, one.path) << fault->message;
  }
  EXPECT_FALSE(CheckLabels(Expression("sub-domain.example.io/Name_x.y-z", "In", {"", "A_b.c-1"})));
}

}  // namespace
}  // namespace holdfast::resourceset
