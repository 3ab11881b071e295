// Prints a restore's plan line by line while it is made, and the report behind it: the plan of a
// million objects is never held in memory.
#pragma once

#include <cstdint>
#include <ostream>

#include "cli/common.h"
#include "restore/report.h"

namespace holdfast::cli {

// Used by one thread. `out` must outlive it.
class PlanPrinter {
 public:
  PlanPrinter(std::ostream& out, Format format) : out_(out), format_(format) {}
  void Line(const restore::PlanLine& line);
  // Once, last.
  void Finish(const restore::Report& report);

 private:
  std::ostream& out_;
  Format format_;
  uint64_t lines_ = 0;
};

}  // namespace holdfast::cli
