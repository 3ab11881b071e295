// The one reading pass over an archive, on which verify, restore, show and diff stand.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>

#include "archive/entry_name.h"
#include "archive/manifest.h"
#include "base/result.h"
#include "stream/gzip.h"
#include "stream/spool.h"
#include "stream/stream.h"
#include "stream/tar_reader.h"

namespace holdfast::archive {

struct ScanEntry {
  EntryName name;
  std::string_view path;
  std::string_view stored;  // the whole body, as stored; valid during the call only
  uint64_t tar_offset = 0;  // of the body in the uncompressed tar: Spool::Read(tar_offset, size)
};

// An error returned from either call ends the scan and is what Scan() returns.
class ScanHandler {
 public:
  virtual ~ScanHandler() = default;
  // The body of filters/filters.json. The last one counts.
  virtual Status Filters(std::string_view json) = 0;
  // One object. The same name may come twice; the last one counts.
  virtual Status Entry(const ScanEntry& entry) = 0;
};

enum class Digests {
  kAll,       // gzip CRC and seal, tar structure, SHA-256 of every entry and of the tar
  kSealOnly,  // of a sealed archive: CRC, seal (XXH3-128 of the file itself), structure and counts.
              // Every change to the file is found; the entry digests, which it makes redundant, are
              // not computed. A third of the CPU time.
};

struct ScanOptions {
  stream::GunzipLimits gzip;
  stream::TarLimits tar;
  // Where set, the uncompressed tar is appended, so that bodies can be read again by their offset.
  // It must be empty; it is flushed at the end.
  stream::Spool* tar_spool = nullptr;
  Digests digests = Digests::kAll;
  std::stop_token stop;  // kCancelled, looked at between entries
};

struct ScanResult {
  // None in archives that the operator wrote. Its entry_sha256, once checked, are emptied.
  std::optional<Manifest> manifest;
  bool has_filters = false;
  uint64_t objects = 0;       // calls of Entry()
  uint64_t ignored = 0;       // files below filters/ that mean nothing to us
  uint64_t stored_bytes = 0;  // bodies of the objects
  uint64_t tar_bytes = 0;     // the whole uncompressed tar
  uint64_t compressed_bytes = 0;
};

// Reads `gz` to its end, calling `handler` entry by entry in the order of the archive. Everything
// that the archive says about itself is checked; an archive with a manifest must be sealed and end
// with the manifest. The handler sees entries before the end has been checked: nothing may be
// changed in a cluster before Scan() has succeeded. Errors: kCorrupt (damaged, truncated: with the
// place), kInvalid (a name that is no object's, a limit, a format version from the future), those
// of `gz` and of the handler. Blocks.
Result<ScanResult> Scan(stream::Source& gz, ScanHandler& handler, const ScanOptions& options = {});

}  // namespace holdfast::archive
