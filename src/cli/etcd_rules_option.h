// Which snapshots are kept, as options.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "schedule/retention.h"

namespace holdfast::cli {

struct EtcdRulesArgs {
  schedule::RetentionRules counts;
  std::string max_age;  // Go's form: "24h"

  // kInvalid: not a duration, nothing that would be kept.
  Result<schedule::RetentionRules> Rules() const;
};

// --retention, --keep, --keep-daily, --keep-weekly, --keep-monthly, --keep-yearly.
void AddEtcdRulesOptions(Command command, EtcdRulesArgs& args);

}  // namespace holdfast::cli
