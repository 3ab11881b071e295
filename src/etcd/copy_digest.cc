#include "etcd/copy_digest.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace holdfast::etcd {
namespace {

constexpr size_t kChunk = 4 << 20;

// How far the copy is, told to the thread that reads behind it.
class Watermark {
 public:
  void Set(uint64_t copied) {
    {
      std::lock_guard lock(mutex_);
      copied_ = copied;
    }
    changed_.notify_all();
  }
  // How much there is beyond `at`; 0 when stopped.
  uint64_t WaitBeyond(uint64_t at, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return copied_ > at; })) return 0;
    return copied_ - at;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t copied_ = 0;
};

Status HashBehind(int fd, uint64_t bytes, Watermark& watermark, stream::Sha256& sha,
                  std::stop_token stop) {
  constexpr size_t kBuffer = 256 << 10;  // stays in the CPU's cache
  auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  for (uint64_t at = 0; at < bytes;) {
    uint64_t there = watermark.WaitBeyond(at, stop);
    if (there == 0 || stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    ssize_t got =
        pread(fd, buffer.get(), std::min<uint64_t>(there, kBuffer), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Fail(ErrnoError("reading the copy", got < 0 ? errno : EIO));
    sha.Update({buffer.get(), static_cast<size_t>(got)});
    at += static_cast<uint64_t>(got);
  }
  return {};
}

Status WriteAll(int fd, const char* bytes, size_t size, uint64_t offset) {
  while (size > 0) {
    ssize_t wrote = pwrite(fd, bytes, size, static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return Fail(ErrnoError("writing the database", errno));
    bytes += wrote;
    offset += static_cast<uint64_t>(wrote);
    size -= static_cast<size_t>(wrote);
  }
  return {};
}

class Copier {
 public:
  Copier(const File& source, int out) : source_(source), out_(out) {
    in_kernel_ = source.descriptor() >= 0;
  }
  // All at once, without copying: where the file system shares blocks between files.
  bool Clone(uint64_t bytes) {
    return in_kernel_ && ioctl(out_, FICLONE, source_.descriptor()) == 0 &&
           ftruncate(out_, static_cast<off_t>(bytes)) == 0;
  }
  Status Chunk(uint64_t offset, size_t size) {
    while (in_kernel_ && size > 0) {
      off_t from = static_cast<off_t>(offset), to = from;
      ssize_t copied = copy_file_range(source_.descriptor(), &from, out_, &to, size, 0);
      if (copied < 0 && errno == EINTR) continue;
      if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO))
        return Fail(ErrnoError("writing the database", errno));
      if (copied <= 0) {  // not between these file systems, or the source has shrunk: seen below
        in_kernel_ = false;
        break;
      }
      offset += static_cast<uint64_t>(copied);
      size -= static_cast<size_t>(copied);
    }
    if (size == 0) return {};
    if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<char[]>(kChunk);
    HF_TRY(source_.ReadAt(offset, buffer_.get(), size));
    return WriteAll(out_, buffer_.get(), size, offset);
  }

 private:
  const File& source_;
  int out_;
  bool in_kernel_;
  std::unique_ptr<char[]> buffer_;
};

Status CopyChunks(const File& source, uint64_t bytes, int out, Watermark& watermark,
                  std::stop_token stop) {
  Copier copier(source, out);
  if (copier.Clone(bytes)) {
    watermark.Set(bytes);
    return {};
  }
  for (uint64_t at = 0; at < bytes;) {
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    size_t size = std::min<uint64_t>(kChunk, bytes - at);
    HF_TRY(copier.Chunk(at, size));
    // The disk starts now, so that little is left for fsync. Only a hint.
    sync_file_range(out, static_cast<off_t>(at), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE);
    at += size;
    watermark.Set(at);
  }
  return {};
}

}  // namespace

Result<std::optional<stream::Digest>> CopyWithDigest(const File& source, uint64_t bytes, int out,
                                                     bool digest, std::stop_token stop) {
  Watermark watermark;
  if (!digest) {
    HF_TRY(CopyChunks(source, bytes, out, watermark, stop));
    return std::optional<stream::Digest>();
  }
  stream::Sha256 sha;
  Status hashed;
  {
    std::jthread hasher(
        [&](std::stop_token mine) { hashed = HashBehind(out, bytes, watermark, sha, mine); });
    std::stop_callback on_stop(stop, [&] { hasher.request_stop(); });
    HF_TRY(CopyChunks(source, bytes, out, watermark, stop));
    hasher.join();
  }
  if (!hashed) return Fail(std::move(hashed).error());
  return std::optional(sha.Current());
}

}  // namespace holdfast::etcd
