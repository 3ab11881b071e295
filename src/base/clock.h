// The one seam through which time enters. Anything that looks at the clock takes a Clock.
#pragma once

#include <chrono>
#include <stop_token>

namespace holdfast {

class Clock {
 public:
  using Wall = std::chrono::system_clock::time_point;
  using Steady = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  virtual Wall Now() const = 0;
  // Never goes back; what deadlines and durations are measured with.
  virtual Steady SteadyNow() const = 0;
  // Blocks for `time`, or until `stop` is requested; true when it slept through.
  virtual bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) = 0;

  // The machine's clock; stateless, may be used by any number of threads.
  static Clock& Real();
};

// A point in time by which a call must have ended.
class Deadline {
 public:
  static Deadline Never() { return Deadline(Clock::Steady::max()); }
  static Deadline After(const Clock& clock, std::chrono::nanoseconds time) {
    return Deadline(clock.SteadyNow() + time);
  }
  explicit Deadline(Clock::Steady at) : at_(at) {}
  bool never() const { return at_ == Clock::Steady::max(); }
  Clock::Steady at() const { return at_; }
  bool Passed(const Clock& clock) const { return !never() && clock.SteadyNow() >= at_; }
  // Zero when passed; nanoseconds::max() for Never.
  std::chrono::nanoseconds Left(const Clock& clock) const;
  // The earlier of the two.
  Deadline Min(Deadline other) const { return at_ < other.at_ ? *this : other; }

 private:
  Clock::Steady at_;
};

}  // namespace holdfast
