#include "base/retry.h"

#include <algorithm>
#include <random>

namespace holdfast {

bool IsRetryable(const Error& error) { return error.kind() == ErrorKind::kUnavailable; }

std::chrono::milliseconds RetryWait(const RetryPolicy& policy, int attempt, const Error& error,
                                    uint64_t random) {
  // Up to `from` + `more`; those who failed together do not come back together.
  auto draw = [&](int64_t from, int64_t more) {
    return std::chrono::milliseconds(
        from +
        static_cast<int64_t>(random % static_cast<uint64_t>(std::max<int64_t>(more, 0) + 1)));
  };
  const int64_t most = policy.max_wait.count();
  int doublings = std::clamp(attempt - 1, 0, 30);
  int64_t full = policy.first_wait.count();
  for (int i = 0; i < doublings && full < most; ++i) full *= 2;
  full = std::min(full, most);
  auto own = draw(full / 2, full - full / 2);
  if (!error.retry_after()) return own;
  int64_t asked = error.retry_after()->count();
  // A server's hour would be waited for with Leases held: it is asked again sooner.
  if (asked >= most) return draw(most - most / 4, most / 4);
  return std::max(own, draw(asked, std::min(asked / 4, most - asked)));
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
