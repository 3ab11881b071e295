// When a Recurring Backup is due: cron expressions as robfig/cron's standard parser reads them
// (https://pkg.go.dev/github.com/robfig/cron/v3), with descriptors, @every and time zones. Pure but
// for the system's time zone database (package tzdata), which Parse() reads.
//
//   [TZ=<zone> |CRON_TZ=<zone> ] minute hour day-of-month month day-of-week
//   @yearly @annually @monthly @weekly @daily @midnight @hourly, @every <Go duration>
//
// A local time that the clocks skip does not fire that day; one that comes twice fires twice.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::schedule {

class Schedule {
 public:
  // `zone` (IANA; "" is the process's own) is used where the text names none. kInvalid with the
  // parser's words: "expected exactly 5 fields, found 1: [kldsnd]".
  static Result<Schedule> Parse(std::string_view text, std::string_view zone = "");

  // The first activation after `time`; none within five years where there is none. Of @every: the
  // whole second at which the delay has passed.
  std::optional<Clock::Wall> Next(Clock::Wall time) const;

  // Of @every; none for expressions with fields.
  std::optional<std::chrono::seconds> every() const;

 private:
  struct Spec;
  explicit Schedule(std::shared_ptr<const Spec> spec) : spec_(std::move(spec)) {}
  std::shared_ptr<const Spec> spec_;
};

// A time in [0, most], the same for the same key, spread evenly over keys: so that what has the
// same schedule does not start in the same second.
std::chrono::seconds Jitter(std::string_view key, std::chrono::seconds most);

}  // namespace holdfast::schedule
