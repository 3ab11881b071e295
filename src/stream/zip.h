// ZIP archives (APPNOTE.TXT 6.3): how other tools pack snapshots of etcd. Written with one file in
// them, read with any number.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stream/gzip.h"
#include "stream/stream.h"

namespace holdfast::stream {

// Writes one deflated file, of any size (ZIP64), into `out`, which it does not close.
class ZipSink : public Sink {
 public:
  ZipSink(Sink& out, std::string name);
  ~ZipSink() override;
  Status Write(std::string_view bytes) override;
  Status Close() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads exactly `size` bytes at `offset`.
using ReadAt = std::function<Status(uint64_t offset, char* out, size_t size)>;

// A file in an archive, as the directory at the archive's end describes it.
struct ZipEntry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packed = 0, size = 0, offset = 0;  // bytes
};

// The files in an archive of `size` bytes, in the order of its directory; folders do not count.
// kCorrupt: not zip, damaged, cut off; kInvalid: a directory of more than 1 MiB.
Result<std::vector<ZipEntry>> ListZip(const ReadAt& read, uint64_t size);

// The content of one file in an archive, deflated or stored; its CRC-32 and length are checked at
// the end. kCorrupt: not zip, damaged, cut off; kInvalid: encrypted, packed in another way, or over
// a limit.
class UnzipSource : public Source {
 public:
  // Of the only file; kInvalid where there are several.
  static Result<std::unique_ptr<UnzipSource>> Open(ReadAt read, uint64_t size,
                                                   const GunzipLimits& limits = {});
  // Of `entry`, one of ListZip().
  static Result<std::unique_ptr<UnzipSource>> Open(ReadAt read, uint64_t size, ZipEntry entry,
                                                   const GunzipLimits& limits = {});
  ~UnzipSource() override;
  Result<size_t> Read(char* out, size_t size) override;
  const std::string& name() const;

 private:
  struct Impl;
  explicit UnzipSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::stream
