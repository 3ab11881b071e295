// Trying out a store: does everything work that a backup, a restore and retention will need?
#pragma once

#include <string>
#include <vector>

#include "base/retry.h"
#include "storage/s3/s3_store.h"
#include "storage/store.h"

namespace holdfast::storage {

struct CheckStep {
  enum class Outcome {
    kOk,
    kFailed,
    kWarning,   // works without it, but not as well
    kNotTried,  // an earlier step that it needs has failed
  };
  std::string name;     // "list", "put", ...
  std::string purpose;  // what needs it: "backup, retention"
  Outcome outcome = Outcome::kNotTried;
  std::string error;  // of a failure or warning, or why it was not tried
  std::string hint;
  std::string permission;  // of S3's, where the failure is a lack of it; else empty
};

// `parts` is the same place, with every file of more than 5 MiB sent in parts; null where there is
// no such thing. `s3`: as OpenedStore. Files are named "holdfast-check-RANDOM"; they are deleted
// again, and where that fails the step "delete" names them. The steps in the order in which they
// were done: list, put, overwrite, read, multipart, uploads, delete. Blocks.
std::vector<CheckStep> CheckStore(Store& store, Store* parts, S3Store* s3, const Waits& waits);

bool AllOk(const std::vector<CheckStep>& steps);  // warnings are no failures

}  // namespace holdfast::storage
