#include "archive/read_back.h"

#include <atomic>
#include <string>
#include <thread>

#include "stream/gzip.h"
#include "stream/hash128.h"
#include "stream/hashed_source.h"

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
};

Result<Found> Look(stream::Source& spool) {
  stream::HashedSource<stream::FastHash> file(spool);
  stream::GunzipSource tar(file);
  stream::FastHash hash;
  Found found;
  std::string part(128 << 10, '\0');
  for (;;) {
    HF_ASSIGN_CONTEXT(size_t got, tar.Read(part.data(), part.size()), kDoing);
    if (got == 0) break;
    hash.Update(std::string_view(part.data(), got));
    found.tar_bytes += got;
  }
  found.tar_hash = hash.Current();
  found.gzip_bytes = tar.compressed_offset();
  found.file_bytes = file.bytes();
  found.file_hash = file.hash();
  found.sealed = tar.sealed();
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

Result<stream::Hash128> ReadBack(const stream::Spool& spool, const ArchiveSummary& written) {
  stream::SpoolSource file(spool);
  HF_ASSIGN(Found found, Look(file));
  return Compare(found, written);
}

struct BackgroundReadBack::Impl {
  explicit Impl(const stream::Spool& spool)
      : source(spool, complete.get_token(), abort), thread([this] { found = Look(source); }) {}

  std::stop_source complete;
  std::atomic<bool> abort{false};
  FollowingSource source;
  Result<Found> found;  // the thread's until it was joined
  std::jthread thread;
};

BackgroundReadBack::BackgroundReadBack(const stream::Spool& spool)
    : impl_(std::make_unique<Impl>(spool)) {}

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
