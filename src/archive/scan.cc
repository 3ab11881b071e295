#include "archive/scan.h"

#include <algorithm>
#include <deque>
#include <map>

#include "archive/digest_batch.h"
#include "archive/path_list.h"
#include "archive/writer.h"
#include "base/printable.h"
#include "stream/sha256.h"

namespace holdfast::archive {
namespace {

using stream::Digest;
using stream::Sha256;

// Sees the whole uncompressed tar go by.
class TarTee : public stream::TarObserver {
 public:
  TarTee(bool hash, stream::Spool* spool) : hash_(hash), spool_(spool) {}
  Status Bytes(std::string_view bytes) override {
    if (hash_) sha_.Update(bytes);
    if (spool_ != nullptr) HF_TRY(spool_->Append(bytes));
    size_ += bytes.size();
    return {};
  }
  // Of all so far; nothing is hashed from here on.
  Digest TakeSha256() {
    hash_ = false;
    return sha_.Current();
  }
  uint64_t size() const { return size_; }

 private:
  bool hash_;
  stream::Spool* spool_;
  Sha256 sha_;
  uint64_t size_ = 0;
};

class Scanner {
 public:
  Scanner(stream::Source& gz, ScanHandler& handler, const ScanOptions& options)
      : handler_(handler),
        options_(options),
        all_(options.digests == Digests::kAll),
        gunzip_(gz, options.gzip),
        tee_(all_, options.tar_spool),
        tar_(gunzip_, options.tar, &tee_) {}

  Result<ScanResult> Run();

 private:
  Status One(const stream::TarEntry& entry);
  Status Object(const stream::TarEntry& entry, std::string_view body);
  Status TakeManifest(const stream::TarEntry& entry);
  Status CheckManifest();
  Status CheckKinds(const Manifest& manifest) const;

  ScanHandler& handler_;
  const ScanOptions& options_;
  const bool all_;
  stream::GunzipSource gunzip_;
  TarTee tee_;
  stream::TarReader tar_;
  ScanResult result_;
  std::deque<Digest> digests_;
  DigestBatch batch_{digests_};
  PathList paths_;  // of the entries, for messages
  uint64_t entries_ = 0;
  std::map<std::string, KindCount, std::less<>> kinds_;
  KindCount* last_kind_ = nullptr;
  std::string last_folder_;
  Digest tar_sha256_{};
  uint64_t tar_size_ = 0;
};

tl::unexpected<Error> Damaged(std::string what) {
  return Fail(Error(ErrorKind::kCorrupt, std::move(what)).Hint("use another copy of the archive"));
}

Status Scanner::Object(const stream::TarEntry& entry, std::string_view body) {
  HF_ASSIGN(EntryName name, EntryName::Parse(entry.path));
  if (body.empty()) {
    return Fail(ErrorKind::kInvalid, "entry \"" + Printable(entry.path) + "\" is empty");
  }
  ++result_.objects;
  result_.stored_bytes += body.size();
  std::string_view folder = std::string_view(entry.path).substr(0, entry.path.find('/'));
  if (last_kind_ == nullptr || folder != last_folder_) {
    last_folder_ = folder;
    last_kind_ = &kinds_[last_folder_];
  }
  ++last_kind_->objects;
  last_kind_->bytes += body.size();
  return handler_.Entry({.name = std::move(name),
                         .path = entry.path,
                         .stored = body,
                         .tar_offset = entry.body_offset});
}

Status Scanner::TakeManifest(const stream::TarEntry& entry) {
  tar_size_ = entry.header_offset;
  tar_sha256_ = tee_.TakeSha256();
  HF_ASSIGN(std::string_view body, tar_.Body());
  HF_ASSIGN(result_.manifest, ParseManifest(body));
  return {};
}

Status Scanner::One(const stream::TarEntry& entry) {
  if (result_.manifest) {
    return Damaged("entry \"" + Printable(entry.path) +
                   "\" comes after the manifest, which is last");
  }
  if (entry.path == kManifestPath) return TakeManifest(entry);
  HF_ASSIGN(std::string_view body, tar_.Body());
  ++entries_;
  if (all_) {
    batch_.Add(body);
    paths_.Add(entry.path);
  }
  if (entry.path == kFiltersPath) {
    result_.has_filters = true;
    return handler_.Filters(body);
  }
  if (entry.path.starts_with("filters/")) {
    ++result_.ignored;
    return {};
  }
  return Object(entry, body);
}

Status Scanner::CheckKinds(const Manifest& manifest) const {
  size_t named = 0;
  for (const KindInfo& kind : manifest.info.kinds) {
    auto found = kinds_.find(kind.kind);
    KindCount count = found == kinds_.end() ? KindCount{} : found->second;
    if (found != kinds_.end()) ++named;
    if (count.objects != kind.objects || count.bytes != kind.bytes) {
      return Damaged("it holds " + std::to_string(count.objects) + " objects of " +
                     Printable(kind.kind) + " (" + std::to_string(count.bytes) +
                     " bytes), its manifest says " + std::to_string(kind.objects) + " (" +
                     std::to_string(kind.bytes) + ")");
    }
  }
  if (named != kinds_.size()) return Damaged("it holds a kind that is not in its manifest");
  return {};
}

Status Scanner::CheckManifest() {
  Manifest& manifest = *result_.manifest;
  if (!gunzip_.sealed()) {
    return Fail(Error(ErrorKind::kCorrupt, "truncated: the seal at the end is missing")
                    .Hint("the file is incomplete, or was packed anew; use another copy"));
  }
  if (manifest.entries != entries_) {
    return Damaged("it holds " + std::to_string(entries_) + " entries, its manifest says " +
                   std::to_string(manifest.entries));
  }
  if (manifest.tar_size != tar_size_) {
    return Damaged("its tar has " + std::to_string(tar_size_) +
                   " bytes before the manifest, which says " + std::to_string(manifest.tar_size));
  }
  batch_.Compute();
  if (all_ && manifest.digests_sha256) {
    if (DigestOf(digests_) != *manifest.digests_sha256)
      return Damaged("its entries do not have the SHA-256 digests that the manifest says");
    digests_.clear();
  }
  for (size_t i = 0; i < digests_.size(); ++i) {
    if (digests_[i] == manifest.entry_sha256[i]) continue;
    return Damaged("entry \"" + Printable(paths_.Get(i), 600) +
                   "\" does not have the SHA-256 that the manifest says");
  }
  if (all_ && manifest.tar_sha256 != tar_sha256_) {
    return Damaged("its tar does not have the SHA-256 that the manifest says");
  }
  manifest.entry_sha256.clear();
  manifest.entry_sha256.shrink_to_fit();
  return CheckKinds(manifest);
}

Result<ScanResult> Scanner::Run() {
  for (;;) {
    if (options_.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    HF_ASSIGN(auto entry, tar_.Next());
    if (!entry) break;
    HF_TRY(One(*entry));
  }
  if (result_.manifest) HF_TRY(CheckManifest());
  if (options_.tar_spool != nullptr) HF_TRY(options_.tar_spool->Flush());
  result_.tar_bytes = tee_.size();
  result_.compressed_bytes = gunzip_.compressed_offset();
  return std::move(result_);
}

}  // namespace

Result<ScanResult> Scan(stream::Source& gz, ScanHandler& handler, const ScanOptions& options) {
  if (options.tar_spool != nullptr && options.tar_spool->Size() != 0) {
    return Fail(ErrorKind::kInternal, "scan: the spool is not empty");
  }
  return Scanner(gz, handler, options).Run();
}

}  // namespace holdfast::archive
