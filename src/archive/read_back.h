// Proving a new archive before it gets its name.
#pragma once

#include <memory>

#include "archive/writer.h"
#include "base/result.h"
#include "stream/spool.h"

namespace holdfast::archive {

// What ReadBack() of writer.h does, in a thread of its own while the archive is still being
// written, so that little is left to do at the end.
class BackgroundReadBack {
 public:
  // Starts reading. `spool` outlives this object and is not truncated while it lives.
  explicit BackgroundReadBack(const stream::Spool& spool, const ArchiveLimits& limits = {});
  // Gives up when Finish() was not called.
  ~BackgroundReadBack();

  // To be called once, after the spool was flushed for the last time; blocks until all is compared.
  // The hash of the whole file.
  Result<stream::Hash128> Finish(const ArchiveSummary& written);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::archive
