// A queue between threads. The bytes in it are bounded by the ByteBudget whose shares the items
// carry, not by their number.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

namespace holdfast {

template <typename T>
class BoundedQueue {
 public:
  // False when the queue was closed; the item is dropped.
  bool Push(T item) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return false;
      items_.push_back(std::move(item));
    }
    pushed_.notify_one();
    return true;
  }
  // Blocks for the next item; none when the queue is closed and empty, or `stop` was requested.
  std::optional<T> Pop(std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    pushed_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  // No more items will come; those queued are still handed out.
  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    pushed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any pushed_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace holdfast
