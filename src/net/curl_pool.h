// libcurl handles, kept with their connections. Private to net.
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::net {

// One transfer at a time: an easy handle in a multi handle of its own, which holds the connection
// and can be woken from another thread.
class CurlHandle {
 public:
  CurlHandle() : multi(curl_multi_init()), easy(curl_easy_init()) {}
  ~CurlHandle() {
    if (easy != nullptr) curl_easy_cleanup(easy);
    if (multi != nullptr) curl_multi_cleanup(multi);
  }
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  CURLM* const multi;
  CURL* const easy;
};

// Names and TLS sessions that all handles of a client share.
class CurlShared {
 public:
  CurlShared();
  ~CurlShared();
  CurlShared(const CurlShared&) = delete;
  CurlShared& operator=(const CurlShared&) = delete;
  CURLSH* get() const { return share_; }

 private:
  static void Lock(CURL*, curl_lock_data data, curl_lock_access, void* self);
  static void Unlock(CURL*, curl_lock_data data, void* self);
  std::array<std::mutex, CURL_LOCK_DATA_LAST> locks_;
  CURLSH* share_;
};

// At most `max` handles are out at once; the one used last is given first, so that few connections
// stay warm.
class CurlPool {
 public:
  explicit CurlPool(size_t max) : max_(max) {}

  class Lease {
   public:
    Lease(CurlPool& pool, std::unique_ptr<CurlHandle> handle)
        : pool_(&pool), handle_(std::move(handle)) {}
    Lease(Lease&& other) noexcept : pool_(other.pool_), handle_(std::move(other.handle_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (handle_) pool_->Return(std::move(handle_));
    }
    CurlHandle* operator->() const { return handle_.get(); }

   private:
    CurlPool* pool_;
    std::unique_ptr<CurlHandle> handle_;
  };

  // Waits for a free one; kCancelled by stop or deadline.
  Result<Lease> Take(Clock& clock, Deadline deadline, std::stop_token stop);
  const CurlShared& shared() const { return shared_; }

 private:
  void Return(std::unique_ptr<CurlHandle> handle);

  const size_t max_;
  CurlShared shared_;  // outlives the handles
  std::mutex mutex_;
  std::condition_variable_any free_;
  std::vector<std::unique_ptr<CurlHandle>> idle_;
  size_t out_ = 0;
};

// Must have been called before anything else of libcurl; does its work once in a process.
void InitCurl();

}  // namespace holdfast::net
