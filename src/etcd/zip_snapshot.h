// Zips that hold more than a snapshot: RKE packs the cluster's state file beside it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "stream/zip.h"

namespace holdfast::etcd {

// The file in the zip that is the snapshot: the only one; else the only one whose content begins as
// etcd's database does; else the only one that is no state file. kInvalid where that leaves none or
// several, naming them; otherwise as stream::ListZip().
Result<stream::ZipEntry> FindSnapshotInZip(const stream::ReadAt& read, uint64_t size);

struct StateFile {
  std::string name;     // in the zip
  SecretBytes content;  // JSON with certificates and keys of the cluster
};

// RKE's state file (`*.rkestate`). kNotFound where there is none, naming what is there; kInvalid
// where there are several, or one of more than 64 MiB.
Result<StateFile> ReadStateFile(const stream::ReadAt& read, uint64_t size);

}  // namespace holdfast::etcd
