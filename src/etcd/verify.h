// Proving that a snapshot is whole, or saying what is damaged and how much is left.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/database.h"
#include "etcd/snapshot_digest.h"
#include "etcd/store.h"

namespace holdfast::etcd {

// Whether `holdfast etcd restore` (or etcdutl) and then etcd would take the file.
enum class Restorable { kYes, kOnlyWithoutDigest, kNo };

struct VerifyReport {
  DigestState digest = DigestState::kMissing;
  uint64_t pages = 0;    // that the database has
  uint64_t reached = 0;  // in use: reached from the root, each once
  uint64_t free = 0;     // not in use
  uint64_t size = 0;     // bytes of the database
  uint64_t rows = 0;     // readable, of all buckets
  uint64_t records = 0;  // readable changes in bucket "key"
  uint64_t keys = 0;     // of them, keys that are not deleted
  int64_t first_revision = 0;
  int64_t last_revision = 0;
  uint64_t lost_pages = 0;  // whole subtrees that could not be read, counted by their top page
  StoreFacts facts;
  std::vector<std::string> warnings;
  std::vector<std::string> problems;  // the first ones
  uint64_t problem_count = 0;
  Restorable restorable = Restorable::kYes;
  std::string reason;  // why not, or why only so

  bool ok() const { return problem_count == 0; }
};

struct VerifyOptions {
  // Where the caller has taken the digest already: the file is read once only.
  std::optional<DigestState> digest;
  size_t max_problems = 50;  // that are spelled out
  std::stop_token stop;
};

// Reads everything twice: once in file order for the digest (on a thread of its own), once along
// the trees. Damage is in the report; errors are those of the disk and kCancelled. Blocks.
Result<VerifyReport> Verify(const Database& database, const VerifyOptions& options = {});

}  // namespace holdfast::etcd
