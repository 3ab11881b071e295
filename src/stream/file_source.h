// Reading a file as a stream.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

class FileSource : public Source {
 public:
  // Opens a regular file (a device, pipe or folder is kInvalid) and starts at `offset` bytes.
  // kNotFound, kUnauthorized or kInternal, naming the path.
  static Result<FileSource> Open(const std::filesystem::path& path, uint64_t offset = 0);

  FileSource(FileSource&& other) noexcept;
  FileSource& operator=(FileSource&&) = delete;
  ~FileSource() override;

  Result<size_t> Read(char* out, size_t size) override;
  // Of the whole file, in bytes, when it was opened.
  uint64_t size() const { return size_; }

 private:
  FileSource(std::filesystem::path path, int fd, uint64_t size);

  std::filesystem::path path_;
  int fd_;
  uint64_t size_;
};

}  // namespace holdfast::stream
