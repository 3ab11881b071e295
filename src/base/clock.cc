#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace holdfast {
namespace {

class RealClock : public Clock {
 public:
  Wall Now() const override { return std::chrono::system_clock::now(); }
  Steady SteadyNow() const override { return std::chrono::steady_clock::now(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& Clock::Real() {
  static RealClock clock;
  return clock;
}

std::chrono::nanoseconds Deadline::Left(const Clock& clock) const {
  if (never()) return std::chrono::nanoseconds::max();
  auto left = at_ - clock.SteadyNow();
  return left.count() > 0 ? left : std::chrono::nanoseconds(0);
}

}  // namespace holdfast
