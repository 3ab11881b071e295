#include "cli/plan_printer.h"

#include <string>

#include "cli/output.h"

namespace holdfast::cli {
namespace {

std::string Indented(const std::string& text, size_t blanks) {
  std::string out(blanks, ' ');
  for (char c : text) {
    out += c;
    if (c == '\n') out.append(blanks, ' ');
  }
  return out;
}

}  // namespace

void PlanPrinter::Line(const restore::PlanLine& line) {
  if (format_ == Format::kText) {
    if (line.action == "cannot") return;  // among the failures of the report
    ++lines_;
    out_ << line.action << " " << line.object;
    if (!line.reason.empty()) out_ << ": " << line.reason;
    out_ << "\n";
    return;
  }
  std::string json = JsonObject()
                         .Text("action", line.action)
                         .Text("object", line.object)
                         .Text("reason", line.reason)
                         .Done();
  if (format_ == Format::kYaml) {
    // A list stands at the depth of its key.
    if (lines_++ == 0) out_ << "plan:\n";
    std::string item = Indented(ToYaml(json), 2);
    item[0] = '-';
    out_ << item << "\n";
    return;
  }
  out_ << (lines_++ == 0 ? "{\n  \"plan\": [\n" : ",\n") << Indented(PrettyJson(json), 4);
}

void PlanPrinter::Finish(const restore::Report& report) {
  if (format_ == Format::kText) {
    out_ << (lines_ == 0 ? "" : "\n") << restore::ToText(report);
    return;
  }
  std::string json = restore::ToJson(report, /*with_plan=*/false);
  if (format_ == Format::kYaml) {
    out_ << (lines_ == 0 ? "plan: []\n" : "") << ToYaml(json) << "\n";
    return;
  }
  std::string rest = PrettyJson(json);  // "{\n  \"archive\": ..."
  out_ << (lines_ == 0 ? "{\n  \"plan\": [],\n" : "\n  ],\n") << rest.substr(rest.find('\n') + 1)
       << "\n";
}

}  // namespace holdfast::cli
