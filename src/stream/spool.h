// A temporary file without a name: what a backup is built in and what a restore reads again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

// A file of mode 0600 in a given folder that vanishes with its owner, whatever happens to the
// process (O_TMPFILE; where the file system has none: a dot-file that is unlinked at once).
//
// One thread appends, flushes and truncates; any number of threads may Read() meanwhile what was
// flushed. Errors name the folder, how much had been written and, on a full disk, the cure.
class Spool {
 public:
  enum class Kind {
    kUnnamed,   // can never be seen
    kLinkable,  // LinkTo() may give it a name. Where O_TMPFILE is missing it is a dot-file
                // `.holdfast-<random>.partial`, locked by flock, removed on every path but kill -9
  };
  // kNotFound, kUnauthorized, kUnavailable (disk full) or kInternal.
  static Result<Spool> Create(const std::filesystem::path& folder, Kind kind = Kind::kUnnamed);
  // As Create() on a file system without O_TMPFILE; for tests.
  static Result<Spool> CreateNamed(const std::filesystem::path& folder, Kind kind);

  Spool(Spool&&) noexcept;
  Spool& operator=(Spool&&) noexcept;
  ~Spool();

  // Adds to the end; buffered, up to 256 KiB. Blocks on the disk.
  Status Append(std::string_view bytes);
  // Hands the buffer to the kernel: from here on Read() sees all that was appended.
  Status Flush();
  // Flush, then fsync.
  Status Sync();
  // Throws everything away and begins anew. No reader may be at work.
  Status Truncate();

  // All that was appended, in bytes.
  uint64_t Size() const;
  // What Read() can see, in bytes; rises while the writer appends.
  uint64_t FlushedSize() const;

  // Up to `size` bytes at `offset`; fewer only at the end of what was flushed. Thread-safe.
  Result<size_t> Read(uint64_t offset, char* out, size_t size) const;
  // Exactly `size` bytes; kInternal when fewer were flushed. Thread-safe.
  Result<std::string> Read(uint64_t offset, size_t size) const;

  // Blocks until Read() can see something at `offset`, or `stop` is requested. Thread-safe.
  void WaitBeyond(uint64_t offset, std::stop_token stop) const;

  // Gives the file, all or nothing, the name `name` in the folder `folder_fd` (on the same file
  // system): fsync, link, fsync of the folder. Never overwrites: kConflict when the name is taken,
  // and then the spool is unchanged and may be linked to another name. kLinkable only.
  Status LinkTo(int folder_fd, const std::string& name);

  const std::filesystem::path& folder() const;
  // LinkTo() may still be called.
  bool linkable() const;

 private:
  struct Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  static Result<Spool> Make(const std::filesystem::path& folder, Kind kind, bool allow_tmpfile);

  std::unique_ptr<Impl> impl_;
};

// Appends to a spool that outlives it; Close() flushes, it does not sync.
class SpoolSink : public Sink {
 public:
  explicit SpoolSink(Spool& spool) : spool_(spool) {}
  Status Write(std::string_view bytes) override { return spool_.Append(bytes); }
  Status Close() override { return spool_.Flush(); }

 private:
  Spool& spool_;
};

// Reads what was flushed when it was made, from `offset` on. Several may read at once.
class SpoolSource : public Source {
 public:
  explicit SpoolSource(const Spool& spool, uint64_t offset = 0)
      : spool_(spool), offset_(offset), end_(spool.FlushedSize()) {}
  Result<size_t> Read(char* out, size_t size) override;

 private:
  const Spool& spool_;
  uint64_t offset_;
  uint64_t end_;
};

}  // namespace holdfast::stream
