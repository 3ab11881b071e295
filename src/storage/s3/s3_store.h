// Archives in an S3 bucket: Amazon, MinIO, Ceph, Google's interoperability and others.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "storage/s3/s3_config.h"
#include "storage/store.h"

namespace holdfast::storage {

// Which unfinished uploads are left-overs.
struct LeftOverRule {
  std::string prefix;  // of the file name
  // Further say in whether a name is one of ours; empty: every name with the prefix.
  std::function<bool(const std::string& name)> is_ours;
  // No sign of life (start of the upload, last part) for this long, by the store's clock.
  std::chrono::seconds min_age = std::chrono::hours(24);
};

struct LeftOvers {
  std::vector<std::string> aborted;  // names
  std::vector<std::string> kept;     // too young, or one of this process
  // Why they could not be looked for, or not all be aborted: a right is missing, or the store does
  // not know uploads. Empty: all went well.
  std::string warning;
};

// Names lie directly in the folder; those in sub-folders and with a leading `.` are not looked at.
// Put() sends in parts what is longer than single_put_max; when it fails, or is stopped, it takes
// up to 10 s more to abort what it had begun. In a versioned bucket Delete() leaves the old version
// behind a delete marker; what is under a lock that has not run out is kConflict.
class S3Store : public Store {
 public:
  // Aborts unfinished uploads that a run which is no more has left. An error only when the store
  // cannot be reached; a missing right is a warning.
  virtual Result<LeftOvers> AbortLeftOvers(const LeftOverRule& rule, const Waits& waits) = 0;
};

// Checks the configuration (kInvalid) and reads endpoint_ca; nothing is sent. `clock` and `log`
// must outlive the store; without `log` nothing is logged.
Result<std::unique_ptr<S3Store>> NewS3Store(S3Config config, Clock& clock = Clock::Real(),
                                            const Logger* log = nullptr,
                                            S3Surroundings surroundings = {});

}  // namespace holdfast::storage
