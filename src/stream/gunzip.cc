#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "stream/gzip.h"
#include "stream/gzip_header.h"
#include "stream/gzip_seal.h"
#include "stream/hash128.h"
#include "stream/window.h"

namespace holdfast::stream {
namespace {

constexpr size_t kWindow = 256 << 10;
static_assert(kWindow > kMaxGzipHeader);

std::string Reason(int isal_result) {
  switch (isal_result) {
    case ISAL_INCORRECT_CHECKSUM: return "damaged: the CRC-32 or length of the contents is wrong";
    case ISAL_INVALID_BLOCK: return "damaged: invalid deflate block";
    case ISAL_INVALID_SYMBOL: return "damaged: invalid deflate symbol";
    case ISAL_INVALID_LOOKBACK: return "damaged: invalid deflate distance";
    default: return "damaged: ISA-L answers " + std::to_string(isal_result);
  }
}

}  // namespace

struct GunzipSource::Impl {
  Impl(Source& in, const GunzipLimits& given) : window(in, kWindow), limits(given) {}

  Result<size_t> Read(char* out, size_t size);
  // Goes to the body of the next member; false at the end of the stream.
  Result<bool> NextMember();
  Status CheckSeal();
  Result<size_t> Inflate(char* out, size_t size);
  Status CheckLimits() const;
  void Use(size_t size) {
    hash.Update(window.bytes().substr(0, size));
    window.Drop(size);
  }
  Error AtOffset(Error&& error) const {
    return std::move(error).With("gzip, byte " + std::to_string(window.offset()));
  }

  Window window;
  GunzipLimits limits;
  FastHash hash;  // of the compressed bytes used up
  uint64_t output = 0;
  bool in_member = false;
  bool any_member = false;
  bool sealed = false;
  bool ended = false;
  std::optional<Error> failed;
  inflate_state state{};
};

Status GunzipSource::Impl::CheckSeal() {
  std::string seal = MakeSeal(hash.Current());
  HF_ASSIGN(size_t got, window.Need(kSealSize + 1));
  if (got < kSealSize) {
    return Fail(Error(ErrorKind::kCorrupt, "truncated inside the seal at the end")
                    .Hint("the file is incomplete; use another copy"));
  }
  if (window.bytes().substr(0, kSealSize) != seal) {
    return Fail(Error(ErrorKind::kCorrupt,
                      "the seal does not match: the file was changed after it was written")
                    .Hint("use another copy"));
  }
  Use(kSealSize);
  if (got > kSealSize) return Fail(ErrorKind::kCorrupt, "bytes after the seal");
  sealed = true;
  return {};
}

Result<bool> GunzipSource::Impl::NextMember() {
  HF_ASSIGN(size_t got, window.Need(1));
  if (got == 0 && any_member) return false;
  if (got == 0) return Fail(ErrorKind::kCorrupt, "not gzip: the file is empty");
  auto header = LookAtGzipHeader(window);
  if (!header) {
    if (any_member && header.error().message() == "not gzip") {
      return Fail(ErrorKind::kCorrupt, "bytes that are no gzip after the end");
    }
    return Fail(std::move(header).error());
  }
  any_member = true;
  if (header->claims_seal) {
    HF_TRY(CheckSeal());
    return false;
  }
  Use(header->size);
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP_NO_HDR_VER;
  in_member = true;
  return true;
}

Status GunzipSource::Impl::CheckLimits() const {
  if (output > limits.max_output) {
    return Fail(ErrorKind::kInvalid, "unpacks to more than the limit of " +
                                         std::to_string(limits.max_output) + " bytes");
  }
  if (output > limits.ratio_after && output / limits.max_ratio > window.offset()) {
    return Fail(ErrorKind::kInvalid, "unpacks to more than " + std::to_string(limits.max_ratio) +
                                         " times its size: no archive does that");
  }
  return {};
}

Result<size_t> GunzipSource::Impl::Inflate(char* out, size_t size) {
  HF_ASSIGN(size_t got, window.Need(1));
  state.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(window.bytes().data()));
  state.avail_in = uint32_t(got);
  state.next_out = reinterpret_cast<uint8_t*>(out);
  state.avail_out = uint32_t(std::min<size_t>(size, 1 << 30));
  uint32_t room = state.avail_out;
  int result = isal_inflate(&state);
  size_t produced = room - state.avail_out;
  Use(got - state.avail_in);
  if (result < 0) return Fail(Error(ErrorKind::kCorrupt, Reason(result)).Hint("use another copy"));
  if (state.block_state == ISAL_BLOCK_FINISH) {
    in_member = false;
  } else if (got == 0 && produced == 0) {
    return Fail(
        Error(ErrorKind::kCorrupt, "truncated").Hint("the file is incomplete; use another copy"));
  }
  output += produced;
  HF_TRY(CheckLimits());
  return produced;
}

Result<size_t> GunzipSource::Impl::Read(char* out, size_t size) {
  while (!ended) {
    if (!in_member) {
      HF_ASSIGN(bool more, NextMember());
      ended = !more;
      continue;
    }
    HF_ASSIGN(size_t produced, Inflate(out, size));
    if (produced > 0) return produced;
  }
  return size_t{0};
}

GunzipSource::GunzipSource(Source& in, const GunzipLimits& limits)
    : impl_(std::make_unique<Impl>(in, limits)) {}
GunzipSource::~GunzipSource() = default;

Result<size_t> GunzipSource::Read(char* out, size_t size) {
  if (impl_->failed) return Fail(*impl_->failed);
  auto result = impl_->Read(out, size);
  if (result) return result;
  impl_->failed = impl_->AtOffset(std::move(result).error());
  return Fail(*impl_->failed);
}

bool GunzipSource::sealed() const { return impl_->sealed; }
uint64_t GunzipSource::compressed_offset() const { return impl_->window.offset(); }

}  // namespace holdfast::stream
