#include "stream/zip.h"

#include <algorithm>

#include "stream/zip_format.h"

namespace holdfast::stream {
namespace {

using namespace zip;

constexpr uint16_t kVersion = 45;              // ZIP64
constexpr uint16_t kFlags = 1 << 3 | 1 << 11;  // sizes behind the data; the name is UTF-8
constexpr uint16_t kDate = 1 << 5 | 1;         // 1980-01-01
constexpr size_t kGzipFront = 10, kGzipEnd = 8;

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

}  // namespace holdfast::stream
