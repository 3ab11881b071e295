#include "storage/pacer.h"

#include <algorithm>
#include <chrono>

namespace holdfast::storage {

Pacer::Pacer(double per_second, double burst, Clock& clock)
    : per_second_(per_second), burst_(burst), clock_(clock), left_(burst), at_(clock.SteadyNow()) {}

Status Pacer::Take(uint64_t amount, const Waits& waits) {
  std::chrono::nanoseconds wait{0};
  {
    std::lock_guard lock(mutex_);
    auto now = clock_.SteadyNow();
    left_ += std::chrono::duration<double>(now - at_).count() * per_second_;
    left_ = std::min(left_, burst_);
    at_ = now;
    // What is there passes at once; a debt is waited for before the next one.
    if (left_ < 0) {
      wait = std::chrono::ceil<std::chrono::nanoseconds>(
          std::chrono::duration<double>(-left_ / per_second_));
    }
    if (!waits.deadline.never() && waits.deadline.Left(clock_) <= wait) {
      return Fail(ErrorKind::kCancelled, "out of time while waiting for the limit of the store");
    }
    left_ -= static_cast<double>(amount);
  }
  if (wait.count() == 0 || clock_.Sleep(wait, waits.stop)) return {};
  std::lock_guard lock(mutex_);
  left_ += static_cast<double>(amount);
  return Fail(ErrorKind::kCancelled, "stopped");
}

}  // namespace holdfast::storage
