// The tar reader: never reads out of bounds, and what it shows its observer is what went in.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "stream/tar_reader.h"

namespace {

class Collector : public holdfast::stream::TarObserver {
 public:
  holdfast::Status Bytes(std::string_view bytes) override {
    all += bytes;
    return {};
  }
  std::string all;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast::stream;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  StringSource source(bytes);
  Collector collector;
  TarLimits limits{.max_path = 300, .max_entry = 1 << 16, .max_entries = 1000, .max_padding = 4096};
  TarReader reader(source, limits, &collector);
  for (size_t count = 0;; ++count) {
    auto entry = reader.Next();
    if (!entry) break;
    if (!*entry) {
      if (collector.all != bytes) std::abort();
      break;
    }
    const std::string& path = (*entry)->path;
    if (path.empty() || path.front() == '/' || path.find("/../") != std::string::npos) std::abort();
    if (count % 3 == 2) continue;  // passed over
    auto body = reader.Body();
    if (!body) break;
    if (*body != bytes.substr((*entry)->body_offset, (*entry)->size)) std::abort();
  }
  if (!bytes.starts_with(collector.all)) std::abort();
  return 0;
}
