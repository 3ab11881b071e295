#include "stream/tar_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/printable.h"
#include "stream/tar_field.h"
#include "stream/tar_format.h"
#include "stream/window.h"

namespace holdfast::stream {
namespace {

using tar::Header;
using tar::kBlock;

constexpr size_t kWindow = 256 << 10;
// Of a pax header or a GNU long name.
constexpr uint64_t kMaxExtra = 1 << 20;

template <size_t N>
std::string_view View(const char (&field)[N]) {
  return {field, N};
}

uint64_t PaddingOf(uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

std::string At(uint64_t offset) { return "at byte " + std::to_string(offset) + " of the tar"; }

// What the headers in front of a file say about it.
struct Extras {
  std::optional<std::string> long_name;
  tar::PaxFields pax;
};

}  // namespace

struct TarReader::Impl {
  Impl(Source& in, const TarLimits& tar_limits, TarObserver* tar_observer)
      : window(in, kWindow), limits(tar_limits), observer(tar_observer) {}

  Result<std::optional<TarEntry>> Next();
  Result<std::string_view> Body();

  // The next block, copied into `header`, used up but not yet shown. False at the end of `in`.
  Result<bool> ReadBlock(Header& header);
  // Uses up and shows `size` bytes; what names them in errors.
  Status Skip(uint64_t size, const std::string& what);
  // Uses up `size` bytes and their padding without showing them.
  Result<std::string> ReadExtra(uint64_t size);
  Status ReadExtras(const Header& header, uint64_t size, Extras& extras);
  Status FinishBody();
  Status ShowPending();
  Status Show(std::string_view bytes);
  Status ReadEnd();
  Result<std::string> PathOf(const Header& header, const Extras& extras) const;
  tl::unexpected<Error> Truncated(const std::string& what) const {
    return Fail(
        Error(ErrorKind::kCorrupt, "truncated: it ends " + At(window.offset()) + ", inside " + what)
            .Hint("the file is incomplete; use another copy"));
  }

  Window window;
  TarLimits limits;
  TarObserver* observer;
  std::string pending;  // headers not yet shown
  std::string spill;    // a body that the window cannot hold
  uint64_t entries = 0;
  bool in_body = false;
  bool ended = false;
  TarEntry entry;
};

Status TarReader::Impl::Show(std::string_view bytes) {
  if (observer == nullptr || bytes.empty()) return {};
  return observer->Bytes(bytes);
}

Status TarReader::Impl::ShowPending() {
  HF_TRY(Show(pending));
  pending.clear();
  return {};
}

Result<bool> TarReader::Impl::ReadBlock(Header& header) {
  HF_ASSIGN(size_t got, window.Need(kBlock));
  if (got == 0) return false;
  if (got < kBlock) {
    window.Drop(got);
    return Truncated("a header");
  }
  std::memcpy(&header, window.bytes().data(), kBlock);
  if (observer != nullptr) pending.append(window.bytes().substr(0, kBlock));
  window.Drop(kBlock);
  return true;
}

Status TarReader::Impl::Skip(uint64_t size, const std::string& what) {
  while (size > 0) {
    HF_ASSIGN(size_t got, window.Need(1));
    if (got == 0) return Truncated(what);
    size_t part = size_t(std::min<uint64_t>(got, size));
    HF_TRY(Show(window.bytes().substr(0, part)));
    window.Drop(part);
    size -= part;
  }
  return {};
}

Result<std::string> TarReader::Impl::ReadExtra(uint64_t size) {
  std::string text;
  uint64_t left = size + PaddingOf(size);
  while (left > 0) {
    HF_ASSIGN(size_t got, window.Need(1));
    if (got == 0) return Truncated("a header's extension");
    size_t part = size_t(std::min<uint64_t>(got, left));
    text.append(window.bytes().substr(0, part));
    window.Drop(part);
    left -= part;
  }
  if (observer != nullptr) pending += text;
  text.resize(size_t(size));
  return text;
}

Status TarReader::Impl::ReadExtras(const Header& header, uint64_t size, Extras& extras) {
  std::string place = At(window.offset() - kBlock);
  if (size > kMaxExtra) {
    return Fail(ErrorKind::kInvalid,
                "header " + place + ": an extension of " + std::to_string(size) + " bytes");
  }
  HF_ASSIGN(std::string text, ReadExtra(size));
  if (header.type == 'L') {
    extras.long_name = std::string(tar::ParseText(text));
  } else if (header.type == 'x') {
    HF_ASSIGN_CONTEXT(extras.pax, tar::ParsePax(text), "header " + place);
  } else if (header.type == 'g') {
    // Of a global header nothing is used: it may give neither paths nor sizes that make sense.
    HF_TRY_CONTEXT(tar::ParsePax(text), "header " + place);
  }
  return {};
}

Result<std::string> TarReader::Impl::PathOf(const Header& header, const Extras& extras) const {
  std::string path(tar::ParseText(View(header.name)));
  std::string_view prefix = tar::ParseText(View(header.prefix));
  bool ustar = std::memcmp(header.magic, "ustar\0", 6) == 0;
  if (ustar && !prefix.empty()) path = std::string(prefix) + "/" + path;
  if (extras.long_name) path = *extras.long_name;
  if (extras.pax.path) path = *extras.pax.path;
  auto clean = tar::CleanPath(path, limits.max_path);
  if (clean) return clean;
  return Fail(std::move(clean).error().With("entry \"" + Printable(path) + "\" " +
                                            At(window.offset() - kBlock)));
}

Status TarReader::Impl::FinishBody() {
  if (!in_body) return {};
  in_body = false;
  HF_TRY(ShowPending());
  uint64_t used = window.offset() - entry.body_offset;  // all or nothing, see Body()
  uint64_t left = entry.size + PaddingOf(entry.size) - used;
  if (left == 0) return {};
  return Skip(left, "entry \"" + Printable(entry.path) + "\"");
}

Status TarReader::Impl::ReadEnd() {
  Header header;
  HF_ASSIGN(bool more, ReadBlock(header));
  if (!more) return Truncated("the end-of-archive blocks");
  if (!IsZero({reinterpret_cast<const char*>(&header), kBlock})) {
    return Fail(ErrorKind::kCorrupt, "a single zero block " + At(window.offset() - 2 * kBlock));
  }
  HF_TRY(ShowPending());
  uint64_t padding = 0;
  for (;;) {
    HF_ASSIGN(size_t got, window.Need(1));
    if (got == 0) break;
    if (!IsZero(window.bytes())) {
      return Fail(ErrorKind::kCorrupt,
                  "bytes after the end of the archive, " + At(window.offset()));
    }
    padding += got;
    if (padding > limits.max_padding) {
      return Fail(ErrorKind::kInvalid, "more than " + std::to_string(limits.max_padding) +
                                           " zero bytes after the end of the archive");
    }
    HF_TRY(Show(window.bytes()));
    window.Drop(got);
  }
  ended = true;
  return {};
}

Result<std::optional<TarEntry>> TarReader::Impl::Next() {
  HF_TRY(FinishBody());
  if (ended) return std::optional<TarEntry>();
  Extras extras;
  uint64_t start = window.offset();
  for (;;) {
    uint64_t place = window.offset();
    Header header;
    HF_ASSIGN(bool more, ReadBlock(header));
    if (!more) return Truncated("the archive: the end-of-archive blocks are missing");
    if (IsZero({reinterpret_cast<const char*>(&header), kBlock})) {
      HF_TRY(ReadEnd());
      return std::optional<TarEntry>();
    }
    if (++entries > limits.max_entries) {
      return Fail(ErrorKind::kInvalid,
                  "more than " + std::to_string(limits.max_entries) + " entries");
    }
    auto checksum = tar::ParseNumber(View(header.checksum));
    tar::Checksums sums = tar::SumOf(header);
    if (!checksum || (*checksum != sums.of_unsigned && int64_t(*checksum) != sums.of_signed)) {
      return Fail(ErrorKind::kCorrupt, "not a tar header (wrong checksum) " + At(place));
    }
    auto size = tar::ParseNumber(View(header.size));
    if (!size) return Fail(ErrorKind::kCorrupt, "a size that is no number " + At(place));
    if (header.type == 'x' || header.type == 'g' || header.type == 'L' || header.type == 'K') {
      HF_TRY(ReadExtras(header, *size, extras));
      continue;
    }
    std::string_view name = tar::ParseText(View(header.name));
    bool old_folder = header.type == '\0' && name.ends_with('/');
    bool regular = (header.type == '0' || header.type == '\0' || header.type == '7') && !old_folder;
    if (!regular) {
      HF_TRY(ShowPending());
      // Links, devices and folders have no body, whatever their size field says.
      bool bodiless = old_folder || (header.type >= '1' && header.type <= '6');
      uint64_t body = bodiless ? 0 : extras.pax.size.value_or(*size);
      if (header.type == 'S') {
        return Fail(ErrorKind::kInvalid, "sparse files are not supported, " + At(place));
      }
      if (body > limits.max_entry) {
        return Fail(ErrorKind::kInvalid,
                    "an entry of " + std::to_string(body) + " bytes " + At(place));
      }
      HF_TRY(Skip(body + PaddingOf(body), "an entry that is no file"));
      extras = {};
      start = window.offset();
      continue;
    }
    HF_ASSIGN(entry.path, PathOf(header, extras));
    entry.size = extras.pax.size.value_or(*size);
    entry.header_offset = start;
    entry.body_offset = window.offset();
    if (entry.size > limits.max_entry) {
      return Fail(Error(ErrorKind::kInvalid, "entry \"" + Printable(entry.path) + "\" " +
                                                 At(place) + ": " + std::to_string(entry.size) +
                                                 " bytes, more than the limit of " +
                                                 std::to_string(limits.max_entry)));
    }
    in_body = true;
    return std::optional<TarEntry>(entry);
  }
}

Result<std::string_view> TarReader::Impl::Body() {
  if (!in_body || window.offset() != entry.body_offset) {
    return Fail(ErrorKind::kInternal, "tar: no body to read");
  }
  HF_TRY(ShowPending());
  size_t size = size_t(entry.size);
  if (size <= window.capacity()) {
    HF_ASSIGN(size_t got, window.Need(size));
    if (got < size) {
      window.Drop(got);
      return Truncated("entry \"" + Printable(entry.path) + "\"");
    }
    std::string_view body = window.bytes().substr(0, size);
    HF_TRY(Show(body));
    window.Drop(size);
    return body;
  }
  // Grows with what arrives: the size in the header alone takes no memory.
  spill.clear();
  while (spill.size() < size) {
    HF_ASSIGN(size_t got, window.Need(1));
    if (got == 0) return Truncated("entry \"" + Printable(entry.path) + "\"");
    std::string_view part = window.bytes().substr(0, size - spill.size());
    HF_TRY(Show(part));
    spill += part;
    window.Drop(part.size());
  }
  return std::string_view(spill);
}

TarReader::TarReader(Source& in, const TarLimits& limits, TarObserver* observer)
    : impl_(std::make_unique<Impl>(in, limits, observer)) {}
TarReader::~TarReader() = default;

Result<std::optional<TarEntry>> TarReader::Next() { return impl_->Next(); }
Result<std::string_view> TarReader::Body() { return impl_->Body(); }

}  // namespace holdfast::stream
