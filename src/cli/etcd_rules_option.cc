#include "cli/etcd_rules_option.h"

#include "base/go_duration.h"
#include "cli/retention_option.h"

namespace holdfast::cli {

Result<schedule::RetentionRules> EtcdRulesArgs::Rules() const {
  schedule::RetentionRules rules = counts;
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

void AddEtcdRulesOptions(Command command, EtcdRulesArgs& args) {
  command.AddOption("--retention", args.max_age, "snapshots younger than this")
      .Text("DURATION")
      .Group("What to keep");
  AddKeepOptions(command, args.counts, "snapshots");
}

}  // namespace holdfast::cli
