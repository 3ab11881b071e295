#include "base/workers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace holdfast {

Status ParallelFor(size_t count, size_t threads, std::stop_token stop,
                   const std::function<Status(size_t, std::stop_token)>& work) {
  std::stop_source inner;
  std::stop_callback forward(stop, [&] { inner.request_stop(); });
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  auto run = [&] {
    while (!inner.stop_requested()) {
      size_t i = next.fetch_add(1);
      if (i >= count) return;
      Status status = work(i, inner.get_token());
      if (status) continue;
      std::lock_guard lock(mutex);
      if (!first) first = std::move(status).error();
      inner.request_stop();
    }
  };
  {
    std::vector<std::jthread> pool;
    size_t extra = std::min(count, std::max<size_t>(threads, 1));
    for (size_t i = 1; i < extra; ++i) pool.emplace_back(run);
    run();
  }
  if (first) return Fail(std::move(*first));
  if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  return {};
}

}  // namespace holdfast
