#include "etcd/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace holdfast::etcd {
namespace {

Error Short(const std::string& name, uint64_t offset, size_t size) {
  return Error(ErrorKind::kCorrupt,
               fmt::format("{} ends before byte {} ({} bytes were to be read at {})", name,
                           offset + size, size, offset));
}

class DiskFile : public File {
 public:
  DiskFile(std::string name, int fd, uint64_t size)
      : name_(std::move(name)), fd_(fd), size_(size) {}
  ~DiskFile() override { close(fd_); }

  Status ReadAt(uint64_t offset, char* out, size_t size) const override {
    for (size_t done = 0; done < size;) {
      ssize_t got = pread(fd_, out + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(ErrnoError("reading " + name_, errno));
      if (got == 0) return Fail(Short(name_, offset, size));
      done += static_cast<size_t>(got);
    }
    return {};
  }
  uint64_t size() const override { return size_; }
  std::string name() const override { return name_; }
  int descriptor() const override { return fd_; }

 private:
  std::string name_;
  int fd_;
  uint64_t size_;
};

class MemoryFile : public File {
 public:
  MemoryFile(std::string bytes, std::string name)
      : bytes_(std::move(bytes)), name_(std::move(name)) {}
  Status ReadAt(uint64_t offset, char* out, size_t size) const override {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      return Fail(Short(name_, offset, size));
    if (size > 0) std::memcpy(out, bytes_.data() + offset, size);
    return {};
  }
  uint64_t size() const override { return bytes_.size(); }
  std::string name() const override { return name_; }

 private:
  std::string bytes_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<File>> OpenFile(const std::filesystem::path& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(ErrnoError("opening " + path.string(), errno));
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    Error error = ErrnoError("opening " + path.string(), errno);
    close(fd);
    return Fail(std::move(error));
  }
  if (!S_ISREG(info.st_mode)) {
    close(fd);
    return Fail(ErrorKind::kInvalid, path.string() + " is not a file");
  }
  return std::make_unique<DiskFile>(path.string(), fd, static_cast<uint64_t>(info.st_size));
}

std::unique_ptr<File> FileOfBytes(std::string bytes, std::string name) {
  return std::make_unique<MemoryFile>(std::move(bytes), std::move(name));
}

}  // namespace holdfast::etcd
