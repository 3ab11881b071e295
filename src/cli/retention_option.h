// What the prune commands have in common: the rules as options, and what became of the files.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/common.h"
#include "cli/output.h"
#include "schedule/retention.h"
#include "storage/catalog.h"

namespace holdfast::cli {

// --keep, --keep-daily, ...; `files` says of what: "archives".
void AddKeepOptions(Command command, schedule::RetentionRules& rules, const std::string& files);

// What `prune` printed or did.
struct Pruned {
  bool plan = false;            // nothing was to be deleted
  storage::PruneReport report;  // empty for a plan
};

// The members that both prune commands add to their JSON document: plan, `files_key` with the
// verdicts, orphans, deleted, failed.
void AddPrunedJson(JsonObject& json, std::string_view files_key, const storage::RetentionPlan& plan,
                   const Pruned& pruned);

// The plan as a table with `heading` above the names, and how many were deleted; files that are not
// counted, and failures, go to the error output by name.
void PrintPruned(Session& session, const std::string& heading, const storage::RetentionPlan& plan,
                 const Pruned& pruned);

}  // namespace holdfast::cli
