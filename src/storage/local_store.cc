#include "storage/local_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/printable.h"
#include "stream/file_source.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Fd> OpenFolder(const fs::path& folder) {
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrnoError("open folder " + folder.string(), errno));
  return Fd(fd);
}

Status SyncFolder(int fd) {
  while (::fsync(fd) != 0) {
    if (errno == EINTR) continue;
    if (errno == EINVAL) return {};  // a file system that has no such thing
    return Fail(ErrnoError("fsync of the folder", errno));
  }
  return {};
}

// Creates what is missing of the path, mode 0700, durably.
Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return {};
  fs::path parent = folder.parent_path();
  HF_TRY(MakeFolder(parent));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Fail(ErrnoError("create folder " + folder.string(), errno));
  }
  HF_ASSIGN(Fd fd, OpenFolder(parent.empty() ? fs::path(".") : parent));
  return SyncFolder(fd.get());
}

Status CheckWaits(const Waits& waits) {
  if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  if (waits.deadline.Passed(*waits.clock)) return Fail(ErrorKind::kCancelled, "out of time");
  return {};
}

ObjectInfo InfoOf(std::string name, const struct stat& info) {
  using namespace std::chrono;
  auto time = seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec);
  return {std::move(name), uint64_t(info.st_size),
          Clock::Wall(duration_cast<Clock::Wall::duration>(time))};
}

// A missing file or folder, with the cure.
Error Explain(Error error, const fs::path& folder, const std::string& name) {
  if (error.kind() != ErrorKind::kNotFound) return error;
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    return std::move(error).Hint("there is no folder " + folder.string() +
                                 "; --store names the folder of the archives");
  }
  if (name.empty()) return error;
  return std::move(error).Hint("`holdfast list --store " + folder.string() +
                               "` shows the archives there");
}

}  // namespace

std::string LocalStore::Describe() const { return "folder " + folder_.string(); }

Result<stream::Spool> LocalStore::NewSpool() {
  HF_TRY(MakeFolder(folder_));
  return stream::Spool::Create(folder_, stream::Spool::Kind::kLinkable);
}

Status LocalStore::Put(stream::Spool& spool, const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(CheckWaits(waits));
  HF_TRY(MakeFolder(folder_));
  HF_ASSIGN(Fd folder, OpenFolder(folder_));
  if (spool.linkable() && spool.folder() == folder_) {
    HF_TRY_CONTEXT(spool.LinkTo(folder.get(), name), "storing " + name + " in " + Describe());
    return {};
  }
  // The name is looked at before the copy is made; the link at the end decides.
  struct stat info;
  if (::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return Fail(ErrorKind::kConflict, "\"" + name + "\" exists already in " + Describe());
  }
  if (spool.FlushedSize() < spool.Size()) HF_TRY(spool.Flush());  // not one that was linked
  HF_ASSIGN(stream::Spool copy, stream::Spool::Create(folder_, stream::Spool::Kind::kLinkable));
  stream::SpoolSource source(spool);
  stream::SpoolSink sink(copy);
  HF_TRY_CONTEXT(stream::Copy(source, sink), "storing " + name + " in " + Describe());
  HF_TRY_CONTEXT(copy.LinkTo(folder.get(), name), "storing " + name + " in " + Describe());
  return {};
}

Result<std::unique_ptr<stream::Source>> LocalStore::Open(const std::string& name, uint64_t offset,
                                                         const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(CheckWaits(waits));
  auto file = stream::FileSource::Open(folder_ / name, offset);
  if (!file) return Fail(Explain(std::move(file).error(), folder_, name));
  return std::make_unique<stream::FileSource>(std::move(*file));
}

Result<std::vector<ObjectInfo>> LocalStore::List(std::string_view prefix, const Waits& waits) {
  HF_TRY(CheckWaits(waits));
  auto folder = OpenFolder(folder_);
  if (!folder) return Fail(Explain(std::move(folder).error(), folder_, ""));
  std::vector<ObjectInfo> found;
  std::error_code error;
  fs::directory_iterator it(folder_, error), end;
  for (; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.front() == '.' || !name.starts_with(prefix)) continue;
    struct stat info;
    if (::fstatat(folder->get(), name.c_str(), &info, 0) != 0) {
      if (errno == ENOENT) continue;  // deleted meanwhile, or a link to nothing
      return Fail(ErrnoError("stat " + it->path().string(), errno));
    }
    if (S_ISREG(info.st_mode)) found.push_back(InfoOf(std::move(name), info));
  }
  if (error) return Fail(ErrnoError("list folder " + folder_.string(), error.value()));
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

Result<ObjectInfo> LocalStore::Stat(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(CheckWaits(waits));
  fs::path path = folder_ / name;
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    return Fail(Explain(ErrnoError("stat " + path.string(), errno), folder_, name));
  }
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorKind::kInvalid, path.string() + " is not a regular file");
  }
  return InfoOf(name, info);
}

Status LocalStore::Delete(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  HF_TRY(CheckWaits(waits));
  auto folder = OpenFolder(folder_);
  if (!folder) return Fail(Explain(std::move(folder).error(), folder_, ""));
  if (::unlinkat(folder->get(), name.c_str(), 0) != 0) {
    return Fail(Explain(ErrnoError("delete " + (folder_ / name).string(), errno), folder_, name));
  }
  return SyncFolder(folder->get());
}

}  // namespace holdfast::storage
