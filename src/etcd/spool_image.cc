#include "etcd/spool_image.h"

#include <algorithm>

#include "etcd/sealed.h"
#include "etcd/zip_snapshot.h"
#include "stream/gzip.h"
#include "stream/zip.h"
#include "stream/zstd.h"

namespace holdfast::etcd {
namespace {

class SpoolImage : public File {
 public:
  SpoolImage(const stream::Spool& spool, std::string name)
      : spool_(spool), name_(std::move(name)) {}
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

class FileBytes : public stream::Source {
 public:
  explicit FileBytes(const File& file) : file_(file) {}
  Result<size_t> Read(char* out, size_t size) override {
    size_t some = std::min<uint64_t>(size, file_.size() - at_);
    if (some == 0) return size_t{0};
    HF_TRY(file_.ReadAt(at_, out, some));
    at_ += some;
    return some;
  }

 private:
  const File& file_;
  uint64_t at_ = 0;
};

enum class Packing { kNone, kGzip, kZstd, kZip };

Result<Packing> PackingOf(const File& file) {
  char first[4];
  if (file.size() < sizeof first) return Packing::kNone;
  HF_TRY(file.ReadAt(0, first, sizeof first));
  std::string_view bytes(first, sizeof first);
  if (bytes.starts_with("\x1f\x8b")) return Packing::kGzip;
  if (bytes == "\x28\xb5\x2f\xfd") return Packing::kZstd;
  if (bytes == "PK\x03\x04") return Packing::kZip;
  return Packing::kNone;
}

Status Unpack(const File& file, Packing packing, stream::Sink& sink) {
  FileBytes packed(file);
  if (packing == Packing::kGzip) {
    stream::GunzipSource gzip(packed);
    HF_TRY(stream::Copy(gzip, sink));
  } else if (packing == Packing::kZstd) {
    stream::UnzstdSource zstd(packed);
    HF_TRY(stream::Copy(zstd, sink));
  } else {
    stream::ReadAt read = [&](uint64_t offset, char* out, size_t size) {
      return file.ReadAt(offset, out, size);
    };
    HF_ASSIGN(auto entry, FindSnapshotInZip(read, file.size()));
    HF_ASSIGN(auto zip, stream::UnzipSource::Open(read, file.size(), std::move(entry)));
    HF_TRY(stream::Copy(*zip, sink));
  }
  return {};
}

Status CopyAll(stream::Source& source, stream::Spool& spool, const Waits& waits) {
  std::string buffer(256 << 10, '\0');
  while (true) {
    HF_ASSIGN(size_t count, source.Read(buffer.data(), buffer.size()));
    if (count == 0) return spool.Flush();
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    HF_TRY(spool.Append(std::string_view(buffer).substr(0, count)));
  }
}

Result<std::unique_ptr<File>> Owned(std::unique_ptr<stream::Spool> spool, std::string name) {
  return std::make_unique<OwnedSpoolImage>(std::move(spool), std::move(name));
}

Result<std::unique_ptr<stream::Spool>> NewScratch(const OpenOptions& options) {
  HF_ASSIGN(auto made, stream::Spool::Create(options.scratch));
  return std::make_unique<stream::Spool>(std::move(made));
}

std::string PackingName(Packing packing) {
  switch (packing) {
    case Packing::kNone: return "none";
    case Packing::kGzip: return "gzip";
    case Packing::kZstd: return "zstd";
    case Packing::kZip: return "zip";
  }
  return "";
}

Status NoteEncryption(const File& file, SnapshotMeta& meta) {
  HF_ASSIGN(bool sealed, IsSealed(file));
  if (!sealed) return {};
  constexpr uint64_t kMostOfAHeader = 128 << 10;
  std::string front(std::min(file.size(), kMostOfAHeader), '\0');
  HF_TRY(file.ReadAt(0, front.data(), front.size()));
  HF_ASSIGN(meta.encryption, SealedBy(front));
  return {};
}

// Whether it was encrypted; then `file` is what was in it.
Result<bool> Decrypt(std::unique_ptr<File>& file, const OpenOptions& options) {
  HF_ASSIGN(bool sealed, IsSealed(*file));
  if (!sealed) return false;
  crypto::Transformers none = crypto::Transformers::None();
  HF_ASSIGN(file, OpenSealed(std::move(file), options.keys ? *options.keys : none));
  return true;
}

}  // namespace

std::unique_ptr<File> FileOfSpool(const stream::Spool& spool, std::string name) {
  return std::make_unique<SpoolImage>(spool, std::move(name));
}

Result<std::unique_ptr<File>> Unwrap(std::unique_ptr<File> file, const OpenOptions& options,
                                     SnapshotMeta* found) {
  if (found != nullptr) HF_TRY(NoteEncryption(*file, *found));
  HF_ASSIGN(bool sealed, Decrypt(file, options));
  HF_ASSIGN(Packing packing, PackingOf(*file));
  if (found != nullptr) found->compression = PackingName(packing);
  if (packing == Packing::kNone) return file;
  std::string what = "decompressing " + file->name();
  HF_ASSIGN(auto spool, NewScratch(options));
  stream::SpoolSink sink(*spool);
  if (!sealed) {
    HF_TRY_CONTEXT(Unpack(*file, packing, sink), what);
    HF_TRY(sink.Close());
    return Owned(std::move(spool), file->name());
  }
  HF_ASSIGN(SecretBytes key, NewSealKey());
  SealSink seal(sink, key);
  HF_TRY_CONTEXT(Unpack(*file, packing, seal), what);
  HF_TRY(seal.Close());
  HF_TRY(sink.Close());
  HF_ASSIGN(auto image, Owned(std::move(spool), file->name()));
  return OpenChunks(std::move(image), 0, std::move(key));
}

Result<std::unique_ptr<File>> OpenSnapshotFile(const std::filesystem::path& path,
                                               const OpenOptions& options) {
  HF_ASSIGN(auto file, OpenFile(path));
  return Unwrap(std::move(file), options);
}

Status FetchInto(storage::Store& store, const std::string& name, stream::Spool& spool,
                 const Waits& waits) {
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  return CopyAll(*source, spool, waits);
}

Result<std::unique_ptr<File>> FetchStored(storage::Store& store, const std::string& name,
                                          const OpenOptions& options, const Waits& waits) {
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  HF_ASSIGN(auto spool, NewScratch(options));
  HF_TRY_CONTEXT(CopyAll(*source, *spool, waits), "fetching " + name + " from " + store.Describe());
  return Owned(std::move(spool), name);
}

Result<std::unique_ptr<File>> OpenStoredSnapshot(storage::Store& store, const std::string& name,
                                                 const OpenOptions& options, const Waits& waits) {
  HF_ASSIGN(auto image, FetchStored(store, name, options, waits));
  return Unwrap(std::move(image), options);
}

Result<StateFile> ReadStateBeside(std::unique_ptr<File> file, const OpenOptions& options) {
  std::string what = "looking for a state file in " + file->name();
  HF_TRY_CONTEXT(Decrypt(file, options), what);
  HF_ASSIGN(Packing packing, PackingOf(*file));
  if (packing != Packing::kZip)
    return Fail(Error(ErrorKind::kInvalid, "it is no zip")
                    .With(what)
                    .Hint("RKE keeps the state file in the zip of a snapshot; other snapshots have "
                          "none"));
  auto state = ReadStateFile(
      [&](uint64_t offset, char* out, size_t size) { return file->ReadAt(offset, out, size); },
      file->size());
  if (!state) return Fail(std::move(state).error().With(what));
  return state;
}

}  // namespace holdfast::etcd
