#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>

#include "stream/zip.h"
#include "stream/zip_format.h"

namespace holdfast::stream {
namespace {

using namespace zip;

constexpr std::string_view kGzipHeader("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);

tl::unexpected<Error> Damaged(std::string text) {
  return Fail(ErrorKind::kCorrupt, "zip: " + std::move(text));
}

struct Directory {
  uint64_t count = 0, size = 0, offset = 0;
};

Result<Directory> FindDirectory(const ReadAt& read, uint64_t size) {
  constexpr size_t kEndBytes = 22, kMaxComment = 65'535;
  std::string tail(std::min<uint64_t>(size, kEndBytes + kMaxComment), '\0');
  HF_TRY(read(size - tail.size(), tail.data(), tail.size()));
  for (size_t at = tail.size() < kEndBytes ? 0 : tail.size() - kEndBytes + 1; at-- > 0;) {
    const char* end = tail.data() + at;
    if (Get<uint32_t>(end) != kEnd || at + kEndBytes + Get<uint16_t>(end + 20) != tail.size())
      continue;
    Directory found{Get<uint16_t>(end + 10), Get<uint32_t>(end + 12), Get<uint32_t>(end + 16)};
    uint64_t place = size - tail.size() + at;
    char locator[20], record[56];
    if (place < sizeof locator) return found;
    HF_TRY(read(place - sizeof locator, locator, sizeof locator));
    if (Get<uint32_t>(locator) != kLocator64) return found;
    uint64_t where = Get<uint64_t>(locator + 8);
    if (where > size || size - where < sizeof record) return Damaged("its end points out of it");
    HF_TRY(read(where, record, sizeof record));
    if (Get<uint32_t>(record) != kEnd64) return Damaged("its end points at nothing");
    return Directory{Get<uint64_t>(record + 32), Get<uint64_t>(record + 40),
                     Get<uint64_t>(record + 48)};
  }
  return Damaged("no end of the archive: not zip, or cut off");
}

// Sizes that do not fit into 32 bits stand in an extra field, in this order.
Status ReadExtra(std::string_view extra, ZipEntry& entry) {
  while (extra.size() >= 4) {
    uint16_t id = Get<uint16_t>(extra.data()), length = Get<uint16_t>(extra.data() + 2);
    if (length > extra.size() - 4) break;
    std::string_view body = extra.substr(4, length);
    extra.remove_prefix(4 + size_t{length});
    if (id != 1) continue;
    for (uint64_t* field : {&entry.size, &entry.packed, &entry.offset}) {
      if (*field != kIn64) continue;
      if (body.size() < 8) return Damaged("a size is missing");
      *field = Get<uint64_t>(body.data());
      body.remove_prefix(8);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ZipEntry>> ListZip(const ReadAt& read, uint64_t size) {
  constexpr uint64_t kMaxDirectory = 1 << 20;
  constexpr size_t kHeader = 46;
  HF_ASSIGN(Directory directory, FindDirectory(read, size));
  if (directory.size > size || directory.offset > size - directory.size)
    return Damaged("its directory is not in it");
  if (directory.size > kMaxDirectory) return Fail(ErrorKind::kInvalid, "zip: too many files in it");
  std::string text(directory.size, '\0');
  HF_TRY(read(directory.offset, text.data(), text.size()));
  std::string_view left = text;
  std::vector<ZipEntry> found;
  while (!left.empty()) {
    if (left.size() < kHeader || Get<uint32_t>(left.data()) != kCentral)
      return Damaged("its directory is damaged");
    const char* at = left.data();
    size_t name = Get<uint16_t>(at + 28), extra = Get<uint16_t>(at + 30);
    size_t all = kHeader + name + extra + Get<uint16_t>(at + 32);
    if (all > left.size()) return Damaged("its directory is cut off");
    ZipEntry entry{.name = std::string(left.substr(kHeader, name)),
                   .flags = Get<uint16_t>(at + 8),
                   .method = Get<uint16_t>(at + 10),
                   .crc = Get<uint32_t>(at + 16),
                   .packed = Get<uint32_t>(at + 20),
                   .size = Get<uint32_t>(at + 24),
                   .offset = Get<uint32_t>(at + 42)};
    HF_TRY(ReadExtra(left.substr(kHeader + name, extra), entry));
    left.remove_prefix(all);
    if (!entry.name.ends_with('/')) found.push_back(std::move(entry));
  }
  return found;
}

namespace {

// The deflated bytes as a gzip member.
class AsGzip : public Source {
 public:
  AsGzip(const ReadAt& read, uint64_t begin, const ZipEntry& entry)
      : read_(read), at_(begin), left_(entry.packed), front_(kGzipHeader) {
    Put(trailer_, entry.crc);
    Put(trailer_, static_cast<uint32_t>(entry.size));
  }
  Result<size_t> Read(char* out, size_t size) override {
    if (!front_.empty()) return TakeFrom(front_, out, size);
    if (left_ == 0) {
      size_t some = std::min(size, trailer_.size());
      std::memcpy(out, trailer_.data(), some);
      trailer_.erase(0, some);
      return some;
    }
    size_t some = std::min<uint64_t>(size, left_);
    HF_TRY(read_(at_, out, some));
    at_ += some;
    left_ -= some;
    return some;
  }

 private:
  static size_t TakeFrom(std::string_view& bytes, char* out, size_t size) {
    size_t some = std::min(size, bytes.size());
    std::memcpy(out, bytes.data(), some);
    bytes.remove_prefix(some);
    return some;
  }
  const ReadAt& read_;
  uint64_t at_, left_;
  std::string_view front_;
  std::string trailer_;
};

}  // namespace

struct UnzipSource::Impl {
  ReadAt read;
  ZipEntry entry;
  uint64_t begin = 0;
  uint64_t given = 0;
  uint64_t max_output = 0;
  uint32_t crc = 0;
  std::unique_ptr<AsGzip> gzip = {};
  std::unique_ptr<GunzipSource> gunzip = {};

  Result<size_t> ReadStored(char* out, size_t size) {
    size_t some = std::min<uint64_t>(size, entry.size - given);
    if (some == 0) return size_t{0};
    HF_TRY(read(begin + given, out, some));
    crc = crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(out), some);
    if (given + some == entry.size && crc != entry.crc)
      return Damaged("the content does not match its checksum");
    return some;
  }
};

UnzipSource::UnzipSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UnzipSource::~UnzipSource() = default;
const std::string& UnzipSource::name() const { return impl_->entry.name; }

Result<std::unique_ptr<UnzipSource>> UnzipSource::Open(ReadAt read, uint64_t size,
                                                       const GunzipLimits& limits) {
  HF_ASSIGN(auto entries, ListZip(read, size));
  if (entries.empty()) return Fail(ErrorKind::kInvalid, "zip: there is no file in it");
  if (entries.size() > 1) return Fail(ErrorKind::kInvalid, "zip: there are several files in it");
  return Open(std::move(read), size, std::move(entries[0]), limits);
}

Result<std::unique_ptr<UnzipSource>> UnzipSource::Open(ReadAt read, uint64_t size, ZipEntry entry,
                                                       const GunzipLimits& limits) {
  if ((entry.flags & 1) != 0) return Fail(ErrorKind::kInvalid, "zip: its file is encrypted");
  if (entry.method != kDeflated && entry.method != kStoredAsIs)
    return Fail(ErrorKind::kInvalid, "zip: its file is packed in an unknown way");
  if (entry.method == kStoredAsIs && entry.packed != entry.size)
    return Damaged("the sizes of its file differ");
  if (entry.size > limits.max_output) return Fail(ErrorKind::kInvalid, "zip: over the limit");
  char local[30];
  if (entry.offset > size || size - entry.offset < sizeof local)
    return Damaged("its file is not in it");
  HF_TRY(read(entry.offset, local, sizeof local));
  if (Get<uint32_t>(local) != kLocal) return Damaged("its directory points at no file");
  uint64_t begin =
      entry.offset + sizeof local + Get<uint16_t>(local + 26) + Get<uint16_t>(local + 28);
  if (begin > size || entry.packed > size - begin) return Damaged("its file is cut off");
  auto impl = std::make_unique<Impl>(
      Impl{.read = std::move(read), .entry = std::move(entry), .begin = begin});
  impl->max_output = limits.max_output;
  if (impl->entry.method == kDeflated) {
    impl->gzip = std::make_unique<AsGzip>(impl->read, begin, impl->entry);
    impl->gunzip = std::make_unique<GunzipSource>(*impl->gzip, limits);
  }
  return std::unique_ptr<UnzipSource>(new UnzipSource(std::move(impl)));
}

Result<size_t> UnzipSource::Read(char* out, size_t size) {
  Impl& s = *impl_;
  auto got = s.gunzip ? s.gunzip->Read(out, size) : s.ReadStored(out, size);
  if (!got) return got;
  s.given += *got;
  if (*got == 0 && s.given != s.entry.size)
    return Damaged("its file has another length than it says");
  return got;
}

}  // namespace holdfast::stream
