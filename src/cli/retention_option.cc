#include "cli/retention_option.h"

#include <algorithm>

#include "base/rfc3339.h"

namespace holdfast::cli {

void AddKeepOptions(Command command, schedule::RetentionRules& rules, const std::string& files) {
  auto rule = [&](const std::string& name, int& count, const std::string& what) {
    command.AddOption(name, count, what).Text("N").Group("What to keep").Between(0, 1'000'000);
  };
  rule("--keep", rules.newest, "the newest N " + files);
  rule("--keep-daily", rules.daily, "the newest one of each of the last N days");
  rule("--keep-weekly", rules.weekly, "the newest one of each of the last N weeks");
  rule("--keep-monthly", rules.monthly, "the newest one of each of the last N months");
  rule("--keep-yearly", rules.yearly, "the newest one of each of the last N years");
}

namespace {

// One object a file: its name, time, whether it is kept and why.
std::string VerdictsJson(const std::vector<schedule::RetentionVerdict>& verdicts) {
  std::vector<std::string> items;
  for (const auto& verdict : verdicts) {
    JsonObject item;
    item.Text("name", verdict.name).Text("time", FormatRfc3339(verdict.time));
    item.Bool("keep", verdict.keep).Text("reason", verdict.reason);
    items.push_back(item.Done());
  }
  return JsonArray(items);
}

}  // namespace

void AddPrunedJson(JsonObject& json, std::string_view files_key, const storage::RetentionPlan& plan,
                   const Pruned& pruned) {
  std::vector<std::string> deleted = pruned.report.deleted;
  deleted.insert(deleted.end(), pruned.report.deleted_orphans.begin(),
                 pruned.report.deleted_orphans.end());
  json.Bool("plan", pruned.plan).Raw(files_key, VerdictsJson(plan.verdicts));
  if (!plan.description_suffix.empty()) json.Texts("orphans", plan.orphans);
  json.Texts("deleted", deleted).Texts("failed", pruned.report.FailedTexts());
}

void PrintPruned(Session& session, const std::string& heading, const storage::RetentionPlan& plan,
                 const Pruned& pruned) {
  std::vector<std::vector<std::string>> table = {{"", heading, "REASON"}};
  for (const auto& verdict : plan.verdicts)
    table.push_back({verdict.keep ? "keep" : "delete", verdict.name, verdict.reason});
  for (const std::string& orphan : plan.orphans)
    table.push_back({"delete", orphan, "the file that it describes is gone"});
  PrintTable(session.out, table);
  auto all = plan.verdicts.size();
  if (pruned.plan) {
    auto given_up = std::count_if(plan.verdicts.begin(), plan.verdicts.end(),
                                  [](const auto& verdict) { return !verdict.keep; });
    session.out << given_up << " of " << all << " would be deleted";
    if (!plan.orphans.empty())
      session.out << ", and " << plan.orphans.size() << " description(s) without a file";
    session.out << "; nothing was (--plan)\n";
  } else {
    session.out << pruned.report.deleted.size() << " of " << all << " deleted";
    if (!pruned.report.deleted_orphans.empty())
      session.out << ", and " << pruned.report.deleted_orphans.size()
                  << " description(s) without a file";
    session.out << "\n";
  }
  for (const auto& verdict : plan.NotCounted())
    session.err << "kept, " << verdict.name << ": " << verdict.reason << "\n";
  for (const std::string& failed : pruned.report.FailedTexts())
    session.err << "not deleted: " << failed << "\n";
}

}  // namespace holdfast::cli
