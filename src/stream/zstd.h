// Zstandard (RFC 8878), writing and reading.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

// Compresses into `out`, which it does not close: one frame, with a checksum of the content.
class ZstdSink : public Sink {
 public:
  // Levels as zstd has them; 1 is the fastest of the ordinary ones.
  explicit ZstdSink(Sink& out, int level = 1);
  ~ZstdSink() override;

  Status Write(std::string_view bytes) override;
  Status Close() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct UnzstdLimits {
  uint64_t max_output = uint64_t{64} << 30;  // bytes in all
  int max_window_log = 27;                   // 128 MiB of memory
};

// Decompresses `in`: any number of frames, checksums are checked where there are any. kCorrupt: not
// zstd, truncated, damaged; kInvalid where a limit is passed.
class UnzstdSource : public Source {
 public:
  explicit UnzstdSource(Source& in, const UnzstdLimits& limits = {});
  ~UnzstdSource() override;

  Result<size_t> Read(char* out, size_t size) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::stream
