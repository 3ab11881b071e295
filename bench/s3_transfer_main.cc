// One file to a bucket or from it, by the library alone; prints the seconds that it took.
// usage: s3_transfer put STORE FILE | s3_transfer get STORE NAME
// STORE as the commands take it; keys from the environment. What is read is thrown away.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "bench/process.h"
#include "storage/store_config.h"
#include "stream/file_source.h"

namespace holdfast::bench {
namespace {

constexpr size_t kBuffer = 256 << 10;

Status Put(storage::Store& store, const std::filesystem::path& file, double& seconds) {
  HF_ASSIGN(auto source, stream::FileSource::Open(file));
  HF_ASSIGN(auto spool, store.NewSpool());
  std::string buffer(kBuffer, '\0');
  for (;;) {
    HF_ASSIGN(size_t count, source.Read(buffer.data(), buffer.size()));
    if (count == 0) break;
    HF_TRY(spool.Append(std::string_view(buffer).substr(0, count)));
  }
  HF_TRY(spool.Flush());
  auto begin = std::chrono::steady_clock::now();
  HF_TRY(store.Put(spool, file.filename(), {}));
  seconds = SecondsSince(begin);
  return {};
}

Status Get(storage::Store& store, const std::string& name, double& seconds) {
  auto begin = std::chrono::steady_clock::now();
  HF_ASSIGN(auto source, store.Open(name, 0, {}));
  std::string buffer(kBuffer, '\0');
  for (;;) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) break;
  }
  seconds = SecondsSince(begin);
  return {};
}

Status Main(std::string_view what, const std::string& url, const std::string& file) {
  HF_ASSIGN(auto config, storage::ParseStore(url));
  HF_ASSIGN(auto opened, storage::OpenStore(std::move(config), {}));
  double seconds = 0;
  HF_TRY(what == "put" ? Put(*opened.store, file, seconds) : Get(*opened.store, file, seconds));
  std::printf("%.6f\n", seconds);
  return {};
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: s3_transfer put STORE FILE | s3_transfer get STORE NAME\n", stderr);
    return 2;
  }
  holdfast::Status status = holdfast::bench::Main(argv[1], argv[2], argv[3]);
  if (status) return 0;
  std::fprintf(stderr, "s3_transfer: %s\n", status.error().ToString().c_str());
  return 1;
}
