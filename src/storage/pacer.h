// A limit on how much may pass in a second.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"

namespace holdfast::storage {

// A token bucket: `per_second` units a second on average, at most `burst` at once after a pause.
// May be used by any number of threads; who comes first is served first.
class Pacer {
 public:
  // per_second > 0, burst > 0. `clock` must outlive the pacer.
  Pacer(double per_second, double burst, Clock& clock = Clock::Real());

  // Blocks until `amount` units may pass; more than the burst passes, too, and makes those behind
  // it wait for it. kCancelled when stopped, or when the deadline would pass before: then nothing
  // was taken.
  Status Take(uint64_t amount, const Waits& waits);

 private:
  const double per_second_;
  const double burst_;
  Clock& clock_;
  std::mutex mutex_;
  double left_;  // below zero: taken in advance
  Clock::Steady at_;
};

}  // namespace holdfast::storage
