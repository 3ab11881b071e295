#include "etcd/spool_image.h"

#include "stream/file_source.h"
#include "stream/gzip.h"
#include "stream/zstd.h"

namespace holdfast::etcd {
namespace {

class SpoolImage : public File {
 public:
  SpoolImage(const stream::Spool& spool, std::string name) : spool_(spool), name_(std::move(name)) {}
  Status ReadAt(uint64_t offset, char* out, size_t size) const override {
    while (size > 0) {
      HF_ASSIGN(size_t got, spool_.Read(offset, out, size));
      if (got == 0) return Fail(ErrorKind::kCorrupt, name_ + " ends too early");
      offset += got;
      out += got;
      size -= got;
    }
    return {};
  }
  uint64_t size() const override { return spool_.FlushedSize(); }
  std::string name() const override { return name_; }

 private:
  const stream::Spool& spool_;
  std::string name_;
};

class OwnedSpoolImage : public SpoolImage {
 public:
  OwnedSpoolImage(std::unique_ptr<stream::Spool> spool, std::string name)
      : SpoolImage(*spool, std::move(name)), owned_(std::move(spool)) {}

 private:
  std::unique_ptr<stream::Spool> owned_;
};

enum class Packing { kNone, kGzip, kZstd };

Result<Packing> PackingOf(const File& file) {
  char first[4];
  if (file.size() < sizeof first) return Packing::kNone;
  HF_TRY(file.ReadAt(0, first, sizeof first));
  std::string_view bytes(first, sizeof first);
  if (bytes.starts_with("\x1f\x8b")) return Packing::kGzip;
  if (bytes == "\x28\xb5\x2f\xfd") return Packing::kZstd;
  return Packing::kNone;
}

}  // namespace

std::unique_ptr<File> FileOfSpool(const stream::Spool& spool, std::string name) {
  return std::make_unique<SpoolImage>(spool, std::move(name));
}

Result<std::unique_ptr<File>> OpenSnapshotFile(const std::filesystem::path& path,
                                               const std::filesystem::path& scratch) {
  HF_ASSIGN(auto file, OpenFile(path));
  HF_ASSIGN(Packing packing, PackingOf(*file));
  if (packing == Packing::kNone) return file;
  HF_ASSIGN(auto made, stream::Spool::Create(scratch));
  auto spool = std::make_unique<stream::Spool>(std::move(made));
  HF_ASSIGN(auto packed, stream::FileSource::Open(path));
  stream::SpoolSink sink(*spool);
  std::string what = "decompressing " + path.string();
  if (packing == Packing::kGzip) {
    stream::GunzipSource gzip(packed);
    HF_TRY_CONTEXT(stream::Copy(gzip, sink), what);
  } else {
    stream::UnzstdSource zstd(packed);
    HF_TRY_CONTEXT(stream::Copy(zstd, sink), what);
  }
  HF_TRY(sink.Close());
  return std::make_unique<OwnedSpoolImage>(std::move(spool), path.string());
}

}  // namespace holdfast::etcd
