#include "operator/reconciler.h"

#include <fmt/format.h>

#include <random>

#include "base/retry.h"

namespace holdfast::op {

using namespace std::chrono_literals;

std::string NewRunId() { return fmt::format("{:08x}", std::random_device()()); }

ProgressWriter::ProgressWriter(Context& context, const kube::ResourceType& type,
                               const ObjectMeta& meta, std::function<std::string()> text) {
  thread_ = std::jthread([&context, &type, meta, text = std::move(text)](std::stop_token stop) {
    std::string written;
    while (context.clock.Sleep(3s, stop)) {
      std::string now = text();
      if (now.empty() || now == written) continue;
      // A failure is no matter: the next one comes, and the end of the run says all.
      (void)PatchStatus(context.client, type, meta, now,
                        {.deadline = Deadline::After(context.clock, 5s), .stop = stop});
      written = now;
    }
  });
}

Status WriteStatus(Context& context, const kube::ResourceType& type, const ObjectMeta& meta,
                   const std::string& status, std::stop_token stop) {
  constexpr std::chrono::seconds kOneTry = 5s;
  auto patch = [&] {
    return PatchStatus(context.client, type, meta, status,
                       {.deadline = Deadline::After(context.clock, kOneTry)});
  };
  RetryPolicy policy{1000, 200ms, 5000ms};
  Waits waits;
  waits.clock = &context.clock;
  waits.deadline = Deadline::After(context.clock, 30s);
  waits.stop = stop;
  for (int attempt = 1;; ++attempt) {
    Status written = patch();
    // A try that took too long is passing trouble, too.
    bool late = !written && written.error().kind() == ErrorKind::kCancelled;
    if (written || stop.stop_requested()) return written;
    if (late && !waits.deadline.Passed(context.clock)) continue;
    if (!WaitBeforeRetry(policy, attempt, written.error(), waits))
      return stop.stop_requested() && IsRetryable(written.error()) ? patch() : written;
  }
}

std::string StatusText(const Error& error) {
  constexpr size_t kMost = 4000;
  std::string text = error.MessageWithoutHint();
  if (text.size() > kMost) text.resize(kMost);
  return text;
}

}  // namespace holdfast::op
