#include "cli/etcd_rules_option.h"

#include <CLI/CLI.hpp>

#include "base/go_duration.h"

namespace holdfast::cli {

Result<etcd::SnapshotRules> EtcdRulesArgs::Rules() const {
  etcd::SnapshotRules rules{.counts = counts};
  if (!max_age.empty()) {
    auto age = ParseGoDuration(max_age);
    if (!age || age->count() <= 0) {
      return Fail(Error(ErrorKind::kInvalid, "--retention \"" + max_age + "\" is no duration")
                      .Hint("write 24h, 90m or 336h (two weeks)"));
    }
    rules.max_age = std::chrono::duration_cast<std::chrono::seconds>(*age);
  }
  auto checked = rules.Check();
  if (!checked) {
    return Fail(Error(ErrorKind::kInvalid, "no rule says what to keep")
                    .Hint("give --retention, --keep, --keep-daily, ..."));
  }
  return rules;
}

void AddEtcdRulesOptions(CLI::App& command, EtcdRulesArgs& args) {
  command.add_option("--retention", args.max_age, "snapshots younger than this")
      ->option_text("DURATION")
      ->group("What to keep");
  auto rule = [&](const char* name, int& count, const char* what) {
    command.add_option(name, count, what)
        ->option_text("N")
        ->group("What to keep")
        ->check(CLI::Range(0, 1'000'000).description(""));
  };
  rule("--keep", args.counts.newest, "the newest N snapshots");
  rule("--keep-daily", args.counts.daily, "the newest one of each of the last N days");
  rule("--keep-weekly", args.counts.weekly, "the newest one of each of the last N weeks");
  rule("--keep-monthly", args.counts.monthly, "the newest one of each of the last N months");
  rule("--keep-yearly", args.counts.yearly, "the newest one of each of the last N years");
}

}  // namespace holdfast::cli
