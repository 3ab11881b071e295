#include "restore/report.h"

#include <nlohmann/json.hpp>

namespace holdfast::restore {
namespace {

using Json = nlohmann::json;

void AppendNotes(std::string& out, const NoteList& list, const char* title) {
  if (list.total == 0) return;
  out += "\n" + std::string(title) + " (" + std::to_string(list.total) + "):\n";
  for (const ObjectNote& note : list.notes) out += "  " + note.object + ": " + note.text + "\n";
  if (list.total > list.notes.size()) {
    out += "  and " + std::to_string(list.total - list.notes.size()) + " more\n";
  }
}

void AppendLines(std::string& out, const std::vector<std::string>& lines, const char* title) {
  if (lines.empty()) return;
  out += "\n" + std::string(title) + ":\n";
  for (const std::string& line : lines) out += "  " + line + "\n";
}

void AppendWarnings(std::string& out, const Report& report) {
  if (report.warnings.empty()) return;
  out += "\nWarnings of the API server:\n";
  for (const auto& [text, warning] : report.warnings) {
    out += "  " + warning.object;
    if (warning.count > 1) out += " and " + std::to_string(warning.count - 1) + " more";
    out += ": " + text + "\n";
  }
  if (report.more_warnings != 0)
    out += "  and " + std::to_string(report.more_warnings) + " of other texts\n";
}

void AppendPlan(std::string& out, const Report& report) {
  for (const PlanLine& line : report.plan) {
    if (line.action == "cannot") continue;  // among the failures below
    out += line.action + " " + line.object;
    if (!line.reason.empty()) out += ": " + line.reason;
    out += "\n";
  }
  if (!report.plan.empty()) out += "\n";
}

void AppendCounts(std::string& out, const Report& report) {
  const Counts& c = report.counts;
  const char* would = report.plan_only ? "would be " : "";
  auto add = [&](uint64_t count, const std::string& what) {
    if (count != 0) out += ", " + std::to_string(count) + " " + what;
  };
  out += std::to_string(c.objects) + " objects in the archive";
  add(c.created, std::string(would) + "created");
  add(c.updated, std::string(would) + "updated");
  add(c.status_updated, std::string(would) + "given their status");
  add(c.unchanged, "unchanged");
  add(c.skipped, "skipped");
  add(c.deleted, std::string(would) + "deleted");
  add(c.failed, "failed");
  out += "\n";
}

Json NotesJson(const NoteList& list) {
  Json notes = Json::array();
  for (const ObjectNote& note : list.notes) {
    notes.push_back({{"object", note.object}, {"text", note.text}});
  }
  return {{"total", list.total}, {"notes", std::move(notes)}};
}

}  // namespace

void NoteList::Add(std::string object, std::string text) {
  ++total;
  if (notes.size() < kMostNotes) notes.push_back({std::move(object), std::move(text)});
}

void ReportBuilder::Failed(std::string object, std::string reason) {
  std::lock_guard lock(mutex_);
  ++report_.counts.failed;
  report_.failures.Add(std::move(object), std::move(reason));
}

void ReportBuilder::Note(std::string text) {
  std::lock_guard lock(mutex_);
  report_.notes.push_back(std::move(text));
}

void ReportBuilder::Warning(std::string object, std::string text) {
  std::lock_guard lock(mutex_);
  auto known = report_.warnings.find(text);
  if (known != report_.warnings.end()) {
    ++known->second.count;
  } else if (report_.warnings.size() < ServerWarning::kMostWarnings) {
    report_.warnings[std::move(text)] = {std::move(object), 1};
  } else {
    ++report_.more_warnings;
  }
}

std::string ToText(const Report& report) {
  std::string out;
  AppendPlan(out, report);
  if (report.nothing_to_do && report.failed()) {
    out += "Nothing to do: what can be restored is as " + report.archive + " has it.\n";
  } else if (report.nothing_to_do) {
    out += "Nothing to do: the cluster is as " + report.archive + " has it.\n";
  }
  AppendCounts(out, report);
  AppendNotes(out, report.failures,
              report.plan_only ? "Cannot be restored" : "Not as the archive has them");
  // A plan has a line for each of these.
  if (!report.plan_only) {
    AppendNotes(out, report.leftovers, "Being deleted, but still there");
    AppendNotes(out, report.kept, "Kept, although the archive does not have them");
  }
  AppendNotes(out, report.rewritten, "Changed by another client while the restore ran");
  AppendNotes(out, report.dropped_owners, "Owner references left out");
  AppendNotes(out, report.left, "Fields left to the control plane");
  AppendNotes(out, report.kept_versions, "Versions kept that the archive does not have");
  if (!report.plan_only) AppendNotes(out, report.skipped, "Skipped");
  AppendLines(out, report.scaled, "Scaled up at the end");
  AppendWarnings(out, report);
  AppendLines(out, report.notes, "Notes");
  return out;
}

std::string ToJson(const Report& report, bool with_plan) {
  const Counts& c = report.counts;
  Json doc = {{"archive", report.archive},
              {"runName", report.run_name},
              {"planOnly", report.plan_only},
              {"nothingToDo", report.nothing_to_do},
              {"counts",
               {{"objects", c.objects},
                {"created", c.created},
                {"updated", c.updated},
                {"statusUpdated", c.status_updated},
                {"unchanged", c.unchanged},
                {"skipped", c.skipped},
                {"deleted", c.deleted},
                {"failed", c.failed}}},
              {"failures", NotesJson(report.failures)},
              {"leftovers", NotesJson(report.leftovers)},
              {"kept", NotesJson(report.kept)},
              {"rewritten", NotesJson(report.rewritten)},
              {"droppedOwners", NotesJson(report.dropped_owners)},
              {"leftFields", NotesJson(report.left)},
              {"keptVersions", NotesJson(report.kept_versions)},
              {"skipped", NotesJson(report.skipped)},
              {"scaled", report.scaled},
              {"notes", report.notes}};
  Json warnings = Json::array();
  for (const auto& [text, warning] : report.warnings)
    warnings.push_back({{"text", text}, {"object", warning.object}, {"count", warning.count}});
  doc["warnings"] = {{"more", report.more_warnings}, {"texts", std::move(warnings)}};
  if (report.plan_only && with_plan) {
    Json plan = Json::array();
    for (const PlanLine& line : report.plan) {
      plan.push_back({{"action", line.action}, {"object", line.object}, {"reason", line.reason}});
    }
    doc["plan"] = std::move(plan);
  }
  return doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace holdfast::restore
