// gzip (RFC 1952), writing and reading.
//
// The seal: CRC-32 covers the uncompressed bytes only, so that some bits of a gzip file mean
// nothing (padding, codes that no symbol uses, the header's time) and can change unnoticed. A
// sealed file ends with one more gzip member, empty, whose header carries an extra field "HF" with
// the XXH3-128 of all bytes before that member: it finds accidents, like CRC-32, and costs as
// little; attacks are what SHA-256 and encryption inside the archive are for. Other readers see an
// empty member and go on.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

struct GzipOptions {
  int level = 1;  // 0 to 3 of ISA-L
  bool seal = false;
};

// Compresses into `out`, which it does not close. The header has no name and time 0.
class GzipSink : public Sink {
 public:
  explicit GzipSink(Sink& out, const GzipOptions& options = {});
  ~GzipSink() override;

  Status Write(std::string_view bytes) override;
  Status Close() override;
  // Compressed bytes handed to `out` so far.
  uint64_t written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Bounds against files made to fill memory or disk.
struct GunzipLimits {
  // Uncompressed bytes in all.
  uint64_t max_output = uint64_t{64} << 30;
  // Uncompressed per compressed byte; looked at only beyond `ratio_after` uncompressed bytes.
  // Deflate itself ends at 1032.
  uint64_t max_ratio = 700;
  uint64_t ratio_after = uint64_t{1} << 30;
};

// Decompresses `in`: any number of members, CRC-32 and length of each are checked. The end is
// reported only after the last byte of `in` was looked at. Errors are kCorrupt and give the offset
// in the compressed stream: not gzip, truncated, damaged, bytes after the last member, a seal that
// does not match or is not last; kInvalid where a limit is passed.
class GunzipSource : public Source {
 public:
  explicit GunzipSource(Source& in, const GunzipLimits& limits = {});
  ~GunzipSource() override;

  Result<size_t> Read(char* out, size_t size) override;
  // Known once Read() has returned 0: the stream ends with a seal, and it matches.
  bool sealed() const;
  // Bytes of `in` used up so far.
  uint64_t compressed_offset() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::stream
