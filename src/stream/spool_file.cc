#include "stream/spool_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace holdfast::stream {
namespace {

constexpr char kStart[] = ".holdfast-";
constexpr char kEnd[] = ".partial";

Result<std::string> RandomName() {
  uint64_t random[2];
  if (::getrandom(random, sizeof random, 0) != ssize_t(sizeof random)) {
    return Fail(ErrnoError("getrandom", errno));
  }
  char name[64];
  std::snprintf(name, sizeof name, "%s%016llx%016llx%s", kStart,
                static_cast<unsigned long long>(random[0]),
                static_cast<unsigned long long>(random[1]), kEnd);
  return std::string(name);
}

// Removes hidden files whose maker is gone: those that nobody holds locked. Best effort.
void SweepHidden(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().filename().string();
    if (!name.starts_with(kStart) || !name.ends_with(kEnd)) continue;
    int fd = ::open(it->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ::unlink(it->path().c_str());
    ::close(fd);
  }
}

Result<SpoolFile> OpenHidden(const std::filesystem::path& folder, bool linkable) {
  if (linkable) SweepHidden(folder);
  for (int attempt = 0; attempt < 10; ++attempt) {
    HF_ASSIGN(std::string name, RandomName());
    SpoolFile file;
    file.hidden = folder / name;
    file.fd = ::open(file.hidden.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file.fd < 0 && errno == EEXIST) continue;
    if (file.fd < 0) {
      return Fail(ErrnoError("create a temporary file in " + folder.string(), errno));
    }
    if (!linkable) {
      if (::unlink(file.hidden.c_str()) != 0) {
        Error error = ErrnoError("unlink " + file.hidden.string(), errno);
        RemoveSpoolFile(file);
        return Fail(std::move(error));
      }
      file.hidden.clear();
      return file;
    }
    // A sweeper may have come between open and lock: then the file has no name any more.
    struct stat info;
    if (::flock(file.fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(file.fd, &info) == 0 &&
        info.st_nlink == 1) {
      return file;
    }
    RemoveSpoolFile(file);
  }
  return Fail(ErrorKind::kUnavailable,
              "create a temporary file in " + folder.string() + ": every name tried was taken");
}

// linkat() of a file without a name needs /proc, or CAP_DAC_READ_SEARCH.
int LinkUnnamed(int fd, int folder_fd, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (::linkat(AT_FDCWD, path, folder_fd, name, AT_SYMLINK_FOLLOW) == 0) return 0;
  if (errno != ENOENT || ::access("/proc/self/fd", F_OK) == 0) return -1;
  return ::linkat(fd, "", folder_fd, name, AT_EMPTY_PATH);
}

// File systems without hard links (FAT, some network ones) can still rename without overwriting.
int LinkHidden(const SpoolFile& file, int folder_fd, const char* name) {
  if (::linkat(AT_FDCWD, file.hidden.c_str(), folder_fd, name, 0) == 0) return 0;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) return -1;
  return ::renameat2(AT_FDCWD, file.hidden.c_str(), folder_fd, name, RENAME_NOREPLACE);
}

Status SyncFolder(int folder_fd) {
  while (::fsync(folder_fd) != 0) {
    if (errno == EINTR) continue;
    if (errno == EINVAL) return {};  // a file system that has no such thing
    return Fail(ErrnoError("fsync of the folder", errno));
  }
  return {};
}

}  // namespace

Result<SpoolFile> OpenSpoolFile(const std::filesystem::path& folder, bool linkable,
                                bool allow_tmpfile) {
  if (allow_tmpfile) {
    SpoolFile file;
    int flags = O_TMPFILE | O_RDWR | O_CLOEXEC | (linkable ? 0 : O_EXCL);
    file.fd = ::open(folder.c_str(), flags, 0600);
    if (file.fd >= 0) return file;
    // EISDIR and EINVAL come from kernels and file systems that do not know it.
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
      return Fail(ErrnoError("create a temporary file in " + folder.string(), errno));
    }
  }
  return OpenHidden(folder, linkable);
}

Status LinkSpoolFile(SpoolFile& file, int folder_fd, const std::string& name) {
  int result = file.hidden.empty() ? LinkUnnamed(file.fd, folder_fd, name.c_str())
                                   : LinkHidden(file, folder_fd, name.c_str());
  if (result != 0 && errno == EEXIST) {
    return Fail(ErrorKind::kConflict, "\"" + name + "\" exists already");
  }
  if (result != 0) return Fail(ErrnoError("give the file its name \"" + name + "\"", errno));
  if (!file.hidden.empty()) {
    ::unlink(file.hidden.c_str());  // gone already when it was renamed
    file.hidden.clear();
  }
  auto synced = SyncFolder(folder_fd);
  if (!synced) ::unlinkat(folder_fd, name.c_str(), 0);
  return synced;
}

void RemoveSpoolFile(SpoolFile& file) {
  if (!file.hidden.empty()) ::unlink(file.hidden.c_str());
  if (file.fd >= 0) ::close(file.fd);
  file.fd = -1;
  file.hidden.clear();
}

}  // namespace holdfast::stream
