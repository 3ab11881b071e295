// What the two copy commands have in common: a file of one store goes into another one and is read
// back from there.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/store_option.h"
#include "storage/store.h"
#include "stream/spool.h"

namespace holdfast::cli {

// --from and --to.
struct CopyStores {
  StoreArgs from, to;
};

void AddCopyStoresOptions(Command command, CopyStores& stores);

// For the command's callback: WrongUsage() where one of the two is missing.
// `file` that is a path takes no --from.
void RequireCopyStores(const CopyStores& stores, const std::string& file);

// kInvalid with what to do where the file, read by its path, has a name that no store takes.
Status CheckCopiedName(const std::string& name);

struct StoredBytes {
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal
};

// Reads the file to its end, into `spool` too where that is not null (and flushes it). Blocks.
// kNotFound, kUnavailable; kUnavailable also where the store had announced another length;
// kCancelled.
Result<StoredBytes> ReadStored(storage::Store& store, const std::string& name, stream::Spool* spool,
                               const Waits& waits);

// Puts the spool, of which `expected` tells, under `name` and compares what lies there afterwards;
// true: it was there already, and is the same. `verify` is the command that tells which of two
// different files is sound. Blocks. kConflict where another file has the name; kCorrupt where the
// copy came out different; what Put and ReadStored return.
Result<bool> PutAndCompare(storage::Store& to, const std::string& name, stream::Spool& spool,
                           const StoredBytes& expected, const std::string& verify,
                           const Waits& waits);

}  // namespace holdfast::cli
