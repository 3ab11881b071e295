#include "stream/zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <new>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::stream {
namespace {

Error ZstdError(size_t code) {
  ZSTD_ErrorCode kind = ZSTD_getErrorCode(code);
  if (kind == ZSTD_error_memory_allocation) throw std::bad_alloc();
  bool limit = kind == ZSTD_error_frameParameter_windowTooLarge;
  return Error(limit ? ErrorKind::kInvalid : ErrorKind::kCorrupt,
               std::string("zstd: ") + ZSTD_getErrorName(code));
}

}  // namespace

struct ZstdSink::Impl {
  Sink& out;
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context{ZSTD_createCCtx(), ZSTD_freeCCtx};
  std::vector<char> buffer = std::vector<char>(ZSTD_CStreamOutSize());

  Status Run(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer made{buffer.data(), buffer.size(), 0};
      size_t left = ZSTD_compressStream2(context.get(), &made, &in, directive);
      if (ZSTD_isError(left) != 0) return Fail(ZstdError(left));
      if (made.pos > 0) HF_TRY(out.Write({buffer.data(), made.pos}));
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
    }
  }
};

ZstdSink::ZstdSink(Sink& out, int level) : impl_(new Impl{out}) {
  if (impl_->context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(impl_->context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(impl_->context.get(), ZSTD_c_checksumFlag, 1);
}
ZstdSink::~ZstdSink() = default;
Status ZstdSink::Write(std::string_view bytes) { return impl_->Run(bytes, ZSTD_e_continue); }
Status ZstdSink::Close() { return impl_->Run({}, ZSTD_e_end); }

struct UnzstdSource::Impl {
  Source& in;
  UnzstdLimits limits;
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
  std::vector<char> buffer = std::vector<char>(ZSTD_DStreamInSize());
  ZSTD_inBuffer pending{nullptr, 0, 0};
  bool inside = true;  // a frame has begun and not ended; an empty input is no frame either
  uint64_t made = 0;
  std::optional<Error> failed = std::nullopt;
};

UnzstdSource::UnzstdSource(Source& in, const UnzstdLimits& limits) : impl_(new Impl{in, limits}) {
  if (impl_->context == nullptr) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(impl_->context.get(), ZSTD_d_windowLogMax, limits.max_window_log);
}
UnzstdSource::~UnzstdSource() = default;

Result<size_t> UnzstdSource::Read(char* out, size_t size) {
  Impl& s = *impl_;
  auto fail = [&](Error error) {
    s.failed = error;
    return Fail(std::move(error));
  };
  if (s.failed) return Fail(*s.failed);
  while (true) {
    if (s.pending.pos == s.pending.size) {
      auto got = s.in.Read(s.buffer.data(), s.buffer.size());
      if (!got) return fail(std::move(got).error());
      if (*got == 0) {
        if (s.inside) return fail(Error(ErrorKind::kCorrupt, "zstd: truncated"));
        return size_t{0};
      }
      s.pending = {s.buffer.data(), *got, 0};
    }
    ZSTD_outBuffer made{out, size, 0};
    size_t left = ZSTD_decompressStream(s.context.get(), &made, &s.pending);
    if (ZSTD_isError(left) != 0) return fail(ZstdError(left));
    s.inside = left != 0;
    s.made += made.pos;
    if (s.made > s.limits.max_output)
      return fail(Error(ErrorKind::kInvalid, "zstd: more content than the limit"));
    if (made.pos > 0) return made.pos;
  }
}

}  // namespace holdfast::stream
