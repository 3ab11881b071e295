// A bbolt database in a file, opened for reading: its meta pages, its buckets, its page runs.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/file.h"
#include "etcd/page.h"

namespace holdfast::etcd {

struct ReadLimits {
  int max_depth = 64;                      // branches above a leaf
  uint64_t max_run = uint64_t{256} << 20;  // bytes of one page with its overflow
  uint64_t max_pages = uint64_t{1} << 34;  // bounds the bit per page that walks keep
};

// One bit per page: walks mark what they reached.
class PageSet {
 public:
  explicit PageSet(uint64_t pages) : bits_((pages + 63) / 64), pages_(pages) {}
  // False when one of the pages was in the set already (or is beyond it).
  bool AddRun(uint64_t first, uint64_t count);
  bool Has(uint64_t page) const { return page < pages_ && (bits_[page / 64] >> (page % 64) & 1); }
  uint64_t size() const { return size_; }

 private:
  std::vector<uint64_t> bits_;
  uint64_t pages_;
  uint64_t size_ = 0;
};

// Where a bucket's rows are.
struct Bucket {
  std::string name;
  uint64_t root = 0;  // page; 0: the rows are in inline_page
  uint64_t sequence = 0;
  std::string inline_page;
};
// The value of a bucket's row. kCorrupt, without saying where.
Result<Bucket> ParseBucket(std::string_view name, std::string_view value);

// May be used by any number of threads. Errors of damaged bytes are kCorrupt and name page, offset
// and what is wrong; the caller adds the file's name.
class Database {
 public:
  // Reads both meta pages and checks every number in them against the file's length. The database
  // may be followed by anything: a snapshot's digest, the unused end of a live file.
  static Result<Database> Open(std::unique_ptr<File> file, const ReadLimits& limits = {});

  const File& file() const { return *file_; }
  const ReadLimits& limits() const { return limits_; }
  const Meta& meta() const { return metas_[winner_]; }
  int winner() const { return winner_; }
  // Of page 0 and 1; the numbers mean something only where the state is kValid.
  MetaState meta_state(int page) const { return states_[page]; }
  const Meta& meta_at(int page) const { return metas_[page]; }
  uint32_t page_size() const { return meta().page_size; }
  // Bytes that belong to the database: high water mark times page size.
  uint64_t size() const { return meta().high_water * page_size(); }
  // Whether the file's length is that of a snapshot with its SHA-256 at the end.
  bool has_digest() const { return file_->size() % 512 == 32; }

  // Reads page `page` with its overflow into `run`. `expected_overflow` is a guess that saves a
  // second read. Checks the header (id, overflow, length), not the content.
  Result<PageHeader> ReadRun(uint64_t page, std::string& run, uint32_t expected_overflow = 0) const;
  // The bucket of buckets.
  Bucket root_bucket() const;
  // "page 12 (byte 49152)".
  std::string Where(uint64_t page) const;

 private:
  Database(std::unique_ptr<File> file, const ReadLimits& limits)
      : file_(std::move(file)), limits_(limits) {}
  Status FindMetas();
  Status CheckMeta() const;
  Result<MetaState> ReadMeta(uint64_t offset, Meta& meta) const;

  std::unique_ptr<File> file_;
  ReadLimits limits_;
  std::array<Meta, 2> metas_;
  std::array<MetaState, 2> states_{MetaState::kNoMagic, MetaState::kNoMagic};
  int winner_ = 0;
};

}  // namespace holdfast::etcd
