// What the prune commands have in common: the rules as options, and what became of the files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/common.h"
#include "schedule/retention.h"

namespace holdfast::cli {

// --keep, --keep-daily, ...; `files` says of what: "archives".
void AddKeepOptions(Command command, schedule::RetentionRules& rules, const std::string& files);

// One object a file: its name, time, whether it is kept and why.
std::string VerdictsJson(std::span<const schedule::RetentionVerdict> verdicts);

// The names of files that were deleted, and of those that could not be, with the reason.
struct Pruned {
  bool plan = false;  // nothing was to be deleted
  std::vector<std::string> deleted, failed;
};

// The verdicts as a table with `heading` above the names, and how many were deleted; failures go to
// the error output.
void PrintPruned(Session& session, const std::string& heading,
                 std::span<const schedule::RetentionVerdict> verdicts, const Pruned& pruned);

}  // namespace holdfast::cli
