#include "cli/retention_option.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "cli/output.h"

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

std::string VerdictsJson(std::span<const schedule::RetentionVerdict> verdicts) {
  std::vector<std::string> items;
  for (const auto& verdict : verdicts) {
    JsonObject item;
    item.Text("name", verdict.name).Text("time", FormatRfc3339(verdict.time));
    item.Bool("keep", verdict.keep).Text("reason", verdict.reason);
    items.push_back(item.Done());
  }
  return JsonArray(items);
}

void PrintPruned(Session& session, const std::string& heading,
                 std::span<const schedule::RetentionVerdict> verdicts, const Pruned& pruned) {
  std::vector<std::vector<std::string>> table = {{"", heading, "REASON"}};
  for (const auto& verdict : verdicts)
    table.push_back({verdict.keep ? "keep" : "delete", verdict.name, verdict.reason});
  PrintTable(session.out, table);
  if (pruned.plan) {
    auto doomed = std::count_if(verdicts.begin(), verdicts.end(), [](auto& v) { return !v.keep; });
    session.out << doomed << " of " << verdicts.size()
                << " would be deleted; nothing was (--plan)\n";
  } else {
    session.out << pruned.deleted.size() << " of " << verdicts.size() << " deleted\n";
  }
  for (const std::string& failed : pruned.failed) session.err << "not deleted: " << failed << "\n";
}

}  // namespace holdfast::cli
