// Taking a snapshot of a running cluster into a store.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "etcd/client/client.h"
#include "etcd/verify.h"
#include "storage/store.h"

namespace holdfast::etcd {

enum class Compression { kNone, kGzip, kZstd };
std::string CompressionName(Compression compression);

struct SaveOptions {
  std::string name;  // of the file in the store
  Compression compression = Compression::kNone;
  // With several members: ask each for the hash of all keys at one revision, and warn when they
  // differ.
  bool compare_members = true;
  Clock* clock = &Clock::Real();
  std::stop_token stop;
};

struct SaveReport {
  std::string name;
  std::string endpoint;
  ServerStatus server;
  uint64_t size = 0;         // of the snapshot, its digest included
  uint64_t stored_size = 0;  // compressed
  std::string sha256;        // of the database, as the snapshot ends with it
  VerifyReport verified;
  std::vector<std::string> warnings;
  Clock::Wall started, finished;

  // What lies beside the snapshot as NAME.meta.
  std::string ToJson(Compression compression) const;
};

// Asks all members how they are, takes the snapshot from a healthy one (a follower before the
// leader), proves it (Verify()) and only then gives it its name in `store`, with its metadata
// beside it. When a member fails under way the next one is asked. Members that are learners, lag,
// have no leader or a CORRUPT alarm are not asked. Nothing partial ever has a name. kConflict: the
// name is taken. Blocks.
Result<SaveReport> Save(Client& client, storage::Store& store, const SaveOptions& options,
                        const Logger& log);

}  // namespace holdfast::etcd
