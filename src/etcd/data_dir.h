// A data directory that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::etcd {

// Everything is made in a hidden folder inside the data directory (which may be a mount point) and
// gets its name, `member`, in one step. Destroyed without Commit(), it leaves nothing behind, not
// even a data directory that it made. What a killed process left is removed by the next one.
class DataDir {
 public:
  // kConflict when the directory holds anything but `lost+found` (a mount point has it);
  // kUnauthorized, kUnavailable (disk full) ...
  static Result<DataDir> Begin(const std::filesystem::path& path);
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;
  ~DataDir();

  // Where `member` is being made; it has empty folders `snap` and `wal`, mode 0700.
  std::filesystem::path member() const { return work_ / "member"; }
  // A file of mode 0600 in it, made durable and closed.
  Status WriteFile(const std::filesystem::path& relative, std::string_view bytes,
                   uint64_t length) const;
  // Makes the folders durable, then gives `member` its place.
  Status Commit();

 private:
  DataDir(std::filesystem::path path, std::filesystem::path work, int lock, bool made)
      : path_(std::move(path)), work_(std::move(work)), lock_(lock), made_(made) {}

  std::filesystem::path path_;
  std::filesystem::path work_;
  int lock_ = -1;  // flock on work_: it is in use
  bool made_ = false;
};

}  // namespace holdfast::etcd
