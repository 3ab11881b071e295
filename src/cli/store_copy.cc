#include "cli/store_copy.h"

#include "stream/sha256.h"

namespace holdfast::cli {

void AddCopyStoresOptions(Command command, CopyStores& stores) {
  AddNamedStoreOption(command, stores.from, "from", "the store it lies in");
  AddNamedStoreOption(command, stores.to, "to", "the store it is to lie in, too");
}

void RequireCopyStores(const CopyStores& stores, const std::string& file) {
  for (auto [store, name] : {std::pair(&stores.from, "--from"), std::pair(&stores.to, "--to")}) {
    bool given = !store->store.empty() || !store->config_file.empty();
    if (store == &stores.from && IsPath(file)) {
      if (given) WrongUsage("--from takes the name of a file in it, not a path");
      continue;
    }
    if (!given) WrongUsage(std::string(name) + " is required (or " + name + "-config)");
  }
}

Status CheckCopiedName(const std::string& name) {
  Status good = storage::CheckName(name);
  if (good) return good;
  return Fail(std::move(good).error().Hint("rename the file first"));
}

Result<StoredBytes> ReadStored(storage::Store& store, const std::string& name, stream::Spool* spool,
                               const Waits& waits) {
  HF_ASSIGN(auto info, store.Stat(name, waits));
  HF_ASSIGN(auto source, store.Open(name, 0, waits));
  stream::Sha256 digest;
  StoredBytes read;
  std::string buffer(256 << 10, '\0');
  while (true) {
    HF_ASSIGN(size_t count, source->Read(buffer.data(), buffer.size()));
    if (count == 0) break;
    if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    std::string_view piece = std::string_view(buffer).substr(0, count);
    digest.Update(piece);
    if (spool != nullptr) HF_TRY(spool->Append(piece));
    read.bytes += count;
  }
  if (spool != nullptr) HF_TRY(spool->Flush());
  if (read.bytes != info.size) {
    return Fail(ErrorKind::kUnavailable, "it has " + std::to_string(info.size) + " bytes, but " +
                                             std::to_string(read.bytes) + " came");
  }
  read.sha256 = stream::Hex(digest.Current());
  return read;
}

Result<bool> PutAndCompare(storage::Store& to, const std::string& name, stream::Spool& spool,
                           const StoredBytes& expected, const std::string& verify,
                           const Waits& waits) {
  Status put = to.Put(spool, name, waits);
  bool was_there = !put && put.error().kind() == ErrorKind::kConflict;
  if (!put && !was_there) return Fail(std::move(put).error());
  HF_ASSIGN_CONTEXT(StoredBytes stored, ReadStored(to, name, nullptr, waits),
                    "reading the copy back from " + to.Describe());
  if (stored.sha256 == expected.sha256) return was_there;
  if (was_there) {
    return Fail(Error(ErrorKind::kConflict,
                      "another file named \"" + name + "\" lies in " + to.Describe() + " already")
                    .Hint("one of the two is not what its name says; `" + verify + "` both"));
  }
  return Fail(Error(ErrorKind::kCorrupt, "the copy in " + to.Describe() + " has SHA-256 " +
                                             stored.sha256 + ", the original " + expected.sha256)
                  .Hint("delete the copy and try again"));
}

}  // namespace holdfast::cli
