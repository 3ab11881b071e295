#include "stream/stream.h"

#include <algorithm>
#include <cstring>

namespace holdfast::stream {

Result<size_t> StringSource::Read(char* out, size_t size) {
  size_t taken = std::min(size, left_.size());
  if (taken > 0) std::memcpy(out, left_.data(), taken);
  left_.remove_prefix(taken);
  return taken;
}

Status StringSink::Write(std::string_view bytes) {
  bytes_ += bytes;
  return {};
}

Result<std::string> ReadAll(Source& source, size_t limit) {
  std::string all;
  char part[16 << 10];
  for (;;) {
    HF_ASSIGN(size_t size, source.Read(part, sizeof part));
    if (size == 0) return all;
    if (size > limit - all.size()) {
      return Fail(ErrorKind::kInvalid, "more than " + std::to_string(limit) + " bytes");
    }
    all.append(part, size);
  }
}

Result<uint64_t> Copy(Source& source, Sink& sink) {
  std::string part(256 << 10, '\0');
  uint64_t copied = 0;
  for (;;) {
    HF_ASSIGN(size_t size, source.Read(part.data(), part.size()));
    if (size == 0) return copied;
    HF_TRY(sink.Write(std::string_view(part.data(), size)));
    copied += size;
  }
}

}  // namespace holdfast::stream
