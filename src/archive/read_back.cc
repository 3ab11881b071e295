#include "archive/read_back.h"

#include <atomic>
#include <string>
#include <thread>

#include "archive/entry_name.h"
#include "archive/limits.h"
#include "stream/gzip.h"
#include "stream/hash128.h"
#include "stream/hashed_source.h"
#include "stream/tar_reader.h"

namespace holdfast::archive {
namespace {

constexpr char kDoing[] = "reading the new archive back";

struct Found {
  uint64_t tar_bytes = 0;
  uint64_t gzip_bytes = 0;
  uint64_t file_bytes = 0;  // that were hashed
  stream::Hash128 tar_hash{};
  stream::Hash128 file_hash{};
  bool sealed = false;
  uint64_t objects = 0;
  bool manifest = false;
};

// Hashes the uncompressed tar as it goes by.
class TarHash : public stream::TarObserver {
 public:
  Status Bytes(std::string_view bytes) override {
    hash_.Update(bytes);
    size_ += bytes.size();
    return {};
  }
  stream::Hash128 hash() const { return hash_.Current(); }
  uint64_t size() const { return size_; }

 private:
  stream::FastHash hash_;
  uint64_t size_ = 0;
};

// Reads as a restore will, by its limits, but for the bodies, which are only hashed: the manifest's
// too, so that nothing is held in memory.
Result<Found> Look(stream::Source& spool, const ArchiveLimits& limits) {
  stream::HashedSource<stream::FastHash> file(spool);
  stream::GunzipSource unzipped(file, {.max_output = limits.max_tar});
  TarHash whole;
  stream::TarReader tar(unzipped, limits.tar, &whole);
  Found found;
  for (;;) {
    HF_ASSIGN_CONTEXT(auto entry, tar.Next(), kDoing);
    if (!entry) break;
    found.manifest = entry->path == kManifestPath;
    if (entry->path.starts_with("filters/")) continue;
    HF_TRY_CONTEXT(EntryName::Parse(entry->path), kDoing);
    ++found.objects;
  }
  found.tar_bytes = whole.size();
  found.tar_hash = whole.hash();
  found.gzip_bytes = unzipped.compressed_offset();
  found.file_bytes = file.bytes();
  found.file_hash = file.hash();
  found.sealed = unzipped.sealed();
  return found;
}

Result<stream::Hash128> Compare(const Found& found, const ArchiveSummary& written) {
  const char* what = nullptr;
  if (found.gzip_bytes != written.gzip_bytes || found.file_bytes != written.gzip_bytes)
    what = "its length is not what was written";
  else if (found.tar_bytes != written.tar_bytes || found.tar_hash != written.tar_hash)
    what = "its contents are not what was written";
  else if (!found.sealed)
    what = "its seal is missing";
  else if (!found.manifest || found.objects != written.objects)
    what = "its entries are not those that were written";
  if (what == nullptr) return found.file_hash;
  return Fail(Error(ErrorKind::kCorrupt, what)
                  .With(kDoing)
                  .Hint("memory or disk of this machine may be damaged; run again elsewhere"));
}

// Reads a spool that is still growing; ends where it ends once `complete` is requested.
class FollowingSource : public stream::Source {
 public:
  FollowingSource(const stream::Spool& spool, std::stop_token complete,
                  const std::atomic<bool>& abort)
      : spool_(spool), complete_(std::move(complete)), abort_(abort) {}

  Result<size_t> Read(char* out, size_t size) override {
    for (;;) {
      bool last = complete_.stop_requested();
      if (abort_) return Fail(ErrorKind::kCancelled, "stopped");
      HF_ASSIGN(size_t got, spool_.Read(offset_, out, size));
      offset_ += got;
      if (got > 0 || last) return got;
      spool_.WaitBeyond(offset_, complete_);
    }
  }

 private:
  const stream::Spool& spool_;
  std::stop_token complete_;
  const std::atomic<bool>& abort_;
  uint64_t offset_ = 0;
};

}  // namespace

Result<stream::Hash128> ReadBack(const stream::Spool& spool, const ArchiveSummary& written,
                                 const ArchiveLimits& limits) {
  stream::SpoolSource file(spool);
  HF_ASSIGN(Found found, Look(file, limits));
  return Compare(found, written);
}

struct BackgroundReadBack::Impl {
  Impl(const stream::Spool& spool, const ArchiveLimits& limits)
      : source(spool, complete.get_token(), abort),
        thread([this, limits] { found = Look(source, limits); }) {}

  std::stop_source complete;
  std::atomic<bool> abort{false};
  FollowingSource source;
  Result<Found> found;  // the thread's until it was joined
  std::jthread thread;
};

BackgroundReadBack::BackgroundReadBack(const stream::Spool& spool, const ArchiveLimits& limits)
    : impl_(std::make_unique<Impl>(spool, limits)) {}

BackgroundReadBack::~BackgroundReadBack() {
  impl_->abort = true;
  impl_->complete.request_stop();
}

Result<stream::Hash128> BackgroundReadBack::Finish(const ArchiveSummary& written) {
  impl_->complete.request_stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  HF_TRY(impl_->found);
  return Compare(*impl_->found, written);
}

}  // namespace holdfast::archive
