#include "storage/s3/credentials.h"

#include <algorithm>

namespace holdfast::storage::s3 {
namespace {

using namespace std::chrono_literals;

// When a failed refresh of keys that are still good is tried again.
constexpr auto kRetryAfter = 30s;

Clock::Wall RefreshTime(const Credentials& keys, Clock::Wall now) {
  if (!keys.expires) return Clock::Wall::max();
  auto left = *keys.expires - now;
  return *keys.expires - std::min<Clock::Wall::duration>(5min, left / 4);
}

}  // namespace

std::string MaskedKey(std::string_view access_key) {
  std::string shown(access_key.size() >= 20 ? access_key.substr(0, 5) : std::string_view());
  return shown + std::string(14 - shown.size(), '*');
}

Result<std::shared_ptr<const Credentials>> CredentialCache::Fetch(const Waits& waits) {
  std::string looked_at;
  for (const auto& source : sources_) {
    auto found = source->Fetch(waits);
    if (!found)
      return Fail(std::move(found).error().With("getting the store's credentials from " +
                                                source->Describe()));
    if (*found) return std::make_shared<const Credentials>(std::move(**found));
    looked_at += (looked_at.empty() ? "" : ", ") + source->Describe();
  }
  return Fail(
      Error(ErrorKind::kUnauthorized, "no credentials for the store; looked at " + looked_at)
          .Hint("give accessKey and secretKey, or set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"));
}

Result<std::shared_ptr<const Credentials>> CredentialCache::Get(const Waits& waits) {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto now = waits.clock->Now();
    bool good = current_ && (!current_->expires || now < *current_->expires);
    if (good && (now < refresh_at_ || fetching_)) return current_;
    if (!fetching_) break;
    fetched_.wait_for(lock, waits.stop, 100ms, [&] { return !fetching_; });
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    if (waits.deadline.Passed(*waits.clock))
      return Fail(ErrorKind::kCancelled, "out of time waiting for the store's credentials");
  }
  fetching_ = true;
  lock.unlock();
  auto fetched = Fetch(waits);
  lock.lock();
  fetching_ = false;
  fetched_.notify_all();
  auto now = waits.clock->Now();
  if (fetched) {
    current_ = *fetched;
    refresh_at_ = RefreshTime(*current_, now);
    return fetched;
  }
  if (current_ && current_->expires && now < *current_->expires) {
    refresh_at_ = now + kRetryAfter;
    return current_;
  }
  return fetched;
}

void CredentialCache::Reject(const std::shared_ptr<const Credentials>& rejected) {
  std::lock_guard lock(mutex_);
  if (current_ == rejected) current_ = nullptr;
}

}  // namespace holdfast::storage::s3
