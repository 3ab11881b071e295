// The digests of a file's parts, many at once where the machine is faster at that. Private to
// storage.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/s3/store_impl.h"

namespace holdfast::storage::s3 {

// Thread-safe. Reads the spool, which must outlive it, part by part, at most 1 MiB at a time.
class PartDigests {
 public:
  PartDigests(const stream::Spool& spool, const PartPlan& plan, bool sha256);

  // Raw, of the part: SHA-256 or MD5. Best asked for in about the order of the parts: the caller
  // may find itself working out the digests of some that others will ask for. kCancelled when
  // stopped.
  Result<std::string> Of(size_t part, std::stop_token stop);

 private:
  struct Group {
    enum class State { kIdle, kUnderWay, kDone } state = State::kIdle;
    Status status;
    std::vector<std::string> digests;
  };
  Status Ensure(size_t group, const std::stop_token& stop);
  Result<std::vector<std::string>> Work(size_t first, size_t count,
                                        const std::stop_token& stop) const;

  const stream::Spool& spool_;
  const PartPlan plan_;
  const bool sha256_;
  const size_t lanes_;
  std::mutex mutex_;
  std::condition_variable_any done_;
  std::vector<Group> groups_;  // of lanes_ whole parts each; those behind them are done one by one
};

}  // namespace holdfast::storage::s3
