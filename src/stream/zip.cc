#include "stream/zip.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace holdfast::stream {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kDescriptor = 0x08074b50, kCentral = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint16_t kVersion = 45;              // ZIP64
constexpr uint16_t kFlags = 1 << 3 | 1 << 11;  // sizes behind the data; the name is UTF-8
constexpr uint16_t kDeflated = 8, kStoredAsIs = 0;
constexpr uint16_t kDate = 1 << 5 | 1;  // 1980-01-01
constexpr uint32_t kIn64 = 0xffffffff;
constexpr size_t kGzipFront = 10, kGzipEnd = 8;
constexpr std::string_view kGzipHeader("\x1f\x8b\x08\0\0\0\0\0\0\xff", kGzipFront);

template <typename T>
void Put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i));
}
template <typename T>
T Get(const char* at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(at[i])) << (8 * i));
  return value;
}

// Lets through what is between a gzip member's header and its trailer, which it keeps.
class Deflated : public Sink {
 public:
  explicit Deflated(Sink& out) : out_(out) {}
  Status Write(std::string_view bytes) override {
    size_t skipped = std::min(front_, bytes.size());
    front_ -= skipped;
    held_ += bytes.substr(skipped);
    if (held_.size() <= kGzipEnd) return {};
    std::string_view ready = std::string_view(held_).substr(0, held_.size() - kGzipEnd);
    HF_TRY(out_.Write(ready));
    size_ += ready.size();
    held_.erase(0, ready.size());
    return {};
  }
  Status Close() override { return {}; }
  uint64_t size() const { return size_; }
  uint32_t crc() const { return Get<uint32_t>(held_.data()); }

 private:
  Sink& out_;
  size_t front_ = kGzipFront;
  std::string held_;
  uint64_t size_ = 0;
};

}  // namespace

struct ZipSink::Impl {
  Impl(Sink& sink, std::string file) : out(sink), name(std::move(file)), deflated(sink) {}

  // What local and central header have in common, up to the length of the extra field.
  void AppendCommon(std::string& head, uint32_t crc, uint16_t extra) const {
    Put(head, kVersion);
    Put(head, kFlags);
    Put(head, kDeflated);
    Put<uint16_t>(head, 0);
    Put(head, kDate);
    Put(head, crc);
    Put(head, kIn64);
    Put(head, kIn64);
    Put(head, static_cast<uint16_t>(name.size()));
    Put(head, extra);
  }
  static void AppendSizes(std::string& head, uint64_t size, uint64_t packed) {
    Put<uint16_t>(head, 1);
    Put<uint16_t>(head, 16);
    Put(head, size);
    Put(head, packed);
  }
  Status Begin() {
    std::string head;
    Put(head, kLocal);
    AppendCommon(head, 0, 20);
    head += name;
    AppendSizes(head, 0, 0);
    begin = head.size();
    begun = true;
    return out.Write(head);
  }
  Status End() {
    std::string tail;
    Put(tail, kDescriptor);
    Put(tail, deflated.crc());
    Put(tail, deflated.size());
    Put(tail, size);
    uint64_t central = begin + deflated.size() + tail.size();
    std::string head;
    Put(head, kCentral);
    Put<uint16_t>(head, 3 << 8 | kVersion);  // made on Unix: the mode below counts
    AppendCommon(head, deflated.crc(), 20);
    Put<uint16_t>(head, 0);
    Put<uint16_t>(head, 0);
    Put<uint16_t>(head, 0);
    Put<uint32_t>(head, 0100600u << 16);
    Put<uint32_t>(head, 0);
    head += name;
    AppendSizes(head, size, deflated.size());
    uint64_t end = central + head.size();
    std::string last;
    Put(last, kEnd64);
    Put<uint64_t>(last, 44);
    Put(last, kVersion);
    Put(last, kVersion);
    Put<uint64_t>(last, 0);  // disks
    Put<uint64_t>(last, 1);
    Put<uint64_t>(last, 1);
    Put<uint64_t>(last, head.size());
    Put(last, central);
    Put(last, kLocator64);
    Put<uint32_t>(last, 0);
    Put(last, end);
    Put<uint32_t>(last, 1);
    Put(last, kEnd);
    Put<uint32_t>(last, 0);
    Put<uint16_t>(last, 1);
    Put<uint16_t>(last, 1);
    Put(last, static_cast<uint32_t>(head.size()));
    Put(last, kIn64);
    Put<uint16_t>(last, 0);
    return out.Write(tail + head + last);
  }

  Sink& out;
  std::string name;
  Deflated deflated;
  GzipSink gzip{deflated};
  bool begun = false;
  uint64_t begin = 0, size = 0;
};

ZipSink::ZipSink(Sink& out, std::string name)
    : impl_(std::make_unique<Impl>(out, std::move(name))) {}
ZipSink::~ZipSink() = default;
Status ZipSink::Write(std::string_view bytes) {
  if (!impl_->begun) HF_TRY(impl_->Begin());
  impl_->size += bytes.size();
  return impl_->gzip.Write(bytes);
}
Status ZipSink::Close() {
  if (!impl_->begun) HF_TRY(impl_->Begin());
  HF_TRY(impl_->gzip.Close());
  return impl_->End();
}

namespace {

tl::unexpected<Error> Damaged(std::string text) {
  return Fail(ErrorKind::kCorrupt, "zip: " + std::move(text));
}

struct Entry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packed = 0, size = 0, offset = 0;
};

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
Status ReadExtra(std::string_view extra, Entry& entry) {
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

Result<Entry> FindEntry(const ReadAt& read, uint64_t size) {
  constexpr uint64_t kMaxDirectory = 1 << 20;
  constexpr size_t kHeader = 46;
  HF_ASSIGN(Directory directory, FindDirectory(read, size));
  if (directory.size > size || directory.offset > size - directory.size)
    return Damaged("its directory is not in it");
  if (directory.size > kMaxDirectory) return Fail(ErrorKind::kInvalid, "zip: too many files in it");
  std::string text(directory.size, '\0');
  HF_TRY(read(directory.offset, text.data(), text.size()));
  std::string_view left = text;
  std::optional<Entry> found;
  while (!left.empty()) {
    if (left.size() < kHeader || Get<uint32_t>(left.data()) != kCentral)
      return Damaged("its directory is damaged");
    const char* at = left.data();
    size_t name = Get<uint16_t>(at + 28), extra = Get<uint16_t>(at + 30);
    size_t all = kHeader + name + extra + Get<uint16_t>(at + 32);
    if (all > left.size()) return Damaged("its directory is cut off");
    Entry entry{.name = std::string(left.substr(kHeader, name)),
                .flags = Get<uint16_t>(at + 8),
                .method = Get<uint16_t>(at + 10),
                .crc = Get<uint32_t>(at + 16),
                .packed = Get<uint32_t>(at + 20),
                .size = Get<uint32_t>(at + 24),
                .offset = Get<uint32_t>(at + 42)};
    HF_TRY(ReadExtra(left.substr(kHeader + name, extra), entry));
    left.remove_prefix(all);
    if (entry.name.ends_with('/')) continue;
    if (found) return Fail(ErrorKind::kInvalid, "zip: there are several files in it");
    found = std::move(entry);
  }
  if (!found) return Fail(ErrorKind::kInvalid, "zip: there is no file in it");
  return std::move(*found);
}

// The deflated bytes in the clothes of a gzip member.
class AsGzip : public Source {
 public:
  AsGzip(const ReadAt& read, uint64_t begin, const Entry& entry)
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
  Entry entry;
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
  HF_ASSIGN(Entry entry, FindEntry(read, size));
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
