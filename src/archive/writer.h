// Writes an archive: tar, digests, gzip, seal, in one pass.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "archive/entry_name.h"
#include "archive/limits.h"
#include "archive/manifest.h"
#include "base/clock.h"
#include "base/result.h"
#include "stream/hash128.h"
#include "stream/sha256.h"
#include "stream/spool.h"
#include "stream/stream.h"

namespace holdfast::archive {

struct KindCount {
  uint64_t objects = 0;
  uint64_t bytes = 0;  // as stored
};

struct ArchiveSummary {
  std::map<std::string, KindCount> kinds;  // by KindKey: "secrets.#v1"
  uint64_t objects = 0;                    // entries but those below filters/
  uint64_t stored_bytes = 0;               // their bodies
  uint64_t tar_bytes = 0;                  // the whole uncompressed tar
  uint64_t gzip_bytes = 0;                 // the whole file
  stream::Hash128 tar_hash{};              // of the whole uncompressed tar, for ReadBack()
};

// Used by one thread. Order of calls: AddFilters() once (or not at all), Add() any number of times,
// Finish() once. After an error the archive is worthless: truncate the spool and begin anew.
// Holds 32 bytes per entry and its buffers (about 1.5 MiB).
class Writer {
 public:
  // `out` outlives the writer and is not closed by it. `time` is the time of the run, which every
  // entry gets. What a reader would refuse by `limits` is not written: Add() and Finish() return
  // kInvalid, with the entry's path.
  Writer(stream::Sink& out, Clock::Wall time, const ArchiveLimits& limits = {});
  ~Writer();

  // filters/filters.json: the ResourceSet as JSON, in the key order the operator writes.
  Status AddFilters(std::string_view resource_set_json);
  // One object. `path` is EntryName::ToPath(), `stored` the bytes as they are to lie in the archive
  // (encrypted or plain), `sha256` their digest. A path given twice is written twice.
  Status Add(std::string_view path, std::string_view stored, const stream::Digest& sha256);
  // The same, hashed here: many entries at once, which on most CPUs takes less time in all than
  // hashing each one for itself elsewhere.
  Status Add(std::string_view path, std::string_view stored);
  // Adds the manifest and ends tar and gzip. `info.kinds` get the counts.
  Result<ArchiveSummary> Finish(ManifestInfo info);

  // So far, for progress.
  uint64_t objects() const;
  uint64_t stored_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads the finished archive back from the spool and compares it, byte for byte by hash, with the
// tar that was written; gzip CRC, seal, the tar's structure and every entry's path and size are
// checked on the way, by the reader's limits. The hash of the whole file, of just the bytes that
// were found good. kCorrupt where they differ, kInvalid where a reader would refuse it. Blocks.
// read_back.h does the same while the archive is being written.
Result<stream::Hash128> ReadBack(const stream::Spool& spool, const ArchiveSummary& written,
                                 const ArchiveLimits& limits = {});

}  // namespace holdfast::archive
