// What fills a store: "why is my etcd 6 GB".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/database.h"
#include "etcd/keyspace.h"

namespace holdfast::etcd {

// Bytes are those of records: key and value.
struct Usage {
  uint64_t keys = 0;     // live
  uint64_t bytes = 0;    // of their newest records
  uint64_t records = 0;  // all that are stored
  uint64_t all_bytes = 0;
};

struct TopKey {
  std::string key;
  uint64_t count = 0;  // bytes of the value, or number of revisions
};

struct TopReport {
  uint64_t file_size = 0;
  uint64_t database_size = 0;
  uint64_t free_bytes = 0;  // pages not in use: `etcdctl defrag` gives them back
  Usage all;
  std::map<std::string, Usage> resources;   // "pods", "apps/deployments.." as the keys spell them
  std::map<std::string, Usage> namespaces;  // of Kubernetes' keys
  std::vector<TopKey> largest;              // live values
  std::vector<TopKey> most_revisions;
};

struct TopOptions {
  size_t keys = 10;  // in each list of keys
  LookOptions look;
};

// One pass over all records and one over the tree's pages. Holds up to 48 bytes a key and the text
// of few. Blocks.
Result<TopReport> Top(const Database& database, const TopOptions& options);

// Where a key of an API server belongs: resource ("pods", "cert-manager.io/certificates") and
// namespace. Resource is the first part of the key for other stores.
struct KeyPlace {
  std::string_view resource;
  std::string_view ns;
};
KeyPlace PlaceOf(std::string_view key);

}  // namespace holdfast::etcd
