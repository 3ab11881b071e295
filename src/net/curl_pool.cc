#include "net/curl_pool.h"

#include <algorithm>

namespace holdfast::net {

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CurlShared::CurlShared() {
  InitCurl();
  share_ = curl_share_init();
  if (share_ == nullptr) return;
  curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, &CurlShared::Lock);
  curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, &CurlShared::Unlock);
  curl_share_setopt(share_, CURLSHOPT_USERDATA, this);
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CurlShared::~CurlShared() {
  if (share_ != nullptr) curl_share_cleanup(share_);
}

void CurlShared::Lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
  static_cast<CurlShared*>(self)->locks_[data].lock();
}

void CurlShared::Unlock(CURL*, curl_lock_data data, void* self) {
  static_cast<CurlShared*>(self)->locks_[data].unlock();
}

Result<CurlPool::Lease> CurlPool::Take(Clock& clock, Deadline deadline, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (out_ >= max_) {
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    if (deadline.Passed(clock))
      return Fail(ErrorKind::kCancelled, "timed out waiting for a free connection");
    auto wait =
        std::min<std::chrono::nanoseconds>(deadline.Left(clock), std::chrono::milliseconds(100));
    free_.wait_for(lock, stop, wait, [this] { return out_ < max_; });
  }
  std::unique_ptr<CurlHandle> handle;
  if (!idle_.empty()) {
    handle = std::move(idle_.back());
    idle_.pop_back();
  } else {
    handle = std::make_unique<CurlHandle>();
    if (handle->easy == nullptr || handle->multi == nullptr)
      return Fail(ErrorKind::kInternal, "libcurl gave no handle (out of memory or of files)");
  }
  ++out_;
  return Lease(*this, std::move(handle));
}

void CurlPool::Return(std::unique_ptr<CurlHandle> handle) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
    --out_;
  }
  free_.notify_one();
}

}  // namespace holdfast::net
