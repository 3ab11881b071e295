// A large database of etcd, written from scratch: what the figures of `bench --only etcd` are
// taken on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::bench {

struct EtcdDatabaseOptions {
  uint64_t keys = 256'000;
  uint64_t value_bytes = 5'950;  // two records fill three pages: 1.57 GB in all
};

// A snapshot (its SHA-256 at the end) whose keys are custom resources of Kubernetes, one record
// each, at revisions 2 and up: the text of a value is that of an object and compresses like one.
// Blocks for some seconds.
Status WriteEtcdDatabase(const std::filesystem::path& file, const EtcdDatabaseOptions& options);

// Name of the object that was written first; it lies in namespace team-0.
std::string FirstWidget();

}  // namespace holdfast::bench
