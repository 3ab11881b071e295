// A running `holdfast operator`, and what it costs while it runs.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "testbed/ports.h"

namespace holdfast::bench {

inline constexpr char kOperatorNamespace[] = "cattle-resources-system";

struct OperatorPlaces {
  std::string holdfast;  // the program
  std::filesystem::path kubeconfig;
  std::filesystem::path store;  // its default folder
  std::filesystem::path log;    // overwritten
};

class RunningOperator {
 public:
  // Blocks until it leads and /readyz says that it is ready: then it has listed Backups and
  // Restores. kUnavailable, with its log, when that takes longer than a minute.
  static Result<std::unique_ptr<RunningOperator>> Start(const OperatorPlaces& places);
  // By SIGTERM; blocks until it has ended.
  ~RunningOperator();
  RunningOperator(const RunningOperator&) = delete;
  RunningOperator& operator=(const RunningOperator&) = delete;

  // From before it was started until it was ready.
  double seconds_to_ready() const { return seconds_to_ready_; }
  // Its resident set now, and the CPU time of all its threads so far.
  Result<double> RssMib() const;
  Result<double> CpuSeconds() const;

 private:
  RunningOperator() = default;
  Status Spawn(const OperatorPlaces& places);
  Status AwaitReady(const OperatorPlaces& places);

  pid_t pid_ = 0;
  testbed::PortReservation port_;
  double seconds_to_ready_ = 0;
};

}  // namespace holdfast::bench
