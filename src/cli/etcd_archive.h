// Objects out of an etcd snapshot as a backup archive, which `holdfast restore` takes.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "cli/common.h"
#include "crypto/transformer.h"
#include "etcd/extract.h"
#include "resourceset/resource_set.h"
#include "storage/store.h"

namespace holdfast::cli {

struct EtcdArchiveInput {
  const etcd::Database* database = nullptr;
  const crypto::Transformers* stored_keys = nullptr;   // the API server's
  const crypto::Transformers* archive_keys = nullptr;  // the archive's
  bool encrypted = false;                              // the archive's name says so
  const etcd::ResourceNames* names = nullptr;          // custom types learnt
  etcd::ExtractQuery query;                            // prefix filled in
  // Takes what it selects among the query's objects; none: all of them.
  const resourceset::ResourceSet* set = nullptr;
  std::string name;  // first part of the archive's
  etcd::LookOptions look;
};

struct EtcdArchiveResult {
  std::string filename;
  uint64_t objects = 0;
  std::vector<std::string> unreadable;  // what is missing in it, and why
};

// Writes the archive, verifies it and gives it its name in `store`. The ResourceSet in it selects
// no more than what was asked for: a `restore --prune` of it deletes nothing else. kNotFound where
// there is no object. Walks the store twice. Blocks.
Result<EtcdArchiveResult> WriteEtcdArchive(const EtcdArchiveInput& input, storage::Store& store,
                                           const Logger& log, const Waits& waits);

}  // namespace holdfast::cli
