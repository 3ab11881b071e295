#include "stream/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "stream/spool_file.h"

namespace holdfast::stream {
namespace {

constexpr size_t kBuffer = 256 << 10;

}  // namespace

struct Spool::Impl {
  ~Impl() { RemoveSpoolFile(file); }

  Error Failed(std::string_view what, int error) const {
    return ErrnoError(what, error)
        .With("temporary file in " + folder.string() + ", after " + std::to_string(flushed.load()) +
              " bytes");
  }
  Status WriteOut(std::string_view bytes) {
    while (!bytes.empty()) {
      uint64_t at = flushed.load(std::memory_order_relaxed);
      ssize_t put = ::pwrite(file.fd, bytes.data(), bytes.size(), off_t(at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return Fail(Failed("write", errno));
      {
        std::lock_guard lock(mutex);
        flushed.store(at + uint64_t(put), std::memory_order_release);
      }
      grown.notify_all();
      bytes.remove_prefix(size_t(put));
    }
    return {};
  }
  Status Flush() {
    HF_TRY(WriteOut(buffer));
    buffer.clear();
    return {};
  }
  Status Usable() const {
    if (broken) return Fail(ErrorKind::kInternal, "temporary file: use after a failed write");
    if (linked) return Fail(ErrorKind::kInternal, "temporary file: write after it got its name");
    return {};
  }

  SpoolFile file;
  Kind kind = Kind::kUnnamed;
  std::filesystem::path folder;
  std::string buffer;
  std::atomic<uint64_t> flushed{0};   // bytes in the file
  std::atomic<uint64_t> appended{0};  // and in the buffer
  mutable std::mutex mutex;           // for waiting only
  mutable std::condition_variable_any grown;
  bool broken = false;  // what is in the buffer may be lost
  bool linked = false;
};

Spool::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Spool::Spool(Spool&&) noexcept = default;
Spool& Spool::operator=(Spool&&) noexcept = default;
Spool::~Spool() = default;

Result<Spool> Spool::Make(const std::filesystem::path& folder, Kind kind, bool allow_tmpfile) {
  auto impl = std::make_unique<Impl>();
  impl->kind = kind;
  impl->folder = folder;
  HF_ASSIGN(impl->file, OpenSpoolFile(folder, kind == Kind::kLinkable, allow_tmpfile));
  return Spool(std::move(impl));
}
Result<Spool> Spool::Create(const std::filesystem::path& folder, Kind kind) {
  return Make(folder, kind, true);
}
Result<Spool> Spool::CreateNamed(const std::filesystem::path& folder, Kind kind) {
  return Make(folder, kind, false);
}

Status Spool::Append(std::string_view bytes) {
  HF_TRY(impl_->Usable());
  if (impl_->buffer.size() + bytes.size() > kBuffer) {
    impl_->broken = true;
    HF_TRY(impl_->Flush());
    impl_->broken = false;
  }
  if (bytes.size() >= kBuffer) {
    impl_->broken = true;
    HF_TRY(impl_->WriteOut(bytes));
    impl_->broken = false;
  } else {
    if (impl_->buffer.capacity() < kBuffer) impl_->buffer.reserve(kBuffer);
    impl_->buffer += bytes;
  }
  impl_->appended.fetch_add(bytes.size(), std::memory_order_relaxed);
  return {};
}

Status Spool::Flush() {
  HF_TRY(impl_->Usable());
  impl_->broken = true;
  HF_TRY(impl_->Flush());
  impl_->broken = false;
  return {};
}

Status Spool::Sync() {
  HF_TRY(Flush());
  while (::fsync(impl_->file.fd) != 0) {
    if (errno == EINTR) continue;
    impl_->broken = true;  // the kernel may have dropped the pages that it could not write
    return Fail(impl_->Failed("fsync", errno));
  }
  return {};
}

Status Spool::Truncate() {
  if (impl_->linked) return impl_->Usable();
  impl_->buffer.clear();
  impl_->flushed = 0;
  impl_->appended = 0;
  impl_->broken = false;
  if (::ftruncate(impl_->file.fd, 0) != 0) {
    impl_->broken = true;
    return Fail(impl_->Failed("truncate", errno));
  }
  return {};
}

uint64_t Spool::Size() const { return impl_->appended.load(std::memory_order_relaxed); }
uint64_t Spool::FlushedSize() const { return impl_->flushed.load(std::memory_order_acquire); }
const std::filesystem::path& Spool::folder() const { return impl_->folder; }
bool Spool::linkable() const { return impl_->kind == Kind::kLinkable && !impl_->linked; }

Result<size_t> Spool::Read(uint64_t offset, char* out, size_t size) const {
  uint64_t end = FlushedSize();
  if (offset >= end) return size_t{0};
  size = size_t(std::min<uint64_t>(size, end - offset));
  size_t done = 0;
  while (done < size) {
    ssize_t got = ::pread(impl_->file.fd, out + done, size - done, off_t(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(impl_->Failed("read", errno));
    if (got == 0) {
      return Fail(ErrorKind::kInternal, "temporary file in " + impl_->folder.string() +
                                            " became shorter: it ends at byte " +
                                            std::to_string(offset + done));
    }
    done += size_t(got);
  }
  return done;
}

void Spool::WaitBeyond(uint64_t offset, std::stop_token stop) const {
  std::unique_lock lock(impl_->mutex);
  impl_->grown.wait(lock, stop, [&] { return FlushedSize() > offset; });
}

Result<std::string> Spool::Read(uint64_t offset, size_t size) const {
  std::string bytes;
  if (offset > FlushedSize() || size > FlushedSize() - offset) {
    return Fail(ErrorKind::kInternal, "temporary file: read beyond its end");
  }
  bytes.resize(size);
  HF_ASSIGN(size_t got, Read(offset, bytes.data(), size));
  if (got != size) return Fail(ErrorKind::kInternal, "temporary file: read beyond its end");
  return bytes;
}

Status Spool::LinkTo(int folder_fd, const std::string& name) {
  if (impl_->kind != Kind::kLinkable) {
    return Fail(ErrorKind::kInternal, "temporary file: made to stay unnamed");
  }
  HF_TRY(Sync());
  HF_TRY(LinkSpoolFile(impl_->file, folder_fd, name));
  impl_->linked = true;
  return {};
}

Result<size_t> SpoolSource::Read(char* out, size_t size) {
  size = size_t(std::min<uint64_t>(size, end_ - std::min(offset_, end_)));
  if (size == 0) return size_t{0};
  HF_ASSIGN(size_t got, spool_.Read(offset_, out, size));
  offset_ += got;
  return got;
}

}  // namespace holdfast::stream
