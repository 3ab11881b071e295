#include "archive/writer.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "archive/digest_batch.h"
#include "base/printable.h"
#include "crypto/base64.h"
#include "stream/gzip.h"
#include "stream/tar_writer.h"

namespace holdfast::archive {
namespace {

using stream::Digest;

// Collects the small writes of tar, then hashes and compresses them while they are in the cache.
class TarSink : public stream::Sink {
 public:
  explicit TarSink(stream::Sink& out) : gzip_(out, {.level = 1, .seal = true}) {
    buffer_.reserve(kBuffer);
  }
  Status Write(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() > kBuffer) HF_TRY(HandOn());
    if (bytes.size() >= kBuffer) return HandOn(bytes);
    buffer_ += bytes;
    return {};
  }
  Status Close() override {
    HF_TRY(HandOn());
    return gzip_.Close();
  }
  // Of everything written so far.
  Result<Digest> Sha256() {
    HF_TRY(HandOn());
    Digest digest = sha_.Current();
    hash_tar_ = false;
    return digest;
  }
  stream::Hash128 Hash() const { return hash_.Current(); }
  uint64_t compressed() const { return gzip_.written(); }

 private:
  static constexpr size_t kBuffer = 128 << 10;

  Status HandOn() {
    HF_TRY(HandOn(buffer_));
    buffer_.clear();
    return {};
  }
  Status HandOn(std::string_view bytes) {
    if (hash_tar_) sha_.Update(bytes);
    hash_.Update(bytes);
    return gzip_.Write(bytes);
  }

  std::string buffer_;
  stream::Sha256 sha_;
  stream::FastHash hash_;
  stream::GzipSink gzip_;
  bool hash_tar_ = true;  // up to the manifest
};

std::string KindOf(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

// Adds the counts, and the kinds that only the writer knows.
void FillIn(std::vector<KindInfo>& kinds, const std::map<std::string, KindCount>& counts) {
  std::map<std::string, KindCount> left = counts;
  for (KindInfo& kind : kinds) {
    auto found = left.find(kind.kind);
    kind.objects = found == left.end() ? 0 : found->second.objects;
    kind.bytes = found == left.end() ? 0 : found->second.bytes;
    if (found != left.end()) left.erase(found);
  }
  for (const auto& [key, count] : left) {
    KindInfo kind;
    kind.kind = key;
    kind.objects = count.objects;
    kind.bytes = count.bytes;
    kinds.push_back(std::move(kind));
  }
}

}  // namespace

struct Writer::Impl {
  Impl(stream::Sink& out, Clock::Wall time, const ArchiveLimits& archive_limits)
      : limits(archive_limits),
        sink(out),
        tar(sink, std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()) {}

  Status Put(std::string_view path, std::string_view stored);
  Status PutManifest(const ManifestInfo& info);
  // An archive that no reader takes must not come into being.
  Status CheckEntry(std::string_view path, uint64_t size) const;
  Status CheckWhole() const;

  const ArchiveLimits limits;
  TarSink sink;
  stream::TarWriter tar;
  std::deque<Digest> digests;  // grows without moving
  DigestBatch batch{digests};
  ArchiveSummary summary;
  std::pair<std::string, KindCount*> last_kind{"", nullptr};
  bool finished = false;
};

Writer::Writer(stream::Sink& out, Clock::Wall time, const ArchiveLimits& limits)
    : impl_(std::make_unique<Impl>(out, time, limits)) {}
Writer::~Writer() = default;

Status Writer::AddFilters(std::string_view resource_set_json) {
  if (!impl_->digests.empty()) {
    return Fail(ErrorKind::kInternal, "archive: filters.json must be the first entry");
  }
  HF_TRY(impl_->CheckEntry(kFiltersPath, resource_set_json.size()));
  HF_TRY(impl_->tar.Add(kFiltersPath, resource_set_json, 0755));
  impl_->digests.push_back(stream::Sha256::Of(resource_set_json));
  return {};
}

Status Writer::Impl::CheckEntry(std::string_view path, uint64_t size) const {
  auto refuse = [&](const std::string& what) {
    return Fail(Error(ErrorKind::kInvalid, "entry \"" + Printable(path, 600) + "\" " + what)
                    .Hint("an archive with it could not be restored; take it out of the "
                          "ResourceSet"));
  };
  if (size > limits.tar.max_entry)
    return refuse("has " + std::to_string(size) + " bytes, more than the limit of " +
                  std::to_string(limits.tar.max_entry));
  if (path.size() > limits.tar.max_path)
    return refuse("has a path of " + std::to_string(path.size()) +
                  " bytes, more than the limit of " + std::to_string(limits.tar.max_path));
  return {};
}

Status Writer::Impl::CheckWhole() const {
  auto refuse = [](const std::string& what) {
    return Fail(Error(ErrorKind::kInvalid, "the archive would have more than " + what)
                    .Hint("it could not be restored; divide the ResourceSet into several"));
  };
  // The manifest is an entry too.
  if (digests.size() + 1 > limits.tar.max_entries)
    return refuse(std::to_string(limits.tar.max_entries) + " entries");
  if (summary.objects > limits.max_objects)
    return refuse(std::to_string(limits.max_objects) + " objects");
  if (tar.offset() > limits.max_tar)
    return refuse(std::to_string(limits.max_tar) + " bytes, uncompressed");
  return {};
}

Status Writer::Impl::Put(std::string_view path, std::string_view stored) {
  if (finished) return Fail(ErrorKind::kInternal, "archive: entry after the end");
  if (stored.empty()) {
    return Fail(ErrorKind::kInternal, "archive: empty entry \"" + Printable(path) + "\"");
  }
  HF_TRY(CheckEntry(path, stored.size()));
  HF_TRY(tar.Add(path, stored));
  auto& [kind, count] = last_kind;
  if (count == nullptr || path.size() <= kind.size() || path[kind.size()] != '/' ||
      !path.starts_with(kind)) {
    kind = KindOf(path);
    count = &summary.kinds[kind];
  }
  ++count->objects;
  count->bytes += stored.size();
  ++summary.objects;
  summary.stored_bytes += stored.size();
  return CheckWhole();
}

Status Writer::Add(std::string_view path, std::string_view stored, const Digest& sha256) {
  HF_TRY(impl_->Put(path, stored));
  impl_->digests.push_back(sha256);
  return {};
}

Status Writer::Add(std::string_view path, std::string_view stored) {
  HF_TRY(impl_->Put(path, stored));
  impl_->batch.Add(stored);
  return {};
}

Status Writer::Impl::PutManifest(const ManifestInfo& info) {
  batch.Compute();
  HF_ASSIGN(Digest sha256, sink.Sha256());
  std::optional<Digest> of_digests;
  if (digests.size() > limits.max_listed_digests) of_digests = DigestOf(digests);
  ManifestText text = FormatManifest(info, digests.size(), sha256, tar.offset(), of_digests);
  size_t listed = of_digests ? 0 : digests.size();
  size_t base64 = crypto::Base64Size(listed * sizeof(Digest));
  uint64_t size = text.head.size() + base64 + text.tail.size();
  HF_TRY(CheckEntry(kManifestPath, size));
  HF_TRY(tar.Begin(kManifestPath, size));
  HF_TRY(tar.Append(text.head));
  // Three digests make 128 characters without padding.
  constexpr size_t kPart = 3 * 256;
  std::vector<Digest> part;
  std::string encoded;
  for (size_t at = 0; at < listed; at += part.size()) {
    auto begin = digests.begin() + ptrdiff_t(at);
    part.assign(begin, begin + ptrdiff_t(std::min(kPart, digests.size() - at)));
    size_t size = part.size() * sizeof(Digest);
    encoded.resize(crypto::Base64Size(size));
    crypto::Base64Encode(reinterpret_cast<const char*>(part.data()), size, encoded.data());
    HF_TRY(tar.Append(encoded));
  }
  HF_TRY(tar.Append(text.tail));
  return tar.End();
}

Result<ArchiveSummary> Writer::Finish(ManifestInfo info) {
  if (impl_->finished) return Fail(ErrorKind::kInternal, "archive: finished twice");
  impl_->finished = true;
  FillIn(info.kinds, impl_->summary.kinds);
  HF_TRY(impl_->PutManifest(info));
  HF_TRY(impl_->tar.Finish());
  HF_TRY(impl_->CheckWhole());
  HF_TRY(impl_->sink.Close());
  ArchiveSummary& summary = impl_->summary;
  summary.tar_bytes = impl_->tar.offset();
  summary.gzip_bytes = impl_->sink.compressed();
  summary.tar_hash = impl_->sink.Hash();
  return summary;
}

uint64_t Writer::objects() const { return impl_->summary.objects; }
uint64_t Writer::stored_bytes() const { return impl_->summary.stored_bytes; }

}  // namespace holdfast::archive
