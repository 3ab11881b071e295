#include "etcd/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".holdfast-restore-";

Status SyncFolder(const fs::path& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrnoError("opening " + path.string(), errno));
  int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  if (error != 0) return Fail(ErrnoError("syncing " + path.string(), error));
  return {};
}

Status MakeFolder(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) != 0) return Fail(ErrnoError("making " + path.string(), errno));
  return {};
}

// An open folder with a lock of ours on it; -1 when somebody else has it.
int LockFolder(const fs::path& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

// kConflict when something else than remains of ours is there; removes those.
Status CheckEmpty(const fs::path& path) {
  std::error_code error;
  std::vector<fs::path> remains;
  for (fs::directory_iterator i(path, error), end; !error && i != end; i.increment(error)) {
    std::string name = i->path().filename();
    // The root of an ext file system has one from the start. etcd never looks into it.
    if (name == "lost+found" && i->symlink_status(error).type() == fs::file_type::directory)
      continue;
    if (!name.starts_with(kPrefix)) {
      return Fail(
          Error(ErrorKind::kConflict,
                fmt::format("the data directory {} is not empty (it has \"{}\")", path.string(),
                            name))
              .Hint("nothing is overwritten: name a new directory, or move the old one away"));
    }
    remains.push_back(i->path());
  }
  if (error) return Fail(ErrnoError("reading " + path.string(), error.value()));
  for (const fs::path& remain : remains) {
    int lock = LockFolder(remain);
    if (lock < 0) {
      return Fail(ErrorKind::kConflict, "another restore into " + path.string() + " is under way");
    }
    fs::remove_all(remain, error);
    close(lock);
  }
  return {};
}

}  // namespace

Result<DataDir> DataDir::Begin(const fs::path& path) {
  bool made = mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return Fail(ErrnoError("making " + path.string(), errno));
  if (!made) HF_TRY(CheckEmpty(path));
  std::string work = (path / (std::string(kPrefix) + "XXXXXX")).string();
  if (mkdtemp(work.data()) == nullptr) {
    Error error = ErrnoError("making a folder in " + path.string(), errno);
    if (made) rmdir(path.c_str());
    return Fail(std::move(error));
  }
  int lock = LockFolder(work);
  DataDir dir(path, work, lock, made);
  if (lock < 0) return Fail(ErrorKind::kConflict, "another restore took " + work);
  for (const char* folder : {"member", "member/snap", "member/wal"})
    HF_TRY(MakeFolder(dir.work_ / folder));
  return dir;
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)),
      work_(std::move(other.work_)),
      lock_(std::exchange(other.lock_, -1)),
      made_(std::exchange(other.made_, false)) {
  other.work_.clear();
}

DataDir::~DataDir() {
  std::error_code ignored;
  if (!work_.empty()) fs::remove_all(work_, ignored);
  if (lock_ >= 0) close(lock_);
  if (made_) rmdir(path_.c_str());  // fails when `member` is in it, as it should
}

Status DataDir::WriteFile(const fs::path& relative, std::string_view bytes, uint64_t length) const {
  fs::path path = member() / relative;
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(ErrnoError("making " + path.string(), errno));
  auto failed = [&](int error) {
    close(fd);
    return Fail(ErrnoError("writing " + path.string(), error));
  };
  // Room for all of it now, so that a full disk is met here and not by etcd.
  if (fallocate(fd, 0, 0, static_cast<off_t>(length)) != 0) {
    if (errno != EOPNOTSUPP && errno != ENOSYS) return failed(errno);
    if (ftruncate(fd, static_cast<off_t>(length)) != 0) return failed(errno);
  }
  while (!bytes.empty()) {
    ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed(errno);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  if (fsync(fd) != 0) return failed(errno);
  if (close(fd) != 0) return Fail(ErrnoError("closing " + path.string(), errno));
  return {};
}

Status DataDir::Commit() {
  for (const fs::path& folder : {member() / "snap", member() / "wal", member(), work_})
    HF_TRY(SyncFolder(folder));
  fs::path final = path_ / "member";
  // Not rename(): that would replace an empty folder that came meanwhile.
  if (renameat2(AT_FDCWD, member().c_str(), AT_FDCWD, final.c_str(), RENAME_NOREPLACE) != 0) {
    bool unknown = errno == EINVAL;  // a file system without the flag
    if (!unknown || rename(member().c_str(), final.c_str()) != 0)
      return Fail(ErrnoError("giving " + final.string() + " its name", errno));
  }
  made_ = false;
  HF_TRY(SyncFolder(path_));
  return SyncFolder(path_.parent_path().empty() ? "." : path_.parent_path());
}

}  // namespace holdfast::etcd
