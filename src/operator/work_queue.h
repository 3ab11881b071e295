// Names of objects that need a pass. A name is handed to one worker at a time; added meanwhile, it
// comes again afterwards. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace holdfast::op {

// 5 ms, doubling to 30 s; from the 31st failure on 120 s.
std::chrono::milliseconds Backoff(int failures);

class WorkQueue {
 public:
  // `clock` says when a wait is over; it must outlive the queue. Pop() looks at it at least once a
  // second.
  explicit WorkQueue(Clock& clock) : clock_(clock) {}

  // Now. Takes back a wait that Done() asked for.
  void Add(const std::string& name);
  // Blocks for the next name; none when stopped.
  std::optional<std::string> Pop(std::stop_token stop);
  // Ends the pass that Pop() began. Failed: it comes again after a back-off that grows with each
  // failure in a row. Else it comes again after `again`, if given.
  void Done(const std::string& name, bool failed,
            std::optional<std::chrono::milliseconds> again = std::nullopt);

  // Names that could be worked on now.
  size_t depth() const;
  int failures(const std::string& name) const;

 private:
  struct State {
    bool working = false;
    bool dirty = false;  // waiting in ready_, or to be put there when the pass ends
    int failures = 0;
    std::optional<Clock::Steady> at;
  };
  void Enqueue(const std::string& name, State& state);
  void MoveDue(Clock::Steady now);

  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, State> states_;
  std::deque<std::string> ready_;
  std::set<std::pair<Clock::Steady, std::string>> timers_;
};

}  // namespace holdfast::op
