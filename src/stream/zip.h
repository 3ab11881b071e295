// ZIP archives (APPNOTE.TXT 6.3) of one file: how other tools pack snapshots of etcd.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

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

// The content of the only file in an archive (folders do not count), deflated or stored; its CRC-32
// and length are checked at the end. kCorrupt: not zip, damaged, cut off; kInvalid: encrypted,
// packed in another way, several files in it, or over a limit.
class UnzipSource : public Source {
 public:
  static Result<std::unique_ptr<UnzipSource>> Open(ReadAt read, uint64_t size,
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
