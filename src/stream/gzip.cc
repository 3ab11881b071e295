#include "stream/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "stream/gzip_seal.h"
#include "stream/hash128.h"

namespace holdfast::stream {
namespace {

constexpr size_t kOut = 64 << 10;
constexpr uint32_t kLevelBuffers[] = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT,
                                      ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};

}  // namespace

struct GzipSink::Impl {
  Impl(Sink& sink, const GzipOptions& given) : out(sink), options(given), buffer(kOut) {
    uint32_t level = uint32_t(std::clamp(options.level, 0, 3));
    level_buffer.resize(kLevelBuffers[level]);
    isal_deflate_init(&zs);
    zs.level = level;
    zs.level_buf = level_buffer.empty() ? nullptr : level_buffer.data();
    zs.level_buf_size = uint32_t(level_buffer.size());
    zs.gzip_flag = IGZIP_GZIP;
    zs.next_out = buffer.data();
    zs.avail_out = uint32_t(buffer.size());
  }

  Status Emit(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (options.seal) hash.Update(bytes);
    HF_TRY(out.Write(bytes));
    written += bytes.size();
    return {};
  }
  Status EmitBuffer() {
    HF_TRY(Emit({reinterpret_cast<const char*>(buffer.data()), buffer.size() - zs.avail_out}));
    zs.next_out = buffer.data();
    zs.avail_out = uint32_t(buffer.size());
    return {};
  }
  // Compresses all of next_in.
  Status Run() {
    for (;;) {
      int result = isal_deflate(&zs);
      if (result != COMP_OK) {
        return Fail(ErrorKind::kInternal, "gzip: ISA-L answers " + std::to_string(result));
      }
      if (zs.avail_out == 0) {
        HF_TRY(EmitBuffer());
        continue;
      }
      if (zs.avail_in == 0 && (zs.end_of_stream == 0 || zs.internal_state.state == ZSTATE_END)) {
        return {};
      }
    }
  }

  Sink& out;
  GzipOptions options;
  std::vector<uint8_t> buffer;
  std::vector<uint8_t> level_buffer;
  FastHash hash;
  uint64_t written = 0;
  bool closed = false;
  isal_zstream zs{};
};

GzipSink::GzipSink(Sink& out, const GzipOptions& options)
    : impl_(std::make_unique<Impl>(out, options)) {}
GzipSink::~GzipSink() = default;

Status GzipSink::Write(std::string_view bytes) {
  if (impl_->closed) return Fail(ErrorKind::kInternal, "gzip: write after close");
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, size_t{1} << 30);
    impl_->zs.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(part.data()));
    impl_->zs.avail_in = uint32_t(part.size());
    HF_TRY(impl_->Run());
    bytes.remove_prefix(part.size());
  }
  return {};
}

Status GzipSink::Close() {
  if (impl_->closed) return Fail(ErrorKind::kInternal, "gzip: closed twice");
  impl_->closed = true;
  impl_->zs.next_in = nullptr;
  impl_->zs.avail_in = 0;
  impl_->zs.end_of_stream = 1;
  HF_TRY(impl_->Run());
  HF_TRY(impl_->EmitBuffer());
  if (!impl_->options.seal) return {};
  return impl_->Emit(MakeSeal(impl_->hash.Current()));
}

uint64_t GzipSink::written() const { return impl_->written; }

}  // namespace holdfast::stream
