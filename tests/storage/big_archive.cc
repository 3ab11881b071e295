#include "tests/storage/big_archive.h"

#include <fstream>
#include <random>

#include "stream/gzip.h"
#include "stream/tar_writer.h"

namespace holdfast::tests {
namespace {

class FileSink : public stream::Sink {
 public:
  explicit FileSink(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  Status Write(std::string_view bytes) override {
    if (file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
    return Fail(ErrorKind::kInternal, "the archive cannot be written");
  }
  Status Close() override {
    file_.close();
    if (file_) return {};
    return Fail(ErrorKind::kInternal, "the archive cannot be written");
  }

 private:
  std::ofstream file_;
};

}  // namespace

Result<std::string> MakeBigArchive(const std::filesystem::path& folder, uint64_t bytes) {
  std::string name = "big-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-27T02-00-00Z.tar.gz";
  std::filesystem::create_directories(folder);
  FileSink file(folder / name);
  stream::GzipSink gzip(file, {.level = 0});
  stream::TarWriter tar(gzip, 0);
  std::mt19937_64 random(7);
  static constexpr char kDigits[] =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  uint64_t written = 0;
  for (int i = 0; written < bytes * 4 / 3; ++i) {
    std::string object = "cm-" + std::to_string(i);
    std::string body = R"({"apiVersion":"v1","data":{"x":")";
    while (body.size() < 900'000) {
      uint64_t word = random();
      for (int digit = 0; digit < 10; ++digit, word >>= 6) body += kDigits[word & 63];
    }
    body += R"("},"kind":"ConfigMap","metadata":{"name":")" + object + R"(","namespace":"big"}})";
    HF_TRY(tar.Add("configmaps.#v1/big/" + object + ".json", body));
    written += body.size();
  }
  HF_TRY(tar.Finish());
  HF_TRY(gzip.Close());
  HF_TRY(file.Close());
  return name;
}

}  // namespace holdfast::tests
