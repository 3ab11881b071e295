// Writing tar: USTAR, with PAX headers only where USTAR cannot hold the path.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

// Regular files only, owner and group 0 without names, all with the same time. Paths and sizes are
// the caller's matter: relative, without `..`; a path given twice is written twice.
class TarWriter {
 public:
  // `mtime` in seconds since 1970. `out` outlives the writer and is not closed by it.
  TarWriter(Sink& out, int64_t mtime) : out_(out), mtime_(mtime) {}

  // One file, whole.
  Status Add(std::string_view path, std::string_view body, uint32_t mode = 0644);
  // One file in pieces: Begin() with its size in bytes, Append() exactly that many, End().
  Status Begin(std::string_view path, uint64_t size, uint32_t mode = 0644);
  Status Append(std::string_view bytes);
  Status End();
  // The two zero blocks at the end.
  Status Finish();

  // Bytes written to `out` so far.
  uint64_t offset() const { return offset_; }

 private:
  Status Put(std::string_view bytes);
  Status Pad();

  Sink& out_;
  int64_t mtime_;
  uint64_t offset_ = 0;
  uint64_t left_ = 0;  // of the file begun
};

}  // namespace holdfast::stream
