// What a restore did, or would do: counts, and every object that did not go as the archive has it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::restore {

// Something to be said about one object.
struct ObjectNote {
  std::string object;  // "secrets cattle-system/tls-ca", "users.management.cattle.io user-1"
  std::string text;
};

// Notes bounded in memory: the first kMostNotes are kept, all are counted.
struct NoteList {
  static constexpr size_t kMostNotes = 10'000;
  std::vector<ObjectNote> notes;
  uint64_t total = 0;

  void Add(std::string object, std::string text);
};

struct Counts {
  uint64_t objects = 0;  // in the archive
  uint64_t created = 0;
  uint64_t updated = 0;
  uint64_t status_updated = 0;  // status alone, or after a create or update
  uint64_t unchanged = 0;
  uint64_t skipped = 0;
  uint64_t deleted = 0;
  uint64_t failed = 0;
};

// One line of the plan, in the order in which it would be done.
struct PlanLine {
  std::string action;  // "create", "update", "status", "delete", "skip"
  std::string object;
  std::string reason;
};

// A warning of the API server: at most kMostWarnings of different texts are kept.
struct ServerWarning {
  static constexpr size_t kMostWarnings = 200;
  std::string object;  // that it came for first
  uint64_t count = 0;  // answers that had it
};

struct Report {
  std::string archive;
  std::string run_name;
  bool plan_only = false;
  bool nothing_to_do = false;  // the cluster was as the archive has it: nothing was written

  // What was done; with plan_only, what would be done.
  Counts counts;
  NoteList failures;        // objects that are not as the archive has them, with the reason
  NoteList skipped;         // objects of the archive that are never restored, with the rule
  NoteList dropped_owners;  // owner references that were left out, with the reason
  NoteList kept_versions;   // CRD versions that only the cluster has and that stay
  NoteList left;            // fields that the control plane has filled in otherwise than archived
  NoteList kept;            // with prune: objects that only the cluster has and that stay, with why
  NoteList rewritten;       // objects that another client changed meanwhile, written again
  NoteList leftovers;       // with prune: objects that are being deleted but are still there
  std::vector<std::string> scaled;  // controllers scaled up at the end, with their counts
  std::vector<std::string> notes;   // what else the reader should know
  // The Warning headers of what was written, by their text, and how many of other texts there were.
  std::map<std::string, ServerWarning> warnings;
  uint64_t more_warnings = 0;

  // Only with plan_only, and where Options::plan_line does not take the lines; unchanged objects
  // are counted, not listed.
  std::vector<PlanLine> plan;

  bool failed() const { return failures.total != 0; }
};

// Collects a report from many threads at once.
class ReportBuilder {
 public:
  // Locks the report for the duration of `change`, which must not block.
  template <typename Change>
  void With(Change&& change) {
    std::lock_guard lock(mutex_);
    change(report_);
  }
  void Failed(std::string object, std::string reason);
  void Note(std::string text);
  void Warning(std::string object, std::string text);
  // Hands the report over; nobody may be writing to it any more.
  Report Take() { return std::move(report_); }

 private:
  std::mutex mutex_;
  Report report_;
};

// The report for a reader: counts, then every failure and whatever else needs to be known; ends
// with a line feed. With plan_only the plan, one object a line.
std::string ToText(const Report& report);
// The same as one JSON object, keys as the members above in camelCase; no line feed. Without
// `with_plan` the plan's lines are left out: they were printed as they came.
std::string ToJson(const Report& report, bool with_plan = true);

}  // namespace holdfast::restore
