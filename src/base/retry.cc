#include "base/retry.h"

#include <algorithm>
#include <random>

namespace holdfast {

bool IsRetryable(const Error& error) { return error.kind() == ErrorKind::kUnavailable; }

std::chrono::milliseconds RetryWait(const RetryPolicy& policy, int attempt, const Error& error,
                                    uint64_t random) {
  if (error.retry_after()) return *error.retry_after();
  int doublings = std::clamp(attempt - 1, 0, 30);
  int64_t full = policy.first_wait.count();
  for (int i = 0; i < doublings && full < policy.max_wait.count(); ++i) full *= 2;
  full = std::min<int64_t>(full, policy.max_wait.count());
  int64_t half = full / 2;
  int64_t drawn = half + static_cast<int64_t>(random % static_cast<uint64_t>(full - half + 1));
  return std::chrono::milliseconds(drawn);
}

bool WaitBeforeRetry(const RetryPolicy& policy, int attempt, const Error& error,
                     const Waits& waits) {
  if (!IsRetryable(error) || attempt >= policy.max_attempts) return false;
  if (waits.stop.stop_requested()) return false;
  thread_local std::minstd_rand random{std::random_device{}()};
  auto wait = RetryWait(policy, attempt, error, random());
  if (!waits.deadline.never() && waits.deadline.Left(*waits.clock) <= wait) return false;
  return waits.clock->Sleep(wait, waits.stop);
}

}  // namespace holdfast
