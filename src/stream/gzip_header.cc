#include "stream/gzip_header.h"

#include <isa-l/crc.h>

#include <cstdint>

namespace holdfast::stream {
namespace {

enum Flags : uint8_t { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0 };

tl::unexpected<Error> Truncated() {
  return Fail(Error(ErrorKind::kCorrupt, "truncated inside a gzip header")
                  .Hint("the file is incomplete; use another copy"));
}

uint16_t Little16(std::string_view bytes, size_t at) {
  return uint16_t(uint8_t(bytes[at]) | uint8_t(bytes[at + 1]) << 8);
}

Status Need(Window& window, size_t size) {
  if (size > kMaxGzipHeader) {
    return Fail(ErrorKind::kInvalid, "a gzip header of more than 128 KiB");
  }
  HF_ASSIGN(size_t got, window.Need(size));
  if (got < size) return Truncated();
  return {};
}

// Size of the header with the NUL-terminated text that starts at `at`.
Result<size_t> EndOfText(Window& window, size_t at) {
  for (size_t size = at + 1;; size += 512) {
    HF_ASSIGN(size_t got, window.Need(std::min(size + 511, kMaxGzipHeader)));
    size_t nul = window.bytes().substr(0, kMaxGzipHeader).find('\0', at);
    if (nul != std::string_view::npos) return nul + 1;
    HF_TRY(Need(window, size + 511));  // says truncated, or too long
    (void)got;
  }
}

bool HasSealField(std::string_view extra) {
  while (extra.size() >= 4) {
    if (extra.starts_with("HF")) return true;
    size_t size = 4u + Little16(extra, 2);
    if (size > extra.size()) return false;
    extra.remove_prefix(size);
  }
  return false;
}

}  // namespace

Result<GzipHeader> LookAtGzipHeader(Window& window) {
  HF_ASSIGN(size_t got, window.Need(10));
  std::string_view start = window.bytes();
  if (got < 2 || start[0] != '\x1f' || start[1] != '\x8b') {
    if (got == 1 && start[0] == '\x1f') return Truncated();
    return Fail(ErrorKind::kCorrupt, "not gzip");
  }
  if (got < 10) return Truncated();
  if (start[2] != 8) return Fail(ErrorKind::kCorrupt, "gzip with an unknown method");
  uint8_t flags = uint8_t(start[3]);
  if (flags & kReserved) return Fail(ErrorKind::kCorrupt, "gzip with unknown flags");

  GzipHeader header;
  header.size = 10;
  if (flags & kExtra) {
    HF_TRY(Need(window, header.size + 2));
    size_t size = Little16(window.bytes(), header.size);
    header.size += 2;
    HF_TRY(Need(window, header.size + size));
    header.claims_seal = HasSealField(window.bytes().substr(header.size, size));
    header.size += size;
  }
  for (uint8_t text : {kName, kComment}) {
    if (!(flags & text)) continue;
    HF_ASSIGN(header.size, EndOfText(window, header.size));
  }
  if (flags & kHeaderCrc) {
    HF_TRY(Need(window, header.size + 2));
    auto* bytes = reinterpret_cast<const unsigned char*>(window.bytes().data());
    uint32_t crc = crc32_gzip_refl(0, bytes, header.size);
    if (Little16(window.bytes(), header.size) != uint16_t(crc)) {
      return Fail(ErrorKind::kCorrupt, "damaged gzip header (CRC)");
    }
    header.size += 2;
  }
  return header;
}

}  // namespace holdfast::stream
