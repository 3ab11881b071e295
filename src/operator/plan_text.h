// A restore's plan as text of bounded size, for a ConfigMap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "restore/report.h"

namespace holdfast::op {

// Takes the lines of a plan as they come; keeps `most` bytes of them at most.
class PlanText {
 public:
  explicit PlanText(size_t most) : most_(most) {}

  void Add(const restore::PlanLine& line) {
    if (line.action == "cannot") return;  // among the failures of the report
    std::string text = line.action + " " + line.object;
    if (!line.reason.empty()) text += ": " + line.reason;
    if (left_out_ == 0 && text_.size() + text.size() < most_)
      text_ += text + "\n";
    else
      ++left_out_;
  }

  // The lines and the report behind them, cut at `most` bytes with a note of what is missing.
  std::string Finish(const restore::Report& report) && {
    if (left_out_ != 0)
      text_ += "... and " + std::to_string(left_out_) +
               " more: the whole plan is printed by `holdfast restore --plan`\n";
    std::string out = std::move(text_);
    if (!out.empty()) out += "\n";
    std::string rest = restore::ToText(report);
    if (rest.size() > most_ / 10) {
      rest.resize(rest.rfind('\n', most_ / 10));
      rest += "\n... cut off: the whole report is printed by `holdfast restore --plan`\n";
    }
    return out + rest;
  }

 private:
  size_t most_;
  std::string text_;
  uint64_t left_out_ = 0;
};

}  // namespace holdfast::op
