#include "cli/store_copy.h"

namespace holdfast::cli {

void AddCopyStoresOptions(Command command, CopyStores& stores) {
  AddNamedStoreOption(command, stores.from, "from", "the store it lies in");
  AddNamedStoreOption(command, stores.to, "to", "the store it is to lie in, too");
}

void RequireCopyStores(const CopyStores& stores) {
  for (auto [store, name] : {std::pair(&stores.from, "--from"), std::pair(&stores.to, "--to")}) {
    if (store->store.empty() && store->config_file.empty())
      WrongUsage(std::string(name) + " is required (or " + name + "-config)");
  }
}

Result<bool> PutAndCompare(storage::Store& to, const std::string& name, stream::Spool& spool,
                           const storage::StoredBytes& expected, const std::string& verify,
                           const Waits& waits) {
  Status put = to.Put(spool, name, waits);
  bool was_there = !put && put.error().kind() == ErrorKind::kConflict;
  if (!put && !was_there) return Fail(std::move(put).error());
  HF_ASSIGN_CONTEXT(storage::StoredBytes stored, storage::ReadStored(to, name, nullptr, waits),
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
