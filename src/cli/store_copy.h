// What the two copy commands have in common: a file of one store goes into another one and is read
// back from there.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/store_option.h"
#include "storage/read_stored.h"
#include "stream/spool.h"

namespace holdfast::cli {

// --from and --to.
struct CopyStores {
  StoreArgs from, to;
};

void AddCopyStoresOptions(Command command, CopyStores& stores);

// For the command's callback: WrongUsage() where one of the two is missing.
void RequireCopyStores(const CopyStores& stores);

// Puts the spool, of which `expected` tells, under `name` and compares what lies there afterwards;
// true: it was there already, and is the same. `verify` is the command that tells which of two
// different files is sound. Blocks. kConflict where another file has the name; kCorrupt where the
// copy came out different; what Put and storage::ReadStored return.
Result<bool> PutAndCompare(storage::Store& to, const std::string& name, stream::Spool& spool,
                           const storage::StoredBytes& expected, const std::string& verify,
                           const Waits& waits);

}  // namespace holdfast::cli
