#include "storage/single_file_store.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>

#include "stream/file_source.h"

namespace holdfast::storage {

tl::unexpected<Error> SingleFileStore::ReadOnly() const {
  return Fail(ErrorKind::kInvalid, Describe() + " is no store: it is only read");
}

Status SingleFileStore::CheckIsIt(const std::string& name) const {
  if (name == path_.filename()) return {};
  return Fail(ErrorKind::kNotFound, "there is no \"" + name + "\" beside " + Describe());
}

Result<stream::Spool> SingleFileStore::NewSpool() { return ReadOnly(); }
Status SingleFileStore::Put(stream::Spool&, const std::string&, const Waits&) { return ReadOnly(); }
Status SingleFileStore::Delete(const std::string&, const Waits&) { return ReadOnly(); }

Result<std::unique_ptr<stream::Source>> SingleFileStore::Open(const std::string& name,
                                                              uint64_t offset, const Waits&) {
  HF_TRY(CheckIsIt(name));
  HF_ASSIGN(auto file, stream::FileSource::Open(path_, offset));
  return std::make_unique<stream::FileSource>(std::move(file));
}

Result<ObjectInfo> SingleFileStore::Stat(const std::string& name, const Waits&) {
  HF_TRY(CheckIsIt(name));
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return Fail(ErrnoError("stat " + path_.string(), errno));
  using namespace std::chrono;
  auto time = seconds(info.st_mtim.tv_sec) + nanoseconds(info.st_mtim.tv_nsec);
  return ObjectInfo{name, static_cast<uint64_t>(info.st_size),
                    Clock::Wall(duration_cast<Clock::Wall::duration>(time))};
}

Result<std::vector<ObjectInfo>> SingleFileStore::List(std::string_view prefix, const Waits& waits) {
  HF_ASSIGN(ObjectInfo info, Stat(path_.filename().string(), waits));
  std::vector<ObjectInfo> found;
  if (info.name.starts_with(prefix)) found.push_back(std::move(info));
  return found;
}

}  // namespace holdfast::storage
