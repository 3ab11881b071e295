#include "restore/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace holdfast::restore {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Report, NamesEveryFailureAndCounts) {
  ReportBuilder builder;
  builder.Failed("secrets n/a", "creating it: no");
  builder.Note("a note");
  builder.With([](Report& report) {
    report.archive = "x.tar.gz";
    report.counts.objects = 7;
    report.counts.created = 5;
    report.counts.unchanged = 1;
    report.skipped.Add("globalroles admin", "built-in role");
    report.dropped_owners.Add("secrets n/b", "its owner is lost");
    report.scaled.push_back("deployments.apps n/rancher to 3");
  });
  Report report = builder.Take();
  EXPECT_TRUE(report.failed());
  std::string text = ToText(report);
  EXPECT_THAT(text, HasSubstr("7 objects in the archive, 5 created, 1 unchanged, 1 failed\n"));
  EXPECT_THAT(text, HasSubstr("secrets n/a: creating it: no\n"));
  EXPECT_THAT(text, HasSubstr("globalroles admin: built-in role\n"));
  EXPECT_THAT(text, HasSubstr("its owner is lost"));
  EXPECT_THAT(text, HasSubstr("rancher to 3"));
  EXPECT_THAT(text, HasSubstr("a note"));
  EXPECT_THAT(text, Not(HasSubstr("Nothing to do")));

  auto doc = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(doc["counts"]["failed"], 1);
  EXPECT_EQ(doc["failures"]["notes"][0]["object"], "secrets n/a");
  EXPECT_FALSE(doc.contains("plan"));
}

TEST(Report, APlanHasOneLineAnObject) {
  Report report;
  report.plan_only = true;
  report.plan = {{"create", "secrets n/a", "it is not in the cluster"},
                 {"skip", "globalroles admin", "built-in role"},
                 {"cannot", "trees.x.io oak", "no such type"}};
  report.skipped.Add("globalroles admin", "built-in role");
  report.failures.Add("trees.x.io oak", "no such type");
  report.counts.created = 1;
  std::string text = ToText(report);
  EXPECT_THAT(text, HasSubstr("create secrets n/a: it is not in the cluster\n"));
  EXPECT_THAT(text, HasSubstr("1 would be created"));
  EXPECT_EQ(text.find("globalroles admin"), text.rfind("globalroles admin"));
  EXPECT_EQ(text.find("trees.x.io oak"), text.rfind("trees.x.io oak"));
  EXPECT_EQ(nlohmann::json::parse(ToJson(report))["plan"][0]["action"], "create");
}

TEST(Report, MemoryIsBoundedAndNothingIsLostFromTheCount) {
  ReportBuilder builder;
  for (size_t i = 0; i < NoteList::kMostNotes + 5; ++i) builder.Failed("o", "r");
  Report report = builder.Take();
  EXPECT_EQ(report.failures.notes.size(), NoteList::kMostNotes);
  EXPECT_EQ(report.failures.total, NoteList::kMostNotes + 5);
  EXPECT_THAT(ToText(report), HasSubstr("and 5 more"));
}

TEST(Report, TextThatIsNotUtf8DoesNotBreakTheJson) {
  Report report;
  report.notes.push_back("\xff\xfe");
  EXPECT_TRUE(nlohmann::json::accept(ToJson(report)));
}

}  // namespace
}  // namespace holdfast::restore
