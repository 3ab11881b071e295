// A share-out of memory in bytes: what bounds every queue and buffer of a pipeline together.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <utility>

namespace holdfast {

class ByteBudget {
 public:
  explicit ByteBudget(size_t bytes) : total_(bytes), left_(bytes) {}

  // Holds `size` bytes of the budget until destroyed. An empty one holds nothing.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(size_, other.size_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->Return(size_);
    }
    explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class ByteBudget;
    Share(ByteBudget* budget, size_t size) : budget_(budget), size_(size) {}
    ByteBudget* budget_ = nullptr;
    size_t size_ = 0;
  };

  // Blocks until `size` bytes are free. More than the whole budget counts as the whole budget, so
  // that one huge object passes, alone. Returns an empty share when `stop` is requested.
  Share Take(size_t size, std::stop_token stop = {}) {
    if (size > total_) size = total_;
    std::unique_lock lock(mutex_);
    bool free = freed_.wait(lock, stop, [&] { return left_ >= size; });
    if (!free) return {};
    left_ -= size;
    return Share(this, size);
  }
  size_t total() const { return total_; }

 private:
  void Return(size_t size) {
    {
      std::lock_guard lock(mutex_);
      left_ += size;
    }
    freed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any freed_;
  const size_t total_;
  size_t left_;
};

}  // namespace holdfast
