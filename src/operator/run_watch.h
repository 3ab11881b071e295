// What one run of a Backup or Restore finds out about its store and its keys, for the metrics that
// alerts ask.
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "operator/metrics.h"
#include "operator/store_locator.h"

namespace holdfast::op {

// Made before the run's store, which it must outlive. When it ends it sets holdfast_store_reachable
// to 0 if the store could not be opened or a request to it failed, to 1 if all went well; it leaves
// the gauge alone where nothing was asked. A name that the store does not have, one that is taken,
// and damaged bytes are answers; what was stopped says nothing.
class RunWatch {
 public:
  // `kind`: "Backup" or "Restore".
  RunWatch(Metrics& metrics, Clock& clock, std::string kind, std::string name);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  // The same keys; sets holdfast_encryption_keys_readable. Trouble with the API server says
  // nothing.
  Result<crypto::Transformers> Keys(Result<crypto::Transformers> keys);
  // The same store, its requests watched and timed (holdfast_store_seconds).
  Result<LocatedStore> Store(Result<LocatedStore> store);

  // A Backup or Restore that is gone.
  static void Forget(Metrics& metrics, const std::string& kind, const std::string& name);

 private:
  class Watched;

  Metrics& metrics_;
  Clock& clock_;
  const observe::LabelValues labels_;
  std::atomic<bool> asked_ = false, failed_ = false;
};

}  // namespace holdfast::op
