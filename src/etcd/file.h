// Reading a file at any place, without mapping it: what shrinks or cannot be read meanwhile is an
// error and not a signal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace holdfast::etcd {

// May be used by any number of threads. Calls block on the disk.
class File {
 public:
  virtual ~File() = default;
  // Exactly `size` bytes; kCorrupt when the file ends before.
  virtual Status ReadAt(uint64_t offset, char* out, size_t size) const = 0;
  // Bytes, when it was opened.
  virtual uint64_t size() const = 0;
  // For messages.
  virtual std::string name() const = 0;
  // The descriptor to copy from, or -1.
  virtual int descriptor() const { return -1; }
};

// A regular file; kNotFound, kUnauthorized, kInvalid (a folder, a device) naming the path.
Result<std::unique_ptr<File>> OpenFile(const std::filesystem::path& path);
// Bytes in memory that it takes over; for tests and fuzzers.
std::unique_ptr<File> FileOfBytes(std::string bytes, std::string name);

}  // namespace holdfast::etcd
