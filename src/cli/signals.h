// SIGINT and SIGTERM as a request to stop; SIGPIPE and SIGXFSZ as errors of write().
#pragma once

#include <stop_token>
#include <thread>

namespace holdfast::cli {

// From construction on, the first SIGINT or SIGTERM requests a stop (work under way is abandoned
// without a trace and the program exits with 1); a second one ends the process at once. Must be
// made before any other thread is started, once a process.
// SIGPIPE and SIGXFSZ are ignored for good.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int wake_ = -1;  // eventfd: ends the thread
  std::jthread thread_;
};

}  // namespace holdfast::cli
