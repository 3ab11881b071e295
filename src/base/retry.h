// Retrying, decided by the kind of an error alone.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast {

// True for the one kind that the same call may cure: kUnavailable.
bool IsRetryable(const Error& error);

struct RetryPolicy {
  int max_attempts = 6;
  std::chrono::milliseconds first_wait{100};
  std::chrono::milliseconds max_wait{10'000};
};

// How long to wait after failed attempt number `attempt` (from 1): first_wait * 2^(attempt-1) up to
// max_wait, between 50 and 100 % of it, drawn from `random` (any 64-bit number). Where the server
// asked for a wait (Retry-After) at least that, up to 25 % longer, but never longer than max_wait:
// a wait beyond that is cut to 75 to 100 % of max_wait.
std::chrono::milliseconds RetryWait(const RetryPolicy& policy, int attempt, const Error& error,
                                    uint64_t random);

struct Waits {
  Clock* clock = &Clock::Real();
  Deadline deadline = Deadline::Never();
  std::stop_token stop;
};

// Sleeps before the next attempt. False when there must be none: the error is not retryable,
// the attempts are used up, stop was requested, or the deadline would pass.
bool WaitBeforeRetry(const RetryPolicy& policy, int attempt, const Error& error,
                     const Waits& waits);

// Calls `call` (returning Result or Status) until it succeeds or must not be tried again; the last
// error is returned. Blocks.
template <typename Call>
auto Retry(const RetryPolicy& policy, const Waits& waits, Call&& call) -> decltype(call()) {
  for (int attempt = 1;; ++attempt) {
    auto result = call();
    if (result || !WaitBeforeRetry(policy, attempt, result.error(), waits)) return result;
  }
}

}  // namespace holdfast
