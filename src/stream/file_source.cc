#include "stream/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace holdfast::stream {

Result<FileSource> FileSource::Open(const std::filesystem::path& path, uint64_t offset) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(ErrnoError("open " + path.string(), errno));
  FileSource file(path, fd, 0);
  struct stat info;
  if (::fstat(fd, &info) != 0) return Fail(ErrnoError("stat " + path.string(), errno));
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorKind::kInvalid, path.string() + " is not a regular file");
  }
  file.size_ = uint64_t(info.st_size);
  if (offset > file.size_) {
    return Fail(ErrorKind::kInvalid, path.string() + " has only " + std::to_string(file.size_) +
                                         " bytes, asked for those from " + std::to_string(offset));
  }
  if (::lseek(fd, off_t(offset), SEEK_SET) < 0) {
    return Fail(ErrnoError("seek in " + path.string(), errno));
  }
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint only
  return file;
}

FileSource::FileSource(std::filesystem::path path, int fd, uint64_t size)
    : path_(std::move(path)), fd_(fd), size_(size) {}

FileSource::FileSource(FileSource&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

FileSource::~FileSource() {
  if (fd_ >= 0) ::close(fd_);
}

Result<size_t> FileSource::Read(char* out, size_t size) {
  for (;;) {
    ssize_t got = ::read(fd_, out, size);
    if (got >= 0) return size_t(got);
    if (errno != EINTR) return Fail(ErrnoError("read " + path_.string(), errno));
  }
}

}  // namespace holdfast::stream
