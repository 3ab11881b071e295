// Reading tar as a stream: USTAR, PAX (path, size), GNU long names, base-256 sizes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

struct TarLimits {
  size_t max_path = 4096;                    // bytes of a path
  uint64_t max_entry = uint64_t{256} << 20;  // bytes of one file
  uint64_t max_entries = 50'000'000;         // headers of any type
  uint64_t max_padding = uint64_t{1} << 20;  // zero bytes after the end-of-archive blocks
};

struct TarEntry {
  std::string path;  // relative, no `./` in front, no empty, `.` or `..` component, no NUL
  uint64_t size = 0;
  uint64_t header_offset = 0;  // of the first header that belongs to it (a PAX header, maybe)
  uint64_t body_offset = 0;    // both in the uncompressed tar, in bytes
};

// Sees every byte of the stream in order. The headers of an entry are shown only when its body is
// read or passed over, so that whoever looks at an entry may stop before them.
class TarObserver {
 public:
  virtual ~TarObserver() = default;
  virtual Status Bytes(std::string_view bytes) = 0;
};

// Gives the regular files in order; anything else (folders, links) is passed over. Errors are
// kCorrupt (damaged, truncated, no end-of-archive blocks) or kInvalid (a limit, a path that leads
// out of the archive), and name the entry and the offset.
class TarReader {
 public:
  // `in` (the uncompressed tar) and `observer` outlive the reader.
  explicit TarReader(Source& in, const TarLimits& limits = {}, TarObserver* observer = nullptr);
  ~TarReader();

  // The next regular file; none after the end of the archive, and then `in` has been read to its
  // end. A body that was not asked for is passed over.
  Result<std::optional<TarEntry>> Next();
  // The whole body of the entry that Next() gave; valid until the next call. Once per entry.
  Result<std::string_view> Body();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::stream
